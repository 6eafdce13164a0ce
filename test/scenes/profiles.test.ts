/** Profiles: what an account says of itself reaches XMPP users in every way they ask for it, and theirs reaches web users. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el, elements, find, serialize, textOf } from '../../src/xmpp/stanza.ts';
import { png } from '../support/images.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { STANZAWIRE_STORE_URL: `sqlite:${folder}/test.db`, STANZAWIRE_LIMITS_SEND_TIMEOUT: '3s' };
const at = scene(env);

const red = png(3, 2, [255, 0, 0]);
const blue = png(2, 2, [0, 0, 255]);
const data = (image: Uint8Array): string => Buffer.from(image).toString('base64');
const sha1 = (image: Uint8Array): string => createHash('sha1').update(image).digest('hex');

let users = 0;
let alice: JsonClient;
beforeEach(async () => {
  users += 1;
  at.server.onStanza = () => undefined;
  alice = await at.gateway.login(`alice${users}`);
});
afterEach(async () => void (await alice.close()));

/** An IQ get of an XMPP user, and its answer. */
async function ask(payload: Element, from = 'stranger@example.org/x'): Promise<Element> {
  const id = crypto.randomUUID();
  at.server.send(el('iq', { from, to: alice.user, type: 'get', id }, payload));
  return at.server.next(({ attrs }) => attrs.id === id);
}

const items = (node: string, id?: string): Element =>
  el('pubsub', { xmlns: ns.pubsub }, el('items', { node }, id === undefined ? undefined : el('item', { id })));

async function itemOf(node: string, id?: string): Promise<Element | undefined> {
  const answer = await ask(items(node, id));
  const list = find(answer, 'pubsub', ns.pubsub);
  const item = list && elements(list).flatMap(elements)[0];
  return item && elements(item)[0];
}

const url = (path: string | undefined): URL => new URL(path ?? '', at.gateway.url.replace(/^ws/, 'http'));

