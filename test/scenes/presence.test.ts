import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { childText, type Element, el } from '../../src/xmpp/stanza.ts';
import type { Connecting } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'stanzawire-presence-'));
const url = `sqlite:${folder}/test.db`;
const play = scene();
const romeo = 'romeo@example.com';
const domain = 'web.example.com';

beforeAll(async () => {
  // Alice is seen by romeo, and she and bob see each other.
  const store = await openStore(url);
  const [alice, bob] = [`alice@${domain}`, `bob@${domain}`];
  for (const account of [alice, bob]) await store.openAccount(account, true);
  await store.saveRosterItem(alice, { jid: romeo, groups: [], subscription: 'from' });
  await store.saveRosterItem(alice, { jid: 'tybalt@example.com', groups: [], subscription: 'to' });
  await store.saveRosterItem(alice, { jid: bob, groups: [], subscription: 'both' });
  await store.saveRosterItem(bob, { jid: alice, groups: [], subscription: 'both' });
  await store.close();
  await play.restart({ STANZAWIRE_STORE_URL: url });
});
afterAll(() => rmSync(folder, { recursive: true }));

const login = (presence?: Connecting['presence']) =>
  play.gateway.login('alice', presence === undefined ? {} : { presence });
/** Alice's first session; bob has said that he is away. */
const loginFirst = async () => {
  const alice = await login();
  await alice.next('presence', ({ from, type }) => from === `bob@${domain}` && type === 'unavailable');
  return alice;
};
const brief = (stanza: Element) => {
  const { from, to, type } = stanza.attrs;
  return `${from} > ${to}: ${type ?? childText(stanza, 'show', '') ?? 'online'}`;
};
const isProbe = ({ attrs }: Element) => attrs.type === 'probe';
/** What XMPP was told since the last time. */
const news = async () => (await play.stanzas()).filter((stanza) => !isProbe(stanza));
const told = async () => (await news()).map(brief);
const isNow = (show: string) => `alice@${domain}/web > ${romeo}: ${show}`;

describe('the presence of an account', () => {
  it('is told to those who see it, once, when its first session comes and its last one goes', async () => {
    const alice = await login();
    expect(await told()).toEqual([isNow('online')]);
    const tablet = await login();
    expect(await told()).toEqual([]);
    await alice.close();
    expect(await told()).toEqual([]);
    await tablet.close();
    expect(await told()).toEqual([isNow('unavailable')]);
  });

  it('is the best of its sessions, told once per change', async () => {
    const alice = await login({ show: 'xa' });
    expect(await told()).toEqual([isNow('xa')]);
    const tablet = await login({ show: 'away' });
    expect(await told()).toEqual([isNow('away')]);
    await alice.request('presence.set', { show: 'dnd' });
    expect(await told()).toEqual([isNow('dnd')]);
    await tablet.request('presence.set', {});
    expect(await told()).toEqual([isNow('online')]);
    await alice.request('presence.set', { show: 'chat' });
    expect(await told()).toEqual([isNow('chat')]);
    await tablet.request('presence.set', { show: 'xa' });
    expect(await told()).toEqual([]);
    await alice.close();
    expect(await told()).toEqual([isNow('xa')]);
    await tablet.close();
    expect(await told()).toEqual([isNow('unavailable')]);
  });

  it('is the latest where two are as good', async () => {
    const [alice, tablet] = [
      await login({ show: 'away', status: 'first' }),
      await login({ show: 'away', status: 'second' }),
    ];
    const status = async () => (await news()).map((stanza) => childText(stanza, 'status', ''));
    expect(await status()).toEqual(['first', 'second']);
    await alice.request('presence.set', { show: 'away', status: 'third' });
    expect(await status()).toEqual(['third']);
    // The same again is no change.
    await alice.request('presence.set', { show: 'away', status: 'third' });
    expect(await status()).toEqual([]);
    await Promise.all([alice.close(), tablet.close()]);
    await play.stanzas();
  });

  it('is not told while its sessions are invisible, and is when one is not any more', async () => {
    const hidden = await login(false);
    expect(await told()).toEqual([]);
    const alice = await login({ show: 'away' });
    expect(await told()).toEqual([isNow('away')]);
    await alice.close();
    expect(await told()).toEqual([isNow('unavailable')]);
    await hidden.request('presence.set', { show: 'dnd' });
    expect(await told()).toEqual([isNow('dnd')]);
    await hidden.close();
    expect(await told()).toEqual([isNow('unavailable')]);
  });

  it('says nothing but what was set', async () => {
    const alice = await login();
    await play.stanzas();
    const data = { show: 'away' as const, status: 'a <b> & "c"\n', priority: 9, x: { y: 1 } };
    await alice.request('presence.set', data);
    const [stanza, ...more] = await news();
    expect(more).toEqual([]);
    expect(stanza?.attrs).toEqual({ from: `alice@${domain}/web`, to: romeo });
    expect(stanza?.children.map((child) => (typeof child === 'string' ? child : child.name))).toEqual([
      'show',
      'status',
      'c',
      'x',
    ]);
    expect(stanza && childText(stanza, 'status', '')).toBe('a <b> & "c"\n');
    await alice.close();
    await play.stanzas();
  });
});

