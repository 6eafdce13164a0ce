import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childText, serialize } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const play = scene({ STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000' });
const romeo = 'romeo@example.com';
let alice: JsonClient;

beforeAll(async () => {
  alice = await play.gateway.login('alice', { scopes: ['raw'] });
  // So that he may see her typing.
  await play.befriend(alice, romeo);
  await alice.rest();
});
afterAll(() => alice.close());

describe('a request id', () => {
  it.each([['a'], ['x'.repeat(64)], [0], [-1], [2 ** 53 - 1], ['7'], [7]])('%j comes back as it was', async (id) => {
    alice.send({ type: 'typing.send', id, data: { to: romeo, state: 'composing' } });
    expect(await alice.inbox.next()).toEqual({ type: 'ok', id });
    alice.send({ type: 'typing.send', id, data: { to: romeo } });
    expect(await alice.inbox.next()).toMatchObject({ type: 'error', id, error: { field: 'state' } });
    expect(await alice.rest()).toEqual([]);
    expect(await play.stanzas()).toHaveLength(1);
  });

  it.each([[''], ['x'.repeat(65)], [1.5], [2 ** 53], [true], [{}], [[1]]])(
    '%j is refused, and nothing is done',
    async (id) => {
      alice.send({ type: 'typing.send', id, data: { to: romeo, state: 'composing' } });
      const [frame, ...more] = await alice.rest();
      expect(frame).toEqual({ type: 'error', error: expect.objectContaining({ code: 'bad-request', field: 'id' }) });
      expect(more).toEqual([]);
      expect(await play.stanzas()).toEqual([]);
    },
  );

  it.each([[{}], [{ id: null }]])('is not needed: %j gets no ok, but its error', async (no) => {
    alice.send({ type: 'message.send', ...no, data: { to: romeo, body: 'hi' } });
    await play.server.next(({ name }) => name === 'message');
    expect(await alice.rest()).toEqual([]);
    alice.send({ type: 'message.send', ...no, data: { to: romeo } });
    const [frame, ...more] = await alice.rest();
    expect(frame).toEqual({ type: 'error', error: expect.objectContaining({ code: 'bad-request', field: 'body' }) });
    expect(more).toEqual([]);
    expect(await play.stanzas()).toHaveLength(1);
  });
});

describe('what a frame says beyond its fields', () => {
  it('is ignored: keys nobody knows, in the frame and in its data', async () => {
    const data = { to: romeo, body: 'hi', id: 'k1', 'x-own': { a: [1] }, later: 'field', constructor: 'x' };
    alice.send({ type: 'message.send', id: 'keys', seq: 99, error: {}, extra: 1, data });
    expect(await alice.inbox.next()).toMatchObject({ type: 'ok', id: 'keys' });
    const [stanza, ...more] = await play.stanzas();
    expect(stanza?.attrs).toEqual({ from: `${alice.user}/web`, to: romeo, id: 'k1', type: 'chat' });
    expect(stanza?.children).toHaveLength(5);
    expect(more).toEqual([]);
  });

  it('cannot be what only the gateway may say', async () => {
    const forged = {
      from: 'juliet@example.com',
      originId: 'forged',
      stanzaIds: [{ id: 'x', by: 'example.com' }],
      delay: { from: 'example.com', time: '2020-01-01T00:00:00.000Z' },
      time: '2020-01-01T00:00:00.000Z',
      outgoing: true,
      chat: 'juliet@example.com',
    };
    const ok = await alice.request('message.send', { to: romeo, id: 'k2', body: 'hi', ...forged });
    expect(ok).toMatchObject({ id: 'k2', chat: romeo });
    expect(ok.time).not.toBe(forged.time);
    const [stanza] = await play.stanzas();
    expect(stanza?.attrs.from).toBe(`${alice.user}/web`);
    expect(stanza && serialize(stanza)).not.toMatch(/forged|delay|stanza-id|juliet/);
  });

  it('is absent where it is null', async () => {
    alice.send({
      type: 'message.send',
      id: 'null',
      data: { to: romeo, body: 'hi', subject: null, thread: null, type: null },
    });
    expect(await alice.inbox.next()).toMatchObject({ type: 'ok', data: { type: 'chat' } });
    const [stanza] = await play.stanzas();
    expect(stanza && childText(stanza, 'subject', '')).toBeUndefined();
    expect((await alice.refused('message.send', { to: null, body: 'hi' })).field).toBe('to');
    alice.send({ type: 'ping', id: 2, data: null });
    expect(await alice.inbox.next()).toEqual({ type: 'pong', id: 2 });
  });
});

describe('a wrong field is an error that names it, and nothing is done', () => {
  const payload = { name: 'query', attrs: { xmlns: 'jabber:iq:version' } };
  const rows: [type: string, data: unknown, field: string][] = [
    ['message.send', { body: 'hi' }, 'to'],
    ['message.send', { to: 7, body: 'hi' }, 'to'],
    ['message.send', { to: '', body: 'hi' }, 'to'],
    ['message.send', { to: 'a@b@c', body: 'hi' }, 'to'],
    ['message.send', { to: romeo }, 'body'],
    ['message.send', { to: romeo, body: 7 }, 'body'],
    ['message.send', { to: romeo, body: ['hi'] }, 'body'],
    ['message.send', { to: romeo, bodies: { en: 7 } }, 'bodies.en'],
    ['message.send', { to: romeo, body: 'hi', id: '' }, 'id'],
    ['message.send', { to: romeo, body: 'hi', id: 7 }, 'id'],
    ['message.send', { to: romeo, body: 'hi', id: 'x'.repeat(129) }, 'id'],
    ['message.send', { to: romeo, body: 'hi', type: 'telegram' }, 'type'],
    ['message.send', { to: romeo, body: 'hi', lang: 'not a tag' }, 'lang'],
    ['message.send', { to: romeo, body: 'hi', subject: 'x'.repeat(3072) }, 'subject'],
    ['message.send', { to: romeo, body: 'hi', thread: {} }, 'thread'],
    ['message.send', { to: romeo, body: 'a\0b' }, 'body'],
    ['message.send', 'hi', 'data'],
    ['message.send', ['hi'], 'data'],
    ['typing.send', { to: romeo }, 'state'],
    ['typing.send', { to: romeo, state: 'sleeping' }, 'state'],
    ['typing.send', { state: 'active' }, 'to'],
    ['presence.set', { show: 'online' }, 'show'],
    ['presence.set', { status: 7 }, 'status'],
    ['presence.set', { status: 'x'.repeat(1024) }, 'status'],
    ['contact.approve', {}, 'jid'],
    ['contact.approve', { jid: '@' }, 'jid'],
    ['contact.deny', { jid: [] }, 'jid'],
    ['auth.refresh', {}, 'token'],
    ['auth.refresh', { token: '' }, 'token'],
    ['pong', { seq: '1' }, 'seq'],
    ['ack', {}, 'seq'],
    ['ack', { seq: 1.5 }, 'seq'],
    ['iq.send', { type: 'get' }, 'payload'],
    ['iq.send', { type: 'result', payload }, 'type'],
    ['iq.send', { to: 'x/', type: 'get', payload }, 'to'],
    ['iq.send', { type: 'get', payload: { attrs: {} } }, 'payload.name'],
    ['iq.send', { type: 'get', payload: { ...payload, attrs: { a: 1 } } }, 'payload.attrs.a'],
    [
      'iq.send',
      { type: 'get', payload: { ...payload, children: ['x', { name: 'y', children: 'z' }] } },
      'payload.children.1.children',
    ],
  ];
  it.each(rows)('%s %j', async (type, data, field) => {
    const error = await alice.refused(type, data);
    expect(error).toEqual({ code: 'bad-request', message: expect.any(String), retry: false, field });
    expect(error.message).toContain(field.split('.').at(-1));
    expect(await alice.rest()).toEqual([]);
    expect(await play.stanzas()).toEqual([]);
  });

  it('a type that is missing, or is no text', async () => {
    for (const type of [undefined, null, '', 7, {}, ['ping']]) {
      alice.send({ type, id: 1 });
      expect(await alice.inbox.next()).toMatchObject({
        type: 'error',
        id: 1,
        error: { code: 'bad-request', field: 'type' },
      });
    }
    expect(await alice.rest()).toEqual([]);
  });
});

it.each([
  'message.sned',
  'call.send',
  'ready',
  'ok',
  'message',
  'x-own',
  'constructor',
  '__proto__',
  'toString',
  'x'.repeat(1000),
])('the type %s is unknown, and the socket stays', async (type) => {
  const error = await alice.refused(type, { to: romeo });
  expect(error).toMatchObject({ code: 'unknown-type', retry: false });
  expect(error.message.length).toBeLessThan(120);
  expect(await alice.rest()).toEqual([]);
  expect(await play.stanzas()).toEqual([]);
});

it('groupchat to a room that the account is not in is refused', async () => {
  const error = await alice.refused('message.send', { to: 'room@rooms.example.com', type: 'groupchat', body: 'hi' });
  expect(error).toMatchObject({ code: 'not-acceptable', field: 'to', retry: false });
  expect(await play.stanzas()).toEqual([]);
});

describe('a batch', () => {
  it('is handled in order, each frame answered on its own', async () => {
    alice.send([
      { type: 'typing.send', id: 'batch-1', data: { to: romeo, state: 'composing' } },
      { type: 'message.send', id: 'batch-2', data: { to: romeo, id: 'b-1', body: 'one' } },
      { type: 'message.send', id: 'batch-3', data: { to: romeo } },
      { type: 'no.such', id: 'batch-4' },
      { type: 'message.send', id: 'batch-5', data: { to: romeo, id: 'b-2', body: 'two' } },
      { type: 'ping', id: 'batch-6' },
    ]);
    const frames = Object.fromEntries(
      await Promise.all(
        [1, 2, 3, 4, 5, 6]
          .map((n) => `batch-${n}`)
          .map(async (id) => [id, await alice.inbox.next((one) => one.id === id)] as const),
      ),
    );
    expect(frames).toMatchObject({
      'batch-1': { type: 'ok' },
      'batch-2': { type: 'ok', data: { id: 'b-1' } },
      'batch-3': { type: 'error', error: { code: 'bad-request', field: 'body' } },
      'batch-4': { type: 'error', error: { code: 'unknown-type' } },
      'batch-5': { type: 'ok', data: { id: 'b-2' } },
      'batch-6': { type: 'pong' },
    });
    expect(await alice.rest()).toEqual([]);
    const stanzas = await play.stanzas();
    expect(stanzas.map(({ attrs }) => attrs.id)).toEqual([undefined, 'b-1', 'b-2']);
  });

  it('of the most frames allowed is taken', async () => {
    alice.send(Array.from({ length: 50 }, (_, id) => ({ type: 'ping', id: `b${id}` })));
    for (let id = 0; id < 50; id++) expect(await alice.inbox.next()).toEqual({ type: 'pong', id: `b${id}` });
    expect(await alice.rest()).toEqual([]);
  });

  it('that ends the session does nothing after that', async () => {
    const tablet = await play.gateway.login('alice');
    tablet.send([
      { type: 'session.end', id: 1 },
      { type: 'message.send', id: 2, data: { to: romeo, body: 'too late' } },
    ]);
    expect(await tablet.inbox.next()).toEqual({ type: 'ok', id: 1 });
    expect(await tablet.closed).toBe(1000);
    expect(tablet.inbox.take()).toEqual([]);
    expect(await play.stanzas()).toEqual([]);
  });

  it('comes from the gateway only to a client with that feature', async () => {
    for (const [features, arrays] of [
      [['batch'], true],
      [[], false],
    ] as const) {
      const client = await play.gateway.login('bob', { features: [...features] });
      const texts: string[] = [];
      client.ws.on('message', (text: Buffer) => texts.push(text.toString()));
      client.send([1, 2, 3].map((id) => ({ type: 'ping', id })));
      for (const id of [1, 2, 3]) expect(await client.inbox.next()).toEqual({ type: 'pong', id });
      const pongs = '{"type":"pong","id":1},{"type":"pong","id":2},{"type":"pong","id":3}';
      expect(texts).toEqual(arrays ? [`[${pongs}]`] : pongs.split(/(?<=}),/));
      await client.close();
    }
  });
});
