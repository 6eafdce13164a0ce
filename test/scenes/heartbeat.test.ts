import { expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { lastWords, scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_SESSIONS_HEARTBEAT: '200ms' });
const ping = { type: 'ping' };

it('a client that says nothing is pinged, then closed with 4101', async () => {
  const alice = await play.gateway.login('alice');
  expect(alice.ready?.heartbeatMs).toBe(200);
  // Answers to the pings of WebSocket itself are input, so there must be none.
  const { code, frames } = await lastWords(alice);
  expect(code).toBe(4101);
  expect(frames.length).toBeGreaterThan(0);
  expect(frames).toEqual(frames.map(() => ping));
});

it.each([
  ['pong', { type: 'pong', data: { seq: 0 } }],
  ['a pong without a number', { type: 'pong' }],
  ['any request', { type: 'typing.send', data: { to: 'bob@web.example.com', state: 'active' } }],
  ['what is refused', { type: 'no.such.thing' }],
])('a client that answers each ping with %s stays', async (_what, answer) => {
  const alice = await play.gateway.login('alice');
  for (let i = 0; i < 4; i++) {
    expect(await alice.next('ping')).toBeUndefined();
    alice.send(answer);
  }
  const rest = (await alice.rest()).filter(({ type, error }) => type !== 'ping' && error?.code !== 'unknown-type');
  expect(rest).toEqual([]);
  await alice.close();
});

it('a WebSocket ping of the client proves that it lives', async () => {
  const alice = await play.gateway.login('alice');
  for (let i = 0; i < 4; i++) {
    await alice.next('ping');
    alice.ws.ping();
  }
  expect((await alice.rest()).filter(({ type }) => type !== 'ping')).toEqual([]);
  await alice.close();
});

it('events to a client are no sign of life of it', async () => {
  const alice = await play.gateway.login('alice');
  const tell = setInterval(() => {
    play.server.send(
      el('message', { from: 'romeo@example.com', to: alice.user, type: 'chat' }, el('body', {}, 'are you there?')),
    );
  }, 20);
  const { code, frames } = await lastWords(alice);
  clearInterval(tell);
  expect(code).toBe(4101);
  expect(frames).toContainEqual(ping);
  await play.stanzas();
});

it('a client may ping too: with an id, without one', async () => {
  const alice = await play.gateway.login('alice');
  alice.send({ type: 'ping', id: 'p' });
  alice.send({ type: 'ping' });
  expect(await alice.inbox.next(({ id }) => id === 'p')).toEqual({ type: 'pong', id: 'p' });
  expect(await alice.inbox.next(({ type }) => type === 'pong')).toEqual({ type: 'pong' });
  await alice.close();
});
