import { expect, test } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { ApiClient, apiKey } from '../support/api.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
const api = () => new ApiClient(at.gateway.internalUrl);
const of = (account: string) => ({ params: { account } });

test('an account can be made ahead of its first login, and then be written to', async () => {
  const made = await api().call('createAccount', of('Early Bird'));
  expect(made).toMatchObject({
    user: 'early bird',
    jid: 'early\\20bird@web.example.com',
    made: true,
    sessions: 0,
  });
  expect((await api().call('createAccount', of('early bird'))).made).toBe(false);
  expect((await api().call('createAccount', of(made.jid))).made).toBe(false);
  const id = 'to-early-bird';
  at.server.send(
    el('message', { from: 'romeo@example.com/x', to: made.jid, type: 'chat', id }, el('body', {}, 'good morning')),
  );
  await expect.poll(async () => (await api().call('getAccount', of('early bird'))).messages).toBe(1);
  const bird = await at.gateway.login('Early Bird', {});
  expect((await bird.request('history.get', {})).items).toMatchObject([{ data: { id, body: 'good morning' } }]);
  await bird.close();
});

test('accounts are listed by their JIDs, page by page, by what they begin with, and without the domain', async () => {
  for (const user of ['list-c', 'list-a', 'list-b', 'LIST-D']) await api().call('createAccount', of(user));
  await api().call('sendMessage', { body: { to: 'list-a@web.example.com', body: 'hello' } });
  const users = async (query: Parameters<typeof list>[0]) => (await list(query)).items.map(({ user }) => user);
  const list = (query: { prefix?: string; after?: string; max?: number; disabled?: boolean }) =>
    api().call('listAccounts', { query });
  expect(await users({ prefix: 'List-' })).toEqual(['list-a', 'list-b', 'list-c', 'list-d']);
  const first = await list({ prefix: 'list-', max: 2 });
  expect(first).toMatchObject({ items: [{ user: 'list-a' }, { user: 'list-b' }], complete: false });
  const next = await list({ prefix: 'list-', max: 2, after: first.last ?? '' });
  expect(next).toMatchObject({ items: [{ user: 'list-c' }, { user: 'list-d' }], complete: true });
  const all = await list({ max: 1000 });
  expect(all.items.map(({ jid }) => jid)).not.toContain('web.example.com');
  expect(all.items.map(({ jid }) => jid)).toEqual(all.items.map(({ jid }) => jid).toSorted());
  expect((await api().call('getStatus')).accounts.stored).toBe(all.items.length);
  expect(await users({ prefix: 'nobody' })).toEqual([]);
});

test('an account is shown with what it has', async () => {
  const [ann] = [await at.gateway.login('ann', { presence: { show: 'away' }, device: 'phone' })];
  await ann.request('contact.add', { jid: 'romeo@example.com' });
  await ann.request('block.add', { jids: ['spam.example.com'] });
  await ann.request('message.send', { to: 'romeo@example.com', body: 'hi' });
  expect(await api().call('getAccount', of('ann'))).toMatchObject({
    user: 'ann',
    jid: 'ann@web.example.com',
    sessions: 1,
    presence: { show: 'away' },
    contacts: 1,
    rooms: 0,
    blocked: 1,
    chats: 1,
    messages: 1,
    lastActivity: expect.stringMatching(/^20/),
  });
  expect(await api().call('getPresence', of('ann'))).toEqual({
    user: 'ann',
    jid: 'ann@web.example.com',
    available: true,
    presence: { show: 'away' },
    sessions: 1,
    attached: 1,
  });
  await ann.request('presence.set', { type: 'unavailable' });
  expect(await api().call('getPresence', of('ann'))).toMatchObject({ available: false, sessions: 1 });
  await ann.close();
});

test('who does not exist is not found, and a name that no JID can carry is refused with its field', async () => {
  for (const id of ['getAccount', 'getPresence', 'disableAccount', 'enableAccount', 'endSessions'] as const) {
    const input = id === 'disableAccount' ? { ...of('nobody-there'), body: {} } : of('nobody-there');
    expect(await api().refused(id, input)).toMatchObject({ status: 404, error: { code: 'item-not-found' } });
  }
  expect(await api().refused('createAccount', of('stra\u00dfe'))).toMatchObject({
    status: 400,
    error: { code: 'bad-request', field: 'account' },
  });
  const { items } = await api().call('listAccounts', { query: { prefix: 'nobody-there' } });
  expect(items).toEqual([]);
});