describe('between two accounts of the gateway', () => {
  it('presence is an event without a resource, and does not leave it', async () => {
    const bob = await play.gateway.login('bob');
    const from = `alice@${domain}`;
    expect(await bob.next('presence')).toEqual({ from, user: from, type: 'unavailable' });
    const alice = await login({ show: 'dnd', status: 'busy' });
    expect(await alice.next('presence')).toMatchObject({ from: bob.user, type: 'available' });
    expect(await bob.next('presence')).toEqual({
      from,
      user: from,
      type: 'available',
      show: 'dnd',
      status: 'busy',
      avatar: {},
    });
    expect(await told()).toEqual([isNow('dnd')]);
    await alice.request('presence.set', {});
    expect(await bob.next('presence')).toEqual({ from, user: from, type: 'available', avatar: {} });
    await alice.close();
    expect(await bob.next('presence')).toEqual({ from, user: from, type: 'unavailable' });
    expect(await bob.rest()).toEqual([]);
    await bob.close();
    await play.stanzas();
  });
});

describe('presence from XMPP', () => {
  const presence = (attrs: Record<string, string>, ...children: Element[]) =>
    play.server.send(el('presence', { from: `${romeo}/orchard`, to: `alice@${domain}`, ...attrs }, ...children));
  const data = { from: `${romeo}/orchard`, user: romeo };

  it('is an event without a number for every session, by resource', async () => {
    const [alice, tablet] = [await loginFirst(), await login()];
    presence({}, el('show', {}, 'away'), el('status', {}, 'lunch'), el('priority', {}, '5'));
    presence({ from: `${romeo}/phone`, to: `alice@${domain}/web` });
    presence({ from: `${romeo}/phone`, type: 'unavailable' }, el('status', {}, 'bye'));
    for (const client of [alice, tablet]) {
      expect([await client.inbox.next(), await client.inbox.next(), await client.inbox.next()]).toEqual([
        { type: 'presence', data: { ...data, type: 'available', show: 'away', status: 'lunch' } },
        { type: 'presence', data: { ...data, from: `${romeo}/phone`, type: 'available' } },
        { type: 'presence', data: { ...data, from: `${romeo}/phone`, type: 'unavailable', status: 'bye' } },
      ]);
      expect(await client.rest()).toEqual([]);
      await client.close();
    }
    await play.stanzas();
  });

  it('with a show that nobody knows is plain online', async () => {
    const alice = await loginFirst();
    presence({}, el('show', {}, 'bored'));
    expect(await alice.next('presence')).toEqual({ ...data, type: 'available' });
    presence({}, el('show', {}, 'constructor'), el('status', {}, ''));
    expect(await alice.next('presence')).toMatchObject({ ...data, type: 'available' });
    expect(await alice.rest()).toEqual([]);
    await alice.close();
    await play.stanzas();
  });

  it('for a reader that lags is the latest per resource; typing is dropped, messages are not', async () => {
    const alice = await loginFirst();
    alice.ws.pause();
    const buffered = async () =>
      Number(/^stanzawire_socket_buffered_bytes (\d+)/m.exec(await play.gateway.metrics())?.[1]);
    const attrs = { from: `${romeo}/orchard`, to: alice.user, type: 'chat' };
    let messages = 0;
    while ((await buffered()) < 600_000) {
      play.server.send(el('message', { ...attrs, id: `${messages++}` }, el('body', {}, 'x'.repeat(50_000))));
      await play.stanzas();
    }
    for (const resource of ['a', 'b']) {
      for (let i = 0; i < 10; i++) presence({ from: `${romeo}/${resource}` }, el('status', {}, `${i}`));
    }
    play.server.send(el('message', attrs, el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' })));
    play.server.send(el('message', { ...attrs, id: 'last' }, el('body', {}, 'end')));
    await play.stanzas();
    alice.ws.resume();
    for (let i = 0; i < messages; i++) expect((await alice.inbox.next()).seq).toBe(i + 1);
    expect(await alice.inbox.next()).toMatchObject({ type: 'message', seq: messages + 1, data: { id: 'last' } });
    expect([await alice.inbox.next(), await alice.inbox.next()]).toEqual([
      { type: 'presence', data: { ...data, from: `${romeo}/a`, type: 'available', status: '9' } },
      { type: 'presence', data: { ...data, from: `${romeo}/b`, type: 'available', status: '9' } },
    ]);
    expect(await alice.rest()).toEqual([]);
    await alice.close();
  });
});
