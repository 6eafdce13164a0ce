/** DELETE /api/accounts/…: who is told, what is left, and what the address is afterwards. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { el, find } from '../../src/xmpp/stanza.ts';
import { readError } from '../../src/xmpp/stanza-error.ts';
import { ApiClient, apiKey } from '../support/api.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { png } from '../support/images.ts';
import { JsonClient } from '../support/json-client.ts';
import { roomScene } from '../support/room-scene.ts';
import { scene } from '../support/scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-removed-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = scene({ STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
const api = () => new ApiClient(at.gateway.internalUrl);
const rooms = roomScene(at, 'removal');
const of = (account: string) => ({ params: { account } });

test('contacts on the XMPP side are told that it is gone and no contact; then it is an unknown address', async () => {
  const ann = await at.gateway.login('ann', {});
  await at.befriend(ann, 'romeo@example.com');
  await ann.request('contact.add', { jid: 'juliet@example.com' });
  at.server.send(el('presence', { from: 'nurse@example.com', to: ann.user, type: 'subscribe' }));
  await ann.next('contact.request', ({ jid }) => jid === 'nurse@example.com');
  await at.stanzas();

  await api().call('removeAccount', of('ann'));
  expect(await ann.closed).toBe(4003);
  const told = (await at.stanzas()).map(({ name, attrs: { to, type } }) => `${name} ${type} ${to}`);
  expect(told).toEqual([
    'presence unavailable romeo@example.com',
    ...['unsubscribed romeo', 'unsubscribe juliet', 'unsubscribed nurse'].map((one) => `presence ${one}@example.com`),
  ]);

  for (const [stanza, type] of [
    [el('message', { type: 'chat', id: 'm' }, el('body', {}, 'hello?')), 'error'],
    [el('iq', { type: 'get', id: 'q' }, el('query', { xmlns: 'http://jabber.org/protocol/disco#info' })), 'error'],
  ] as const) {
    Object.assign(stanza.attrs, { from: 'romeo@example.com/x', to: 'ann@web.example.com' });
    at.server.send(stanza);
    const answer = await at.server.next(({ attrs }) => attrs.id === stanza.attrs.id);
    expect(answer.attrs.type).toBe(type);
    expect(readError(answer).code).toBe('service-unavailable');
  }
  await at.stanzas();
  at.server.send(el('presence', { from: 'romeo@example.com', to: 'ann@web.example.com', type: 'probe' }));
  expect((await at.stanzas()).map(({ attrs }) => attrs.type)).toEqual(['unsubscribed']);
  expect(await api().refused('getAccount', of('ann'))).toMatchObject({ status: 404 });
  expect(await api().refused('removeAccount', of('ann'))).toMatchObject({ status: 404 });
});

test('contacts of the gateway lose it from their lists, and keep what it wrote', async () => {
  const bea = await at.gateway.login('bea', {});
  await at.gateway.login('cal', {});
  await api().call('connectAccounts', { params: { account: 'bea', contact: 'cal' } });
  await bea.next('presence', ({ user }) => user === 'cal@web.example.com');
  await api().call('sendMessage', { body: { from: 'cal', to: 'bea@web.example.com', body: 'remember me' } });
  await api().call('removeAccount', of('cal'));
  await bea.next('presence', ({ user, type }) => user === 'cal@web.example.com' && type === 'unavailable');
  await expect
    .poll(async () => (await bea.request('contact.list', {})).items)
    .toMatchObject([{ jid: 'cal@web.example.com', subscription: 'none' }]);
  const { items } = await bea.request('history.get', { chat: 'cal@web.example.com' });
  expect(items).toMatchObject([{ data: { body: 'remember me' } }]);
  expect((await bea.refused('message.send', { to: 'cal@web.example.com', body: 'x' })).code).toBe(
    'service-unavailable',
  );
  await bea.close();
});

test('its rooms are left', async () => {
  const room = rooms.room();
  const gil = await at.gateway.login('gil', {});
  await gil.request('room.join', { room: room.jid, nick: 'gil' });
  await at.stanzas();
  await api().call('removeAccount', of('gil'));
  const told = (await at.stanzas()).map(({ name, attrs: { to, type } }) => `${name} ${type} ${to}`);
  expect(told).toEqual([`presence unavailable ${room.jid}/gil`]);
});

test('its picture is at its address no more, and services are told that it wants no more of their nodes', async () => {
  const hal = await at.gateway.login('hal', {});
  const data = Buffer.from(png(3, 2, [1, 2, 3])).toString('base64');
  const { avatar } = await hal.request('profile.set', { avatar: { data } });
  const picture = new URL(avatar?.url ?? '', at.gateway.url.replace(/^ws/, 'http'));
  expect((await fetch(picture)).status).toBe(200);
  at.server.onStanza = ({ attrs: { id, from, to, type } }, server) => {
    if (to !== 'pubsub.example.com' || type !== 'set') return;
    const subscription = el('subscription', {
      node: 'news',
      jid: hal.user,
      subid: 'seven',
      subscription: 'subscribed',
    });
    const answer = el('pubsub', { xmlns: 'http://jabber.org/protocol/pubsub' }, subscription);
    server.send(el('iq', { type: 'result', id, from: to, to: from }, answer));
  };
  await hal.request('pubsub.subscribe', { service: 'pubsub.example.com', node: 'news' });
  await at.stanzas();

  await api().call('removeAccount', of('hal'));
  expect((await fetch(picture)).status).toBe(404);
  const [told, ...rest] = await at.stanzas();
  expect(rest).toEqual([]);
  expect(told?.attrs).toMatchObject({ from: `${hal.user}/web`, to: 'pubsub.example.com', type: 'set' });
  const pubsub = told && find(told, 'pubsub', 'http://jabber.org/protocol/pubsub');
  expect(pubsub && find(pubsub, 'unsubscribe', 'http://jabber.org/protocol/pubsub')?.attrs).toMatchObject({
    node: 'news',
    jid: hal.user,
    subid: 'seven',
  });
  // What the service answers is for nobody.
  expect(await at.stanzas()).toEqual([]);
  at.server.onStanza = () => undefined;
});

test('whoever logs in with that name afterwards is new', async () => {
  const dee = await at.gateway.login('dee', {});
  await dee.request('message.send', { to: 'romeo@example.com', body: 'old' });
  await dee.request('contact.add', { jid: 'romeo@example.com' });
  const { session = '' } = dee.ready ?? {};
  await api().call('removeAccount', of('dee'));
  const back = await at.gateway.login('dee', { want: ['contacts', 'chats'], resume: { session, seq: 0 } });
  expect(back.ready).toMatchObject({ resumed: false, contacts: [], chats: [], archive: {} });
  expect((await back.request('history.get', {})).items).toEqual([]);
  await back.close();
});

test('a login in the middle of it is told to come again, and two removals are one', async () => {
  const eli = await at.gateway.login('eli', {});
  const token = await at.gateway.token('eli');
  const both = [api().call('removeAccount', of('eli')), api().refused('removeAccount', of('eli'))] as const;
  const login = JsonClient.connect(at.gateway.url, { token }).catch(({ error }) => error);
  const [, second] = await Promise.all(both);
  expect([404, 409]).toContain(second.status);
  // Before, in the middle or after: it is never half an account.
  const outcome = await login;
  if (outcome instanceof JsonClient) expect(outcome.ready?.archive).toEqual({});
  else expect(outcome).toMatchObject({ retry: true });
  await eli.closed;
});

test('of the removed account nothing is in the files of the store', async () => {
  const file = join(folder, 'store.db');
  const env = { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey, STANZAWIRE_STORE_URL: `sqlite:${file}` };
  const gateway = await TestGateway.start(upstreamOf(at.server), {
    ...env,
    STANZAWIRE_XMPP_SERVICE: 'xmpp://127.0.0.1:1',
  });
  try {
    const client = new ApiClient(gateway.internalUrl);
    const fin = await gateway.login('finnegan', { device: 'x' });
    await fin.request('message.send', { to: fin.user, body: 'a note to myself: quetzalcoatlus' });
    await fin.request('contact.add', { jid: 'pterosaur@example.com', name: 'Quetzal' });
    await fin.request('block.add', { jids: ['pteranodon.example.com'] });
    await client.call('removeAccount', of('finnegan'));
  } finally {
    await gateway.stop();
  }
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    for (const trace of ['finnegan', 'quetzalcoatlus', 'pterosaur', 'pteranodon', 'Quetzal']) {
      expect({ name, trace, at: bytes.indexOf(trace) }).toEqual({ name, trace, at: -1 });
    }
  }
});
