import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childText, el, find } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let gateway: TestGateway;
let alice: JsonClient;

beforeAll(async () => {
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server));
  await server.until(({ connections }) => connections === 1);
});
afterAll(async () => {
  await gateway.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});
beforeEach(async () => {
  alice = await gateway.login('alice', { scopes: ['raw'], raw: 'extra' });
});
afterEach(() => alice.close());

const romeo = 'romeo@example.com/orchard';
const message = (attrs: Record<string, string>, ...children: Parameters<typeof el>[2][]) =>
  el('message', { from: romeo, to: 'alice@web.example.com', type: 'chat', ...attrs }, ...children);
const body = (text: string) => el('body', {}, text);

describe('a message to XMPP', () => {
  it('is one stanza with id and origin-id, and is ok only after the fence', async () => {
    server.answersPings = false;
    const answer = alice.request('message.send', { to: 'romeo@example.com', id: 'm1', body: 'hi', thread: 't1' });
    const stanza = await server.next();
    expect(stanza.attrs).toEqual({
      from: 'alice@web.example.com/web',
      to: 'romeo@example.com',
      id: 'm1',
      type: 'chat',
    });
    expect(childText(stanza, 'body', '')).toBe('hi');
    expect(childText(stanza, 'thread', '')).toBe('t1');
    expect(find(stanza, 'origin-id', 'urn:xmpp:sid:0')?.attrs.id).toBe('m1');
    expect(await alice.rest()).toEqual([]);
    server.answersPings = true;
    server.pong(server.pings.at(-1));
    expect(await answer).toMatchObject({ id: 'm1', chat: 'romeo@example.com', type: 'chat' });
  });

  it('that bounces before the fence is an error, after it a message.failed', async () => {
    server.answersPings = false;
    const bounce = (id: string) =>
      el(
        'message',
        { from: 'romeo@example.com', to: 'alice@web.example.com/web', id, type: 'error' },
        el('error', { type: 'cancel' }, el('item-not-found', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' })),
      );
    const early = alice.answer({ type: 'message.send', data: { to: 'romeo@example.com', id: 'b1', body: 'hi' } });
    await server.next();
    server.send(bounce('b1'));
    expect((await early).error).toMatchObject({ code: 'item-not-found', by: 'romeo@example.com', retry: false });
    server.answersPings = true;
    server.pong(server.pings.at(-1));
    await alice.request('message.send', { to: 'romeo@example.com', id: 'b2', body: 'hi' });
    server.send(bounce('b2'));
    const failed = await alice.next('message.failed');
    expect(failed).toMatchObject({ chat: 'romeo@example.com', id: 'b2', error: { code: 'item-not-found' } });
    // A bounce is told once, and one that nobody sent is nobody's.
    server.send(bounce('b2'));
    server.send(bounce('never-sent'));
    expect(await alice.rest()).toEqual([]);
  });

  it('with a repeated id is sent once; with other content it is a conflict', async () => {
    const data = { to: 'romeo@example.com', id: 'once', body: 'hi' };
    const first = await alice.request('message.send', data);
    expect(await alice.request('message.send', data)).toEqual(first);
    expect(await alice.refused('message.send', { ...data, body: 'ho' })).toMatchObject({
      code: 'conflict',
      field: 'id',
    });
    expect(server.received.filter(({ attrs }) => attrs.id === 'once')).toHaveLength(1);
  });

  it('reaches the other sessions of its account as outgoing', async () => {
    const tablet = await gateway.login('alice');
    await alice.request('message.send', { to: 'romeo@example.com/orchard', id: 'o1', body: 'from my laptop' });
    expect(await tablet.next('message')).toMatchObject({
      id: 'o1',
      outgoing: true,
      chat: 'romeo@example.com',
      from: 'alice@web.example.com',
      to: 'romeo@example.com/orchard',
      body: 'from my laptop',
    });
    expect(await alice.rest()).toEqual([]);
    await tablet.close();
  });
});

describe('a message from XMPP', () => {
  it('reaches every session, its id being the origin-id', async () => {
    const tablet = await gateway.login('alice');
    server.send(
      message({ id: 'x1', 'xml:lang': 'it' }, body('ciao'), el('origin-id', { xmlns: 'urn:xmpp:sid:0', id: 'o-1' })),
    );
    const expected = {
      id: 'o-1',
      chat: 'romeo@example.com',
      from: romeo,
      to: 'alice@web.example.com',
      lang: 'it',
      body: 'ciao',
    };
    expect(await alice.next('message')).toMatchObject(expected);
    expect(await tablet.next('message')).toMatchObject(expected);
    await tablet.close();
  });

  it('keeps in extra what has no field, for a session that asked for it', async () => {
    server.send(message({ id: 'x2' }, body('hi'), el('odd', { xmlns: 'urn:example:odd', a: '1' }, 'text')));
    expect(await alice.next('message')).toMatchObject({
      id: 'x2',
      extra: [{ name: 'odd', attrs: { xmlns: 'urn:example:odd', a: '1' }, children: ['text'] }],
    });
  });

  it('with a chat state alone is typing, with nothing known a stanza event', async () => {
    server.send(message({}, el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' })));
    expect(await alice.next('typing')).toEqual({ chat: 'romeo@example.com', from: romeo, state: 'composing' });
    server.send(message({}, el('odd', { xmlns: 'urn:example:odd' })));
    expect(await alice.next('stanza')).toMatchObject({ stanza: { name: 'message', attrs: { from: romeo } } });
  });

  it('moves in time by a delay of its own domain only, and never into the future', async () => {
    const delayed = (id: string, from: string, stamp: string) =>
      message({ id }, body('late'), el('delay', { xmlns: 'urn:xmpp:delay', from, stamp }));
    server.send(delayed('d1', 'example.com', '2020-01-02T03:04:05Z'));
    server.send(delayed('d2', 'evil.example', '2020-01-02T03:04:05Z'));
    server.send(delayed('d3', 'example.com', '2999-01-02T03:04:05Z'));
    expect((await alice.next('message')).time).toBe('2020-01-02T03:04:05.000Z');
    const thisYear = new Date().toISOString().slice(0, 4);
    expect((await alice.next('message')).time.slice(0, 4)).toBe(thisYear);
    expect((await alice.next('message')).time.slice(0, 4)).toBe(thisYear);
  });

  it('cannot forge a stanza-id by the gateway', async () => {
    const id = (by: string) => el('stanza-id', { xmlns: 'urn:xmpp:sid:0', id: 's', by });
    server.send(message({ id: 'x3' }, body('hi'), id('alice@web.example.com'), id('example.com')));
    expect((await alice.next('message')).stanzaIds).toEqual([{ id: 's', by: 'example.com' }]);
  });
});

describe('between two accounts of the gateway', () => {
  it('a message does not leave it, and is ok when it is delivered', async () => {
    const bob = await gateway.login('bob');
    const before = server.received.length;
    await alice.request('message.send', { to: bob.user, body: 'hi bob', id: 'l1' });
    expect(await bob.next('message')).toMatchObject({ id: 'l1', chat: alice.user, from: alice.user, body: 'hi bob' });
    expect(server.received).toHaveLength(before);
    await bob.close();
  });

  it('mail for an account without a session is kept, for one that never was it is refused', async () => {
    const kept = await alice.request('message.send', { to: 'bob@web.example.com', body: 'for later', id: 'l2' });
    expect(kept.archiveId).toBeDefined();
    const never = await alice.refused('message.send', { to: 'nobody@web.example.com', body: 'hi' });
    expect(never).toMatchObject({ code: 'service-unavailable' });
    const bob = await gateway.login('bob');
    const { items } = await bob.request('history.get', {});
    expect(items.at(-1)).toMatchObject({ type: 'message', data: { id: 'l2', from: alice.user, body: 'for later' } });
    await bob.close();
  });
});

describe('a stanza that nobody can take', () => {
  // RFC 6121 §8.5: [what, to, stanza attributes, whether a message to show, the error expected]
  const rows: [string, string, string, string, 'error' | 'silence' | 'message'][] = [
    ['chat to the bare JID', 'alice@web.example.com', 'message', 'chat', 'message'],
    ['normal to the bare JID', 'alice@web.example.com', 'message', 'normal', 'message'],
    ['headline to the full JID', 'alice@web.example.com/web', 'message', 'headline', 'message'],
    ['a type nobody knows', 'alice@web.example.com', 'message', 'telegram', 'message'],
    ['chat to another resource', 'alice@web.example.com/else', 'message', 'chat', 'message'],
    ['normal to another resource', 'alice@web.example.com/else', 'message', 'normal', 'error'],
    ['groupchat from a room that is not joined', 'alice@web.example.com/web', 'message', 'groupchat', 'error'],
    ['chat to an unknown account', 'zoe@web.example.com', 'message', 'chat', 'error'],
    ['chat to the domain', 'web.example.com', 'message', 'chat', 'error'],
    ['an error for a message never sent', 'alice@web.example.com/web', 'message', 'error', 'silence'],
    ['an error to an unknown account', 'zoe@web.example.com', 'message', 'error', 'silence'],
    ['presence to an unknown account', 'zoe@web.example.com', 'presence', 'probe', 'silence'],
    ['a query to an unknown account', 'zoe@web.example.com', 'iq', 'get', 'error'],
    ['an unknown query to the domain', 'web.example.com', 'iq', 'get', 'error'],
    ['a query from a stranger', 'alice@web.example.com/web', 'iq', 'get', 'error'],
    ['a result that nobody waits for', 'alice@web.example.com/web', 'iq', 'result', 'silence'],
  ];
  it.each(rows)('%s', async (_what, to, kind, type, expected) => {
    const id = crypto.randomUUID();
    const child = kind === 'iq' ? el('odd', { xmlns: 'urn:example:odd' }) : kind === 'message' ? body('hi') : undefined;
    server.send(el(kind, { from: 'stranger@example.com/x', to, type, id }, child));
    // The domain answers a ping behind it: by then whatever it causes is here.
    server.send(
      el(
        'iq',
        { from: 'example.com', to: 'web.example.com', type: 'get', id: `after-${id}` },
        el('ping', { xmlns: 'urn:xmpp:ping' }),
      ),
    );
    await server.next(({ attrs }) => attrs.id === `after-${id}`);
    const answers = server.received.filter(({ attrs }) => attrs.id === id);
    const events = (await alice.rest()).filter((frame) => frame.type === 'message' && frame.data?.id === id);
    expect(answers.map(({ name, attrs }) => [name, attrs.type])).toEqual(expected === 'error' ? [[kind, 'error']] : []);
    expect(events).toHaveLength(expected === 'message' ? 1 : 0);
  });
});
