import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childText, type Element, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'stanzawire-contacts-'));
const env = { STANZAWIRE_STORE_URL: `sqlite:${folder}/test.db` };
const play = scene(env);
afterAll(() => rmSync(folder, { recursive: true }));

const domain = 'web.example.com';
const carol = 'carol@example.org';
let alice: JsonClient;
/** A new account for every test, for what they agree on is kept. */
let user: string;
let count = 0;

beforeEach(async () => {
  user = `alice${++count}`;
  alice = await play.gateway.login(user);
});
afterEach(async () => {
  await alice.close();
  await play.stanzas();
});

const bare = () => `${user}@${domain}`;
const web = () => `${user}@${domain}/web`;
const presence = (type: string | undefined, attrs: Record<string, string> = {}, ...children: Element[]) =>
  el('presence', { from: carol, to: bare(), type, ...attrs }, ...children);
const ask = (type: string | undefined, ...rest: (Record<string, string> | Element)[]) =>
  play.server.send(presence(type, ...(rest as [Record<string, string>])));
/** What carol got: sender, receiver, type. */
const got = async () => (await play.stanzas()).map(({ name, attrs }) => [name, attrs.from, attrs.to, attrs.type]);

describe('a request to see an account', () => {
  it('is told to every session, with who asks and what they say', async () => {
    const tablet = await play.gateway.login(user);
    const nick = el('nick', { xmlns: 'http://jabber.org/protocol/nick' }, 'Carol');
    ask('subscribe', { from: `${carol}/phone` }, el('status', {}, 'Hi, it is me'), nick);
    const request = { type: 'contact.request', seq: 1, data: { jid: carol, nick: 'Carol', message: 'Hi, it is me' } };
    for (const client of [alice, tablet]) {
      expect(await client.inbox.next()).toEqual(request);
      expect(await client.rest()).toEqual([]);
    }
    expect(await got()).toEqual([]);
    await alice.request('contact.deny', { jid: carol });
    await tablet.close();
  });

  it('that is repeated is told once, and shows what was said last', async () => {
    ask('subscribe');
    ask('subscribe', {}, el('status', {}, 'please'));
    ask('subscribe', {}, el('status', {}, 'pretty please'));
    expect(await alice.next('contact.request')).toEqual({ jid: carol });
    expect(await got()).toEqual([]);
    expect(await alice.rest()).toEqual([]);
    const tablet = await play.gateway.login(user);
    expect(await tablet.next('contact.request')).toEqual({ jid: carol, message: 'pretty please' });
    await alice.request('contact.deny', { jid: carol });
    await tablet.close();
  });

  it('approved, is answered from the bare JID, and the presence follows', async () => {
    await alice.request('presence.set', { show: 'away', status: 'lunch' });
    await play.stanzas();
    ask('subscribe');
    await alice.next('contact.request');
    await alice.request('contact.approve', { jid: `${carol}/phone` });
    const [subscribed, shown, ...more] = await play.stanzas();
    expect(subscribed?.attrs).toEqual({ from: bare(), to: carol, type: 'subscribed' });
    expect(shown?.attrs).toEqual({ from: web(), to: carol });
    expect(shown && [childText(shown, 'show', ''), childText(shown, 'status', '')]).toEqual(['away', 'lunch']);
    expect(more).toEqual([]);
    expect(await alice.next('contact')).toEqual({ jid: carol, groups: [], subscription: 'from' });
    expect(await alice.rest()).toEqual([]);
    // Asked again, the gateway answers by itself.
    ask('subscribe');
    expect(await got()).toEqual([['presence', bare(), carol, 'subscribed']]);
    expect(await alice.rest()).toEqual([]);
    await alice.request('presence.set', {});
    await play.stanzas();
  });

  it('denied, is answered unsubscribed, and may be made again', async () => {
    for (let i = 0; i < 2; i++) {
      ask('subscribe');
      await alice.next('contact.request');
      await alice.request('contact.deny', { jid: carol });
      expect((await got()).filter(([, , to]) => to === carol)).toEqual([['presence', bare(), carol, 'unsubscribed']]);
      expect(await alice.next('contact.removed')).toEqual({ jid: carol });
    }
    expect(await alice.rest()).toEqual([]);
  });

  it('answered in two tabs has the later answer; the same answer again changes nothing', async () => {
    const tablet = await play.gateway.login(user);
    ask('subscribe');
    await Promise.all([alice.next('contact.request'), tablet.next('contact.request')]);
    await alice.request('contact.approve', { jid: carol });
    await tablet.request('contact.approve', { jid: carol });
    expect((await got()).map(([, , , type]) => type)).toEqual(['subscribed', undefined]);
    for (const client of [alice, tablet]) {
      expect(await client.next('contact')).toMatchObject({ jid: carol, subscription: 'from' });
      expect(await client.rest()).toEqual([]);
    }
    await tablet.request('contact.deny', { jid: carol });
    await alice.request('contact.deny', { jid: carol });
    expect((await got()).map(([, , , type]) => type)).toEqual(['unavailable', 'unsubscribed']);
    for (const client of [alice, tablet]) expect(await client.next('contact.removed')).toEqual({ jid: carol });
    expect(await alice.rest()).toEqual([]);
    await tablet.close();
  });

  it('to an account that nobody has is met with silence', async () => {
    play.server.send(presence('subscribe', { to: `nobody@${domain}` }));
    play.server.send(presence('subscribe', { to: domain }));
    expect(await play.stanzas()).toEqual([]);
    expect(await alice.rest()).toEqual([]);
  });

  it('is kept for a later session: as an event, or in the snapshot that it wants, over a restart too', async () => {
    await alice.close();
    const nick = el('nick', { xmlns: 'http://jabber.org/protocol/nick' }, 'Carol');
    play.server.send(presence('subscribe', {}, nick));
    const request = { jid: carol, nick: 'Carol' };
    for (const restart of [false, true]) {
      if (restart) await play.restart(env);
      const plain = await play.gateway.login(user);
      expect(await plain.inbox.next()).toEqual({ type: 'contact.request', seq: 1, data: request });
      expect(await plain.rest()).toEqual([]);
      const wants = await play.gateway.login(user, { want: ['contacts'] });
      expect(wants.ready?.requests).toEqual([request]);
      expect(wants.ready?.contacts?.map(({ jid }) => jid)).not.toContain(carol);
      expect(await wants.rest()).toEqual([]);
      await Promise.all([plain.close(), wants.close()]);
    }
    alice = await play.gateway.login(user, { want: ['contacts'] });
    await alice.request('contact.approve', { jid: carol });
    const after = await play.gateway.login(user, { want: ['contacts'] });
    expect(after.ready?.requests).toEqual([]);
    expect(after.ready?.contacts).toContainEqual({ jid: carol, groups: [], subscription: 'from' });
    expect(await after.rest()).toEqual([]);
    await after.close();
    await play.stanzas();
  });
});