describe('what an account says of itself', () => {
  it('is answered to whoever asks, in all the forms there are, also after a restart and without a session', async () => {
    const vcard = { fn: 'Alice Liddell', email: ['alice@example.com'] };
    const set = await alice.request('profile.set', { nick: ' Alice ', vcard, avatar: { data: data(red) } });
    const avatar = { id: sha1(red), mediaType: 'image/png', bytes: red.length, width: 3, height: 2 };
    expect(set).toEqual({ jid: alice.user, nick: 'Alice', vcard, avatar: { ...avatar, url: expect.any(String) } });
    const { user } = alice;
    await alice.request('session.end', {});
    await at.restart(env);
    alice = await at.gateway.login(`alice${users}`, { want: ['profile'], presence: false });
    expect(alice.ready?.profile).toEqual(set);
    expect(alice.user).toBe(user);
    await alice.request('session.end', {});
    const image = await itemOf(ns.avatarData, sha1(red));
    expect(image && textOf(image)).toBe(data(red));
    const metadata = await itemOf(ns.avatarMetadata);
    expect(metadata && elements(metadata)[0]?.attrs).toEqual({
      id: sha1(red),
      type: 'image/png',
      bytes: String(red.length),
      width: '3',
      height: '2',
    });
    const nick = await itemOf(ns.nick);
    expect(nick && textOf(nick)).toBe('Alice');
    const vcard4 = await itemOf(ns.vcard4Node);
    expect(vcard4 && serialize(vcard4)).toContain('<fn><text>Alice Liddell</text></fn><nickname><text>Alice</text>');
    const temp = serialize(await ask(el('vCard', { xmlns: ns.vcard })));
    expect(temp).toContain('<FN>Alice Liddell</FN><NICKNAME>Alice</NICKNAME>');
    expect(temp).toContain(`<PHOTO><TYPE>image/png</TYPE><BINVAL>${data(red)}</BINVAL></PHOTO>`);
    expect((await ask(items(ns.avatarData, sha1(blue)))).attrs.type).toBe('error');
  });

  it('is told to contacts whose clients want it, at their first presence and at each change, once', async () => {
    const romeo = 'romeo@example.com';
    await at.befriend(alice, romeo);
    await alice.request('contact.add', { jid: romeo });
    at.server.send(el('presence', { from: romeo, to: alice.user, type: 'subscribed' }));
    await alice.next('contact', ({ subscription }) => subscription === 'both');
    await alice.request('profile.set', { nick: 'Alice', avatar: { data: data(red) } });
    const other = await at.gateway.login(`alice${users}`);
    await at.stanzas();
    // The hash of what follows, by XEP-0115 §5.1.
    const features = [ns.discoInfo, `${ns.avatarMetadata}+notify`, `${ns.nick}+notify`].toSorted();
    const ver = createHash('sha1')
      .update(['client/phone//Ro', ...features, ''].join('<'))
      .digest('base64');
    at.server.onStanza = (stanza, server) => {
      const query = find(stanza, 'query', ns.discoInfo);
      if (!query || stanza.attrs.type !== 'get') return;
      const answer = el('query', query.attrs, el('identity', { category: 'client', type: 'phone', name: 'Ro' }));
      for (const feature of features) answer.children.push(el('feature', { var: feature }));
      server.send(
        el('iq', { type: 'result', id: stanza.attrs.id, from: stanza.attrs.to, to: stanza.attrs.from }, answer),
      );
    };
    const comes = (resource: string, caps = ver): void =>
      at.server.send(
        el(
          'presence',
          { from: `${romeo}/${resource}`, to: alice.user },
          el('c', { xmlns: ns.caps, hash: 'sha-1', node: 'https://example.org/ro', ver: caps }),
        ),
      );
    const isEvent = (stanza: Element): boolean => find(stanza, 'event', ns.pubsubEvent) !== undefined;
    const told = async (to: string): Promise<string> => {
      const event = await at.server.next((stanza) => isEvent(stanza) && stanza.attrs.to === `${romeo}/${to}`);
      expect(event.attrs).toMatchObject({ from: alice.user, type: 'headline' });
      return serialize(event);
    };
    comes('phone');
    expect(await told('phone')).toContain(`<info id="${sha1(red)}"`);
    expect(await told('phone')).toContain('<nick xmlns="http://jabber.org/protocol/nick">Alice</nick>');
    // Another device with the same client is not asked, nor told twice.
    comes('tablet');
    await told('tablet');
    await told('tablet');
    comes('tablet');
    const since = await at.stanzas();
    expect(since.filter(isEvent)).toHaveLength(4);
    expect(since.filter((stanza) => find(stanza, 'query', ns.discoInfo))).toHaveLength(1);

    await alice.request('profile.set', { nick: 'Al' });
    expect(await told('phone')).toContain('>Al</nick>');
    expect(await told('tablet')).toContain('>Al</nick>');
    expect(await other.next('profile')).toMatchObject({ jid: alice.user, nick: 'Al', avatar: { id: sha1(red) } });
    expect((await at.stanzas()).filter((stanza) => stanza.name === 'presence')).toEqual([]);

    await alice.request('profile.set', { avatar: { data: data(blue) } });
    const hash = `<x xmlns="vcard-temp:x:update"><photo>${sha1(blue)}</photo></x>`;
    await at.server.next((stanza) => stanza.attrs.to === romeo && serialize(stanza).includes(hash));
    for (const device of ['phone', 'tablet']) expect(await told(device)).toContain(`<info id="${sha1(blue)}"`);
    at.server.send(el('presence', { from: `${romeo}/phone`, to: alice.user, type: 'unavailable' }));
    await alice.next('presence', ({ type }) => type === 'unavailable');
    await at.stanzas();
    await alice.request('profile.set', { avatar: false });
    expect(await told('tablet')).toContain('<metadata xmlns="urn:xmpp:avatar:metadata"/>');
    expect((await at.stanzas()).filter((stanza) => stanza.attrs.to === `${romeo}/phone`)).toEqual([]);
    await other.close();
  });

  it('is told to who subscribed by hand, and goes with a request to see someone', async () => {
    await alice.request('profile.set', { nick: 'Alice' });
    const subscribe = el('subscribe', { node: ns.nick, jid: 'juliet@example.com' });
    const set = el('iq', { from: 'juliet@example.com/x', to: alice.user, type: 'set', id: 'sub' });
    set.children.push(el('pubsub', { xmlns: ns.pubsub }, subscribe));
    at.server.send(set);
    await at.server.next(({ attrs }) => attrs.id === 'sub' && attrs.type === 'result');
    await alice.request('profile.set', { nick: 'Al' });
    const event = await at.server.next(({ name, attrs }) => name === 'message' && attrs.to === 'juliet@example.com');
    expect(serialize(event)).toContain('>Al</nick>');
    await alice.request('contact.add', { jid: 'tybalt@example.com' });
    const request = await at.server.next(
      ({ attrs }) => attrs.type === 'subscribe' && attrs.to === 'tybalt@example.com',
    );
    expect(find(request, 'nick', ns.nick)).toBeDefined();
  });
});