test('a disabled account is closed with 4003, cannot connect, and is told why', async () => {
  const dora = await at.gateway.login('dora', {});
  const disabled = await api().call('disableAccount', { ...of('dora'), body: { reason: 'unpaid' } });
  expect(disabled).toMatchObject({ disabled: { reason: 'unpaid' }, sessions: 0 });
  expect(await dora.closed).toBe(4003);
  const again = await JsonClient.open(at.gateway.url);
  again.send({ type: 'connect', id: 1, data: { token: await at.gateway.token('dora') } });
  expect(await lastWords(again)).toEqual({
    code: 4003,
    frames: [
      {
        type: 'error',
        id: 1,
        error: { code: 'forbidden', message: 'This account is disabled: unpaid', retry: false },
      },
    ],
  });
  const { items } = await api().call('listAccounts', { query: { disabled: true } });
  expect(items.map(({ user }) => user)).toEqual(['dora']);
  expect(await api().call('enableAccount', of('dora'))).not.toHaveProperty('disabled');
  expect((await api().call('listAccounts', { query: { disabled: true } })).items).toEqual([]);
  await (await at.gateway.login('dora', {})).close();
});

test('a disabled account resumes no session, and a session that is being opened meanwhile does not begin', async () => {
  const eve = await at.gateway.login('eve', {});
  const { session = '', seq = 0 } = eve.ready ?? {};
  eve.ws.terminate();
  await api().call('disableAccount', { ...of('eve'), body: {} });
  const token = await at.gateway.token('eve');
  const back = JsonClient.connect(at.gateway.url, { token, resume: { session, seq } });
  await expect(back).rejects.toThrow('forbidden: This account is disabled');
  expect((await api().call('listSessions', { query: { account: 'eve' } })).items).toEqual([]);
});

test('to others a disabled account is offline: contacts are told, what they write is kept until it is enabled', async () => {
  const fay = await at.gateway.login('fay', {});
  await at.befriend(fay, 'romeo@example.com');
  await api().call('disableAccount', { ...of('fay'), body: {} });
  await at.server.next(({ name, attrs }) => name === 'presence' && attrs.type === 'unavailable');
  at.server.send(
    el(
      'message',
      { from: 'romeo@example.com/x', to: 'fay@web.example.com', type: 'chat', id: 'kept' },
      el('body', {}, 'are you there?'),
    ),
  );
  await expect.poll(async () => (await api().call('getAccount', of('fay'))).messages).toBe(1);
  expect((await at.stanzas()).filter(({ attrs }) => attrs.type === 'error')).toEqual([]);
  await api().call('enableAccount', of('fay'));
  const back = await at.gateway.login('fay', {});
  expect((await back.request('history.get', {})).items).toMatchObject([{ data: { body: 'are you there?' } }]);
  await back.close();
});

test('being disabled outlives the process', async () => {
  await api().call('createAccount', of('gus'));
  await api().call('disableAccount', { ...of('gus'), body: { reason: 'spam' } });
  expect(await api().call('getAccount', of('gus'))).toMatchObject({ disabled: { reason: 'spam' } });
});

test('two accounts are made contacts of each other without being asked, and see each other', async () => {
  const hal = await at.gateway.login('hal', {});
  const ivy = await at.gateway.login('ivy', { presence: { show: 'dnd' } });
  await api().call('connectAccounts', { params: { account: 'hal', contact: 'ivy' } });
  await hal.next('presence', ({ user, show }) => user === 'ivy@web.example.com' && show === 'dnd');
  await ivy.next('presence', ({ user, type }) => user === 'hal@web.example.com' && type === 'available');
  for (const [one, other] of [
    [hal, 'ivy@web.example.com'],
    [ivy, 'hal@web.example.com'],
  ] as const) {
    const { items, requests } = await one.request('contact.list', {});
    expect(items).toMatchObject([{ jid: other, subscription: 'both' }]);
    expect(requests).toEqual([]);
    expect(one.inbox.take().map(({ type }) => type)).not.toContain('contact.request');
  }
  await api().call('connectAccounts', { params: { account: 'hal', contact: 'ivy' } });
  const missing = await api().refused('connectAccounts', { params: { account: 'hal', contact: 'nobody' } });
  expect(missing).toMatchObject({ status: 404, error: { field: 'contact' } });
  await Promise.all([hal.close(), ivy.close()]);
});
