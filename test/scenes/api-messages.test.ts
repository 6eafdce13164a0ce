import { expect, test } from 'vitest';
import { childText, el } from '../../src/xmpp/stanza.ts';
import { ApiClient, apiKey } from '../support/api.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
const api = () => new ApiClient(at.gateway.internalUrl);
const send = (body: Parameters<ApiClient['call']>[1] extends undefined ? never : Message) =>
  api().call('sendMessage', { body });
type Message = { from?: string; to: string; id?: string; body?: string; subject?: string };

test('a message as an account goes out, is acknowledged, archived, and shown to its sessions', async () => {
  const alice = await at.gateway.login('alice', {});
  const sent = await send({ from: 'alice', to: 'romeo@example.com', id: 'm1', body: 'from the backend' });
  expect(sent).toMatchObject({ id: 'm1', chat: 'romeo@example.com', type: 'chat', archiveId: expect.any(String) });
  const stanza = await at.server.next(({ name, attrs }) => name === 'message' && attrs.id === 'm1');
  expect(stanza.attrs).toMatchObject({ from: 'alice@web.example.com/web', to: 'romeo@example.com', type: 'chat' });
  expect(childText(stanza, 'body', '')).toBe('from the backend');
  expect(await alice.next('message')).toMatchObject({ id: 'm1', outgoing: true, body: 'from the backend' });
  const history = await alice.request('history.get', { chat: 'romeo@example.com' });
  expect(history.items).toMatchObject([{ data: { id: 'm1', archiveId: sent.archiveId } }]);
  await alice.close();
});

test('the same id is sent once, gets the first answer, and is a conflict with other content', async () => {
  const message = { from: 'alice', to: 'romeo@example.com', id: 'once', body: 'one' };
  const [first, second] = await Promise.all([send(message), send(message)]);
  const third = await send(message);
  expect([second, third]).toEqual([first, first]);
  const other = await api().refused('sendMessage', { body: { ...message, body: 'two' } });
  expect(other).toMatchObject({ status: 409, error: { code: 'conflict', field: 'id' } });
  expect((await at.stanzas()).filter(({ attrs }) => attrs.id === 'once')).toHaveLength(1);
});

test('an account without a session, not even in memory, can be written as', async () => {
  await api().call('createAccount', { params: { account: 'quiet' } });
  const sent = await send({ from: 'quiet@web.example.com', to: 'alice@web.example.com', body: 'psst' });
  expect(sent).toMatchObject({ chat: 'alice@web.example.com' });
  expect(await api().call('getPresence', { params: { account: 'quiet' } })).toMatchObject({ available: false });
  const alice = await at.gateway.login('alice', {});
  const { items } = await alice.request('history.get', { chat: 'quiet@web.example.com' });
  expect(items).toMatchObject([{ data: { from: 'quiet@web.example.com', body: 'psst' } }]);
  await alice.close();
});

test('without `from` the domain itself sends, to XMPP and to accounts, once for an id', async () => {
  const alice = await at.gateway.login('alice', {});
  const toAlice = { to: 'alice@web.example.com', id: 'w1', body: 'Welcome' };
  await send(toAlice);
  await send(toAlice);
  expect(await alice.next('message')).toMatchObject({
    id: 'w1',
    chat: 'web.example.com',
    from: 'web.example.com',
    body: 'Welcome',
  });
  await send({ to: 'romeo@example.com', id: 'w2', body: 'Maintenance at noon', subject: 'Notice' });
  const stanza = await at.server.next(({ attrs }) => attrs.id === 'w2');
  expect(stanza.attrs.from).toBe('web.example.com');
  expect(alice.inbox.take().filter(({ type }) => type === 'message')).toEqual([]);
  expect((await alice.refused('message.send', { to: 'web.example.com', body: 'thanks' })).code).toBe(
    'service-unavailable',
  );
  await alice.close();
});