describe('a probe', () => {
  it('of a contact is answered with the presence as it is', async () => {
    await play.befriend(alice, carol);
    ask('probe', { from: `${carol}/phone` });
    expect(await got()).toEqual([['presence', web(), `${carol}/phone`, undefined]]);
    await alice.close();
    expect((await got()).filter(([, , to]) => to === carol)).toEqual([['presence', web(), carol, 'unavailable']]);
    ask('probe');
    expect(await got()).toEqual([['presence', web(), carol, 'unavailable']]);
    const hidden = await play.gateway.login(user, { presence: false });
    ask('probe');
    expect(await got()).toEqual([['presence', web(), carol, 'unavailable']]);
    await hidden.close();
    expect(await got()).toEqual([]);
  });

  it('of a stranger tells that there is no subscription, and nothing else', async () => {
    ask('probe', { from: `${carol}/phone` });
    expect(await got()).toEqual([['presence', bare(), carol, 'unsubscribed']]);
    ask('subscribe');
    await alice.next('contact.request');
    ask('probe');
    expect(await got()).toEqual([['presence', bare(), carol, 'unsubscribed']]);
    await alice.request('contact.deny', { jid: carol });
  });
});

describe('the end of a subscription', () => {
  it('by the contact makes the account unavailable to it; presence is not sent any more', async () => {
    await play.befriend(alice, carol);
    await alice.next('contact');
    ask('unsubscribe');
    expect(await got()).toEqual([['presence', web(), carol, 'unavailable']]);
    await alice.request('presence.set', { show: 'dnd' });
    expect((await got()).filter(([, , to]) => to === carol)).toEqual([]);
    expect(await alice.next('contact.removed')).toEqual({ jid: carol });
    expect(await alice.rest()).toEqual([]);
  });

  it('by the contact takes back a request that waits', async () => {
    ask('subscribe');
    await alice.next('contact.request');
    ask('unsubscribe');
    expect(await alice.next('contact.removed')).toEqual({ jid: carol });
    expect(await got()).toEqual([]);
    expect(await alice.request('contact.list', {})).toEqual({ items: [], requests: [] });
  });
});

it.each(['unsubscribe', 'subscribed', 'unsubscribed', 'error', 'telegram'])(
  'presence of type %s from a stranger does nothing',
  async (type) => {
    ask(type);
    expect(await play.stanzas()).toEqual([]);
    expect(await alice.rest()).toEqual([]);
    const other = await play.gateway.login(user, { want: ['contacts'] });
    expect(other.ready?.contacts?.map(({ jid }) => jid)).not.toContain(carol);
    await other.close();
  },
);