describe("others' avatars", () => {
  const romeo = 'romeo@example.com';
  /** Images that the gateway does not have yet: it keeps them by their hash, for all accounts. */
  let his: Uint8Array;
  beforeEach(() => {
    his = png(3, 2, [users, 255, 0]);
  });
  /** Answers as his server does. */
  function answering(image: Uint8Array, asked: string[]): void {
    at.server.onStanza = (stanza, server) => {
      if (stanza.attrs.to !== romeo || stanza.attrs.type !== 'get') return;
      const [payload] = elements(stanza);
      const wanted = payload && elements(payload)[0]?.attrs.node;
      asked.push(wanted ?? payload?.name ?? '');
      const { id, from, to } = stanza.attrs;
      const answer = (result: Element): void =>
        server.send(el('iq', { type: 'result', id, from: to, to: from }, result));
      if (wanted === ns.avatarData) {
        const item = el('item', { id: sha1(his) }, el('data', { xmlns: ns.avatarData }, data(image)));
        answer(el('pubsub', { xmlns: ns.pubsub }, el('items', { node: wanted }, item)));
      } else {
        const error = el('error', { type: 'cancel' }, el('item-not-found', { xmlns: ns.stanzaErrors }));
        server.send(el('iq', { type: 'error', id, from: to, to: from }, error));
      }
    };
  }

  async function befriended(): Promise<void> {
    await at.befriend(alice, romeo);
    await alice.request('contact.add', { jid: romeo });
    at.server.send(el('presence', { from: romeo, to: alice.user, type: 'subscribed' }));
    await alice.next('contact', ({ subscription }) => subscription === 'both');
    const info = el('info', { id: sha1(his), type: 'image/png', bytes: String(his.length) });
    const item = el('item', { id: sha1(his) }, el('metadata', { xmlns: ns.avatarMetadata }, info));
    const event = el('event', { xmlns: ns.pubsubEvent }, el('items', { node: ns.avatarMetadata }, item));
    at.server.send(el('message', { from: romeo, to: `${alice.user}/web`, type: 'headline' }, event));
    expect(await alice.next('profile')).toMatchObject({ jid: romeo, avatar: { id: sha1(his) } });
  }

  it('are asked for once, and served to browsers as what they are, for ever', async () => {
    const asked: string[] = [];
    answering(his, asked);
    await befriended();
    const both = await Promise.all([1, 2].map(() => alice.request('avatar.get', { jid: `${romeo}/phone` })));
    expect(both[0]).toEqual(both[1]);
    expect(both[0]).toMatchObject({ id: sha1(his), mediaType: 'image/png', bytes: his.length, width: 3, height: 2 });
    await alice.request('avatar.get', { jid: romeo });
    expect(asked).toEqual([ns.avatarData]);

    const address = url(both[0]?.url);
    expect(address.pathname).toMatch(/^\/avatars\/[\w-]{43}$/);
    expect(address.pathname).not.toContain(sha1(his));
    const response = await fetch(address);
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(his))).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    const etag = response.headers.get('etag') ?? '';
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await fetch(`${address.href}x`)).status).toBe(404);
    expect((await fetch(address, { method: 'DELETE' })).status).toBe(404);

    // A session that comes later hears what is known, with the address.
    const tablet = await at.gateway.login(`alice${users}`);
    expect(await tablet.next('profile')).toMatchObject({ jid: romeo, avatar: { id: sha1(his), url: both[0]?.url } });
    await tablet.close();
  });

  it('are none where the image is not the one that was named, or no image at all', async () => {
    for (const image of [blue, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), his.subarray(0, 20)]) {
      const asked: string[] = [];
      answering(image, asked);
      if (image === blue) await befriended();
      expect(await alice.refused('avatar.get', { jid: romeo })).toMatchObject({ code: 'item-not-found', by: romeo });
      expect(asked).toEqual([ns.avatarData, ns.avatarMetadata, 'vCard']);
    }
  });
});
