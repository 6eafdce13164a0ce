/** What all sessions together keep for resumes is bounded: who has most loses it, and is told that it is a gap. */
import { expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_LIMITS_RESUME_TOTAL: '1MiB' });
const body = 'x'.repeat(50_000);

async function receive(client: JsonClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const id = `${client.user} ${i}`;
    const message = { from: 'romeo@example.com', to: client.user, type: 'chat', id };
    at.server.send(el('message', message, el('body', {}, body)));
    await client.next('message', (one) => one.id === id);
  }
}

async function back(client: JsonClient, user: string, seq: number): Promise<JsonClient> {
  client.ws.terminate();
  await client.closed;
  return at.gateway.login(user, { resume: { session: client.ready?.session ?? '', seq } });
}

const kept = async () => Number(/^stanzawire_session_kept_bytes (\d+)$/m.exec(await at.gateway.metrics())?.[1]);

it('clients that never acknowledge much have a gap, one that has little waiting resumes', async () => {
  const few = await at.gateway.login('few');
  await receive(few, 2);
  const first = await at.gateway.login('first');
  const second = await at.gateway.login('second');
  const third = await at.gateway.login('third');
  for (const client of [first, second, third]) await receive(client, 10);
  expect(await kept()).toBeLessThanOrEqual(1024 ** 2);
  expect(await kept()).toBeGreaterThan(1024 ** 2 / 2);

  const fewAgain = await back(few, 'few', 0);
  expect(fewAgain.ready).toMatchObject({ resumed: true, replaying: 2 });
  const firstAgain = await back(first, 'first', 0);
  expect(firstAgain.ready).toMatchObject({ resumed: false, reason: 'gap' });
  const secondAgain = await back(second, 'second', 9);
  expect(secondAgain.ready).toMatchObject({ resumed: true, replaying: 1 });
  await Promise.all([fewAgain, firstAgain, secondAgain, third].map((client) => client.close()));
  expect(await kept()).toBe(0);
});
