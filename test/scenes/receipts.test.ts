/** Receipts and markers that go out: asked for, owed once, told only to who may know (PROTOCOL.md §4, §10). */
import { describe, expect, it } from 'vitest';
import { type Child, type Element, el, elements, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { Connecting, JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene();
const romeo = 'romeo@example.com';
const acks: Connecting = { features: ['ack'] };
let users = 0;

/** A new account that has written to Romeo, who may therefore learn of it. */
async function friend(connecting: Connecting = {}): Promise<{ name: string; alice: JsonClient }> {
  const name = `user${++users}`;
  const alice = await at.gateway.login(name, connecting);
  await alice.request('message.send', { to: romeo, body: 'hi' });
  await at.stanzas();
  return { name, alice };
}

interface Said {
  from?: string;
  type?: string;
  id?: string | undefined;
  with?: Child[];
}

function ask(name: string, id: string, { from = `${romeo}/orchard`, type = 'chat', ...said }: Said = {}): void {
  const request = el('request', { xmlns: 'urn:xmpp:receipts' });
  const attrs = { from, to: `${name}@web.example.com`, type, id: 'id' in said ? said.id : id };
  at.server.send(el('message', attrs, el('body', {}, id), request, ...(said.with ?? [])));
}

/** Ids of the messages that were acknowledged since the last look. */
async function receipts(): Promise<(string | undefined)[]> {
  return (await at.stanzas()).flatMap((stanza) => find(stanza, 'received', 'urn:xmpp:receipts')?.attrs.id ?? []);
}

const children = (stanza: Element | undefined) => (stanza ? elements(stanza).map(nameOf) : []);

describe('a receipt', () => {
  it('is asked for with each message with a body, as is a marker, and not with typing', async () => {
    const { alice } = await friend();
    await alice.request('message.send', { to: romeo, id: 'm1', body: 'hi' });
    await alice.request('message.send', { to: romeo, id: 'm2', body: 'hi', type: 'headline' });
    await alice.request('message.send', { to: romeo, id: 'm3', subject: 'hi' });
    await alice.request('typing.send', { to: romeo, state: 'composing' });
    const [chat, headline, subject, typing] = await at.stanzas();
    expect(children(chat)).toEqual(expect.arrayContaining(['body', 'request', 'markable']));
    for (const one of [headline, subject, typing]) {
      expect(children(one)).not.toContain('request');
      expect(children(one)).not.toContain('markable');
    }
  });

  it('is sent when a session without acks was written to, to the very device, for archives too', async () => {
    const { name, alice } = await friend();
    ask(name, 'r1');
    await alice.next('message');
    const [receipt, ...more] = await at.stanzas();
    expect(receipt?.attrs).toEqual({
      from: `${alice.user}/web`,
      to: `${romeo}/orchard`,
      type: 'chat',
      id: expect.any(String),
    });
    expect(children(receipt)).toEqual(['received', 'store']);
    expect(receipt && find(receipt, 'received', 'urn:xmpp:receipts')?.attrs.id).toBe('r1');
    expect(more).toEqual([]);
  });

  it('waits for the ack of a session that acks, and is sent once', async () => {
    const { name, alice } = await friend(acks);
    ask(name, 'a1');
    ask(name, 'a2');
    await alice.next('message', ({ id }) => id === 'a2');
    expect(await receipts()).toEqual([]);
    alice.send({ type: 'ack', data: { seq: 1 } });
    await alice.rest();
    expect(await receipts()).toEqual(['a1']);
    alice.send({ type: 'ack', data: { seq: 1 } });
    alice.send({ type: 'pong', data: { seq: 2 } });
    await alice.rest();
    expect(await receipts()).toEqual(['a2']);
  });

  it('is one for the account, however many sessions there are', async () => {
    const { name, alice } = await friend(acks);
    const [tablet, phone] = [await at.gateway.login(name, acks), await at.gateway.login(name)];
    ask(name, 'b1');
    for (const one of [alice, tablet, phone]) await one.next('message');
    for (const one of [alice, tablet]) {
      one.send({ type: 'ack', data: { seq: 1 } });
      await one.rest();
    }
    expect(await receipts()).toEqual(['b1']);
    await Promise.all([tablet.close(), phone.close()]);
  });

  it('for what came while nobody was there is sent when catch-up has delivered it, not before', async () => {
    const { name, alice } = await friend();
    const { archiveId: after = '' } = await alice.request('message.send', { to: romeo, body: 'bye' });
    await alice.close();
    for (const id of ['c1', 'c2', 'c3']) ask(name, id);
    expect(await receipts()).toEqual([]);
    const back = await at.gateway.login(name);
    ask(name, 'live');
    await back.next('message');
    expect(await receipts()).toEqual(['live']);
    // Looking back is not catching up.
    await back.request('history.get', { chat: romeo });
    expect(await receipts()).toEqual([]);
    const { last = '' } = await back.request('history.get', { after, max: 2 });
    expect(await receipts()).toEqual(['c1', 'c2']);
    await back.request('history.get', { after: last });
    await back.request('history.get', { after });
    expect(await receipts()).toEqual(['c3']);
  });

  it('is owed for an edit too', async () => {
    const { name, alice } = await friend();
    ask(name, 'd1');
    ask(name, 'd2', { with: [el('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'd1' })] });
    await alice.next('message.edited');
    expect(await receipts()).toEqual(['d1', 'd2']);
  });

  it('is not owed to strangers, for what was delayed, has no id or is a headline', async () => {
    const { name, alice } = await friend();
    const delay = el('delay', { xmlns: 'urn:xmpp:delay', from: 'example.com', stamp: '2020-01-01T00:00:00Z' });
    ask(name, 'stranger', { from: 'stranger@example.com/x' });
    ask(name, 'delayed', { with: [delay] });
    ask(name, 'nameless', { id: undefined });
    ask(name, 'headline', { type: 'headline' });
    for (let i = 0; i < 4; i++) await alice.next('message');
    await alice.rest();
    expect(await receipts()).toEqual([]);
  });

  it('is kept back while the account is invisible', async () => {
    const { name, alice } = await friend({ presence: false });
    const { archiveId: after = '' } = await alice.request('message.send', { to: romeo, body: 'hi' });
    ask(name, 'i1');
    await alice.next('message');
    await alice.rest();
    expect(await receipts()).toEqual([]);
    await alice.request('presence.set', {});
    await alice.request('history.get', { after });
    expect(await receipts()).toEqual(['i1']);
  });

  it('goes from one web user to another inside of the gateway', async () => {
    const { alice } = await friend();
    const bob = await at.gateway.login(`user${++users}`);
    await bob.request('message.send', { to: alice.user, body: 'first' });
    await alice.request('message.send', { to: bob.user, id: 'w1', body: 'hi' });
    await bob.next('message');
    expect(await alice.next('receipt')).toMatchObject({
      id: 'w1',
      chat: bob.user,
      from: bob.user,
      status: 'delivered',
    });
    expect(await at.stanzas()).toEqual([]);
    await bob.close();
  });

  it('waits for the link', async () => {
    const { name, alice } = await friend(acks);
    ask(name, 'l1');
    await alice.next('message');
    const { connections } = at.server;
    at.server.drop('rst');
    await alice.next('state', ({ link }) => link === 'down');
    alice.send({ type: 'ack', data: { seq: 1 } });
    await alice.rest();
    await alice.next('state', ({ link }) => link === 'up');
    expect(at.server.connections).toBeGreaterThan(connections);
    expect(await receipts()).toEqual(['l1']);
  });
});

describe('message.mark', () => {
  const markable = el('markable', { xmlns: 'urn:xmpp:chat-markers:0' });
  const say = (name: string, id: string, ...more: Child[]) => {
    const attrs = { from: `${romeo}/orchard`, to: `${name}@web.example.com`, type: 'chat', id };
    at.server.send(el('message', attrs, el('body', {}, id), ...more));
  };
  const markers = async () =>
    (await at.stanzas()).flatMap((stanza) => find(stanza, 'displayed', 'urn:xmpp:chat-markers:0')?.attrs.id ?? []);

  it('tells the sender who asked, in its thread, and the other sessions; forward only', async () => {
    const { name, alice } = await friend();
    const tablet = await at.gateway.login(name);
    const origin = el('origin-id', { xmlns: 'urn:xmpp:sid:0', id: 'k1-origin' });
    say(name, 'k1', markable, origin, el('thread', {}, 't1'));
    say(name, 'k2', markable);
    await alice.next('message', ({ id }) => id === 'k2');
    await alice.request('message.mark', { to: romeo, id: 'k1-origin', status: 'displayed' });
    const [marker, ...more] = await at.stanzas();
    expect(marker?.attrs).toEqual({ from: `${alice.user}/web`, to: romeo, type: 'chat', id: expect.any(String) });
    expect(children(marker)).toEqual(['displayed', 'thread', 'store']);
    expect(marker && find(marker, 'displayed', 'urn:xmpp:chat-markers:0')?.attrs.id).toBe('k1');
    expect(more).toEqual([]);
    const read = { chat: romeo, kind: 'direct', unread: 1, mentions: 0, readUpTo: { id: 'k1-origin' } };
    expect(await tablet.next('chat')).toMatchObject(read);
    await alice.request('message.mark', { to: `${romeo}/orchard`, id: 'k2' });
    expect(await markers()).toEqual(['k2']);
    expect(await tablet.next('chat')).toMatchObject({ unread: 0, readUpTo: { id: 'k2' } });
    await alice.request('message.mark', { to: romeo, id: 'k1-origin' });
    await alice.request('message.mark', { to: romeo, id: 'k2' });
    expect(await markers()).toEqual([]);
    expect((await alice.rest()).filter(({ type }) => type === 'chat')).toEqual([]);
    expect((await tablet.rest()).filter(({ type }) => type === 'chat')).toEqual([]);
    await tablet.close();
  });

  it('tells nobody but the own sessions what is private, was not asked for, or is nobody else’s business', async () => {
    const { name, alice } = await friend();
    const tablet = await at.gateway.login(name);
    say(name, 'p1', markable);
    say(name, 'p2');
    await alice.next('message', ({ id }) => id === 'p2');
    await alice.request('message.mark', { to: romeo, id: 'p1', private: true });
    await alice.request('message.mark', { to: romeo, id: 'p2' });
    const { id } = await alice.request('message.send', { to: romeo, body: 'my own' });
    await at.stanzas();
    await alice.request('message.mark', { to: romeo, id });
    for (const unread of [1, 0, 0]) expect(await tablet.next('chat')).toMatchObject({ unread });
    const stranger = 'stranger@example.com';
    const attrs = { from: `${stranger}/x`, to: alice.user, type: 'chat', id: 's1' };
    at.server.send(el('message', attrs, el('body', {}, 'psst'), markable));
    await alice.next('message', ({ chat }) => chat === stranger);
    await alice.request('message.mark', { to: stranger, id: 's1' });
    expect(await markers()).toEqual([]);
    await tablet.close();
  });

  it('says nothing while invisible', async () => {
    const { name, alice } = await friend({ presence: false });
    say(name, 'v1', markable);
    await alice.next('message');
    await alice.request('message.mark', { to: romeo, id: 'v1' });
    expect(await markers()).toEqual([]);
  });

  it('refuses a message that does not exist', async () => {
    const { alice } = await friend();
    const unknown = { code: 'item-not-found', field: 'id' };
    expect(await alice.refused('message.mark', { to: romeo, id: 'never' })).toMatchObject(unknown);
    expect(await alice.refused('message.mark', { to: 'nobody@example.com', id: 'never' })).toMatchObject(unknown);
  });
});
