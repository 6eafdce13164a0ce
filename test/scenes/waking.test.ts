/** Stanzas for accounts that nobody uses, and that are read from the store for them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-waking-'));
const env = { STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'stanzawire.db')}` };
const bodies = Array.from({ length: 8 }, (_, i) => `line ${i}`);
let server: ScriptedServer;
let gateway: TestGateway;

/** Known accounts, and a gateway that has none of them in memory. */
beforeAll(async () => {
  server = await ScriptedServer.start();
  const first = await TestGateway.start(upstreamOf(server), env);
  for (const user of ['alice', 'bob', 'carol']) await (await first.login(user)).close();
  await first.stop();
  gateway = await TestGateway.start(upstreamOf(server), env);
  await vi.waitFor(async () => expect((await fetch(`${gateway.internalUrl}/readyz`)).ok).toBe(true));
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The bodies in the archive, once that many are there. */
async function archived(user: string): Promise<unknown[]> {
  const client = await gateway.login(user);
  const read = async () => (await client.request('history.get', { view: 'log' })).items;
  await expect.poll(read).toHaveLength(bodies.length);
  const items = await read();
  await client.close();
  return items.map(({ data }) => (data as { body: string }).body);
}

it('messages from XMPP that come together are kept in their order', async () => {
  const to = 'alice@web.example.com';
  const attrs = { from: 'romeo@example.com/orchard', to, type: 'chat' };
  for (const text of bodies) server.send(el('message', { ...attrs, id: text }, el('body', {}, text)));
  expect(await archived('alice')).toEqual(bodies);
});

it('messages from a web user that come together are kept in their order', async () => {
  const bob = await gateway.login('bob');
  const send = (text: string) => bob.request('message.send', { to: 'carol@web.example.com', id: text, body: text });
  await Promise.all(bodies.map(send));
  expect(await archived('carol')).toEqual(bodies);
  await bob.close();
});
