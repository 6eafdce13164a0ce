import { beforeEach, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { find } from '../../src/xmpp/stanza.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const env = { STANZAWIRE_DRAIN_TIME: '1s' };
const play = scene();
const romeo = 'romeo@example.com';

beforeEach(async () => {
  play.server.answersPings = true;
  await play.restart(env);
  await play.stanzas();
});

/** The gateway has begun to stop when it says so. */
async function draining(): Promise<void> {
  while ((await fetch(`${play.gateway.internalUrl}/readyz`)).status === 200);
}

describe('a gateway that stops', () => {
  it('closes every socket with 4200, and contacts see nothing of it', async () => {
    const clients = await Promise.all(['alice', 'alice', 'bob'].map((user) => play.gateway.login(user)));
    const [alice] = clients;
    if (alice) await play.befriend(alice, romeo);
    const before = play.server.received.length;
    const stopped = play.gateway.stop();
    for (const client of clients) {
      const { code, frames } = await lastWords(client);
      expect(code).toBe(4200);
      expect(frames.filter((frame) => 'type' in frame && !String(frame.type).startsWith('contact'))).toEqual([]);
    }
    await stopped;
    await play.gateway.stop();
    expect(play.server.received.slice(before)).toEqual([]);
    expect(play.server.raw.at(-1)).toMatch(/<\/stream:stream>$/);
  });

  it('is not ready any more, but alive, and still takes sockets for a moment', async () => {
    // A third of it is the moment: enough for a busy machine.
    await play.restart({ STANZAWIRE_DRAIN_TIME: '4s' });
    const stopped = play.gateway.stop();
    await draining();
    expect((await fetch(`${play.gateway.internalUrl}/livez`)).status).toBe(200);
    expect(await play.gateway.metrics()).toMatch(/^stanzawire_draining 1$/m);
    const late = await play.gateway.login('alice');
    await late.request('message.send', { to: romeo, body: 'just in time' });
    expect(await late.closed).toBe(4200);
    await stopped;
    await expect(JsonClient.open(play.gateway.url)).rejects.toThrow();
  });

  it('answers first what it was asked', async () => {
    const alice = await play.gateway.login('alice');
    play.server.answersPings = false;
    const answer = alice.request('message.send', { to: romeo, id: 'last', body: 'hi' });
    await play.server.next(({ attrs }) => attrs.id === 'last');
    const stopped = play.gateway.stop();
    await draining();
    play.server.answersPings = true;
    play.server.pong(play.server.pings.at(-1));
    expect(await answer).toMatchObject({ id: 'last' });
    expect(await lastWords(alice)).toEqual({ code: 4200, frames: [] });
    await stopped;
  });

  it('does not wait for ever: neither for the server, nor for a client that does not read', async () => {
    const [alice, bob] = [await play.gateway.login('alice'), await play.gateway.login('bob')];
    bob.ws.pause();
    play.server.answersPings = false;
    alice.send({ type: 'message.send', id: 1, data: { to: romeo, id: 'stuck', body: 'hi' } });
    await play.server.next(({ attrs }) => attrs.id === 'stuck');
    const begun = performance.now();
    const stopped = play.gateway.stop();
    expect(await alice.closed).toBe(4200);
    await stopped;
    // 1 s of drain, 3 s for the fence, a little for the stream and what was asked.
    expect(performance.now() - begun).toBeLessThan(8000);
    bob.ws.terminate();
  });

  it('takes the link down in order, with what it had taken', async () => {
    const alice = await play.gateway.login('alice');
    await alice.request('message.send', { to: romeo, body: 'hi' });
    await alice.request('typing.send', { to: romeo, state: 'composing' });
    const closed = alice.closed;
    await play.gateway.stop();
    expect(await closed).toBe(4200);
    const last = play.server.received.at(-1);
    expect(last?.attrs).toMatchObject({ from: 'alice@web.example.com/web', to: romeo });
    expect(last && find(last, 'composing', ns.chatStates)).toBeDefined();
  });

  it('tells contacts and rooms that everybody is gone, where that is asked for', async () => {
    await play.restart({ ...env, STANZAWIRE_DRAIN_PRESENCE: 'unavailable' });
    const [alice, bob, carol] = [
      await play.gateway.login('alice'),
      await play.gateway.login('bob'),
      await play.gateway.login('carol'),
    ];
    for (const client of [alice, bob, carol]) await play.befriend(client, romeo);
    // Detached: her session waits for her.
    carol.ws.terminate();
    await carol.closed;
    const before = play.server.received.length;
    const closed = [alice.closed, bob.closed];
    await play.gateway.stop();
    expect(await Promise.all(closed)).toEqual([4200, 4200]);
    const told = play.server.received
      .slice(before)
      .map(({ name, attrs: { from, to, type } }) => ({ name, from, to, type }));
    const gone = (user: string) => ({
      name: 'presence',
      from: `${user}@web.example.com/web`,
      to: romeo,
      type: 'unavailable',
    });
    expect(told.toSorted((a, b) => String(a.from).localeCompare(String(b.from)))).toEqual(
      ['alice', 'bob', 'carol'].map(gone),
    );
  });

  it('sends clients elsewhere, each at a moment of its own, where there is another place', async () => {
    await play.restart({ STANZAWIRE_DRAIN_TIME: '4s', STANZAWIRE_DRAIN_URL: 'wss://other.example.com/ws' });
    const clients = await Promise.all(['alice', 'bob', 'carol'].map((user) => play.gateway.login(user)));
    const begun = performance.now();
    const stopped = play.gateway.stop();
    const moments: number[] = [];
    for (const client of clients) {
      const { withinMs, ...rest } = await client.next('reconnect');
      moments.push(performance.now() - begun + Number(withinMs));
      expect(rest).toEqual({ reason: 'shutdown', url: 'wss://other.example.com/ws' });
    }
    // All by the same end.
    for (const moment of moments) expect(Math.abs(moment - 4000)).toBeLessThan(1500);
    // Who does not go is served until the close.
    await clients[0]?.request('message.send', { to: romeo, body: 'still here' });
    for (const client of clients) expect(await client.closed).toBe(4200);
    await stopped;
  });
});