test('a bounce before the acknowledgement is the answer, whoever sends', async () => {
  at.server.answersPings = false;
  for (const from of ['alice', undefined]) {
    const id = `bounced ${from}`;
    const refused = api().refused('sendMessage', {
      body: { ...(from ? { from } : {}), to: 'no@example.com', id, body: 'x' },
    });
    const { attrs } = await at.server.next((stanza) => stanza.attrs.id === id);
    at.server.send(
      el(
        'message',
        { from: 'no@example.com', to: attrs.from, type: 'error', id },
        el('error', { type: 'cancel' }, el('item-not-found', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' })),
      ),
    );
    expect(await refused).toMatchObject({ status: 404, error: { code: 'item-not-found', by: 'no@example.com' } });
  }
  at.server.answersPings = true;
  at.server.pong(at.server.pings.at(-1));
});

test('what is wrong with a message is said as in the protocol, with an HTTP status', async () => {
  const refused = (body: object) => api().refused('sendMessage', { body: body as Message });
  expect(await refused({ from: 'alice', body: 'x' })).toMatchObject({ status: 400, error: { field: 'to' } });
  expect(await refused({ from: 'alice', to: 'a b@@c', body: 'x' })).toMatchObject({
    status: 400,
    error: { field: 'to' },
  });
  expect(await refused({ from: 'alice', to: 'romeo@example.com' })).toMatchObject({ status: 400 });
  expect(await refused({ from: 'alice', to: 'romeo@example.com', body: 'a\u0000b' })).toMatchObject({ status: 400 });
  expect(await refused({ from: 'nobody', to: 'romeo@example.com', body: 'x' })).toMatchObject({
    status: 404,
    error: { field: 'from' },
  });
  expect(await refused({ from: 'romeo@example.com', to: 'alice@web.example.com', body: 'x' })).toMatchObject({
    status: 404,
  });
  expect(await refused({ from: 'alice', to: 'room@rooms.example.com', type: 'groupchat', body: 'x' })).toMatchObject({
    status: 422,
    error: { code: 'not-acceptable' },
  });
  const long = await refused({ from: 'alice', to: 'romeo@example.com', body: 'x'.repeat(100_000) });
  expect(long).toMatchObject({ status: 413, error: { code: 'too-large' } });
});

test('any request of the protocol is carried out as an account', async () => {
  const run = (type: string, data?: object) =>
    api().call('request', { params: { account: 'backed' }, body: { type, ...(data ? { data } : {}) } });
  await api().call('createAccount', { params: { account: 'backed' } });
  const added = await run('contact.add', { jid: 'romeo@example.com', name: 'Romeo' });
  expect(added.data).toMatchObject({ jid: 'romeo@example.com', name: 'Romeo', ask: true });
  await at.server.next(({ name, attrs }) => name === 'presence' && attrs.type === 'subscribe');
  expect((await run('contact.list')).data).toMatchObject({ items: [{ jid: 'romeo@example.com' }] });
  await run('profile.set', { nick: 'Backed' });
  await run('message.send', { to: 'romeo@example.com', id: 'm9', body: 'first' });
  await run('message.edit', { to: 'romeo@example.com', id: 'm9', body: 'second' });
  const { data } = await run('history.get', { chat: 'romeo@example.com' });
  expect(data).toMatchObject({ items: [{ data: { body: 'second', edited: {} } }] });
  expect(await run('contact.approve', { jid: 'juliet@example.com' })).toEqual({});
});

test('what is about a socket, or shows the account as present, needs a client', async () => {
  const refused = (type: string, data: object = {}) =>
    api().refused('request', { params: { account: 'alone' }, body: { type, data } });
  await api().call('createAccount', { params: { account: 'alone' } });
  await at.stanzas();
  for (const type of ['connect', 'ping', 'session.list', 'session.update', 'auth.refresh', 'none.such']) {
    const data = type === 'connect' || type === 'ping' ? {} : { token: 'x' };
    expect(await refused(type, data)).toMatchObject({ status: 400, error: { code: 'unknown-type' } });
  }
  const present: [string, object][] = [
    ['presence.set', { show: 'away' }],
    ['presence.send', { to: 'romeo@example.com' }],
    ['stanza.send', { xml: "<presence to='romeo@example.com'/>" }],
    ['room.join', { room: 'dev@rooms.example.com' }],
  ];
  for (const [type, data] of present) {
    expect(await refused(type, data), type).toMatchObject({ status: 403, error: { code: 'not-allowed' } });
  }
  expect((await at.stanzas()).filter(({ name }) => name === 'presence')).toEqual([]);
});
