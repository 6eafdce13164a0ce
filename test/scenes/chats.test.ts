/** Conversations: the list with unread counts, settings, and what the other sessions learn (PROTOCOL.md §9, §10). */
import { describe, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import type { Connecting, JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_LIMITS_RATE: '1000', STANZAWIRE_LIMITS_BURST: '1000' });
const [romeo, carol, dave] = ['romeo@example.com', 'carol@example.org', 'dave@example.net'] as const;
let users = 0;

async function someone(connecting: Connecting = {}): Promise<{ name: string; alice: JsonClient }> {
  const name = `user${++users}`;
  return { name, alice: await at.gateway.login(name, connecting) };
}

async function hears(client: JsonClient, from: string, ...texts: string[]): Promise<void> {
  for (const id of texts) {
    at.server.send(el('message', { from: `${from}/x`, to: client.user, type: 'chat', id }, el('body', {}, id)));
    await client.next('message', (message) => message.id === id);
  }
}

describe('chat.list', () => {
  it('has the conversations by last activity, with unread counts and the last message', async () => {
    const { alice } = await someone();
    await hears(alice, romeo, 'r1', 'r2');
    await hears(alice, carol, 'c1');
    await alice.request('message.send', { to: dave, id: 'd1', body: 'hi' });
    await hears(alice, romeo, 'r3');
    const list = await alice.request('chat.list', {});
    expect(list).toMatchObject({
      items: [
        { chat: romeo, kind: 'direct', unread: 3, mentions: 0, last: { id: 'r3', body: 'r3' } },
        { chat: dave, unread: 0, last: { id: 'd1', outgoing: true, status: 'sent' } },
        { chat: carol, unread: 1, last: { id: 'c1' } },
      ],
      first: romeo,
      last: carol,
      count: 3,
      complete: true,
    });
  });

  it('pages', async () => {
    const { alice } = await someone();
    for (const from of [romeo, carol, dave]) await hears(alice, from, `from ${from}`);
    const first = await alice.request('chat.list', { max: 2 });
    expect(first).toMatchObject({ first: dave, last: carol, count: 3, complete: false });
    const second = await alice.request('chat.list', { max: 2, after: carol });
    expect(second).toMatchObject({ items: [{ chat: romeo }], count: 3, complete: true });
    expect(await alice.request('chat.list', { after: romeo })).toEqual({ items: [], count: 3, complete: true });
    expect(await alice.refused('chat.list', { after: 'nobody@example.com' })).toMatchObject({
      code: 'item-not-found',
      field: 'after',
    });
  });

  it('never fills the socket', async () => {
    const { alice } = await someone();
    const long = 'x'.repeat(60_000);
    for (let i = 0; i < 6; i++) {
      at.server.send(el('message', { from: `u${i}@example.com`, to: alice.user, id: `l${i}` }, el('body', {}, long)));
      await alice.next('message');
    }
    const seen: string[] = [];
    for (let after: string | undefined, complete = false; !complete; ) {
      const page = await alice.request('chat.list', after === undefined ? {} : { after });
      expect(JSON.stringify(page).length).toBeLessThan(262_144);
      seen.push(...page.items.map(({ chat }) => chat));
      ({ last: after, complete } = page);
    }
    expect(seen).toEqual([5, 4, 3, 2, 1, 0].map((i) => `u${i}@example.com`));
  });

  it('is in ready for who wants it', async () => {
    const { name, alice } = await someone();
    await hears(alice, romeo, 'r1');
    const tablet = await at.gateway.login(name, { want: ['chats'] });
    expect(tablet.ready?.chats).toMatchObject([{ chat: romeo, unread: 1, last: { id: 'r1' } }]);
    expect(alice.ready).not.toHaveProperty('chats');
    await tablet.close();
  });
});

describe('chat.update', () => {
  it('answers the whole chat, keeps what it was not told, and tells the other sessions', async () => {
    const { name, alice } = await someone();
    const tablet = await at.gateway.login(name);
    await hears(alice, romeo, 'r1');
    const muted = await alice.request('chat.update', { chat: `${romeo}/x`, muted: true });
    expect(muted).toMatchObject({ chat: romeo, kind: 'direct', unread: 1, muted: true, last: { id: 'r1' } });
    expect(await tablet.next('chat')).toEqual(muted);
    const pinned = await tablet.request('chat.update', { chat: romeo, pinned: true, archived: true });
    expect(pinned).toMatchObject({ muted: true, pinned: true, archived: true });
    expect(await alice.next('chat')).toEqual(pinned);
    const loud = await alice.request('chat.update', { chat: romeo, muted: false });
    expect(loud).toMatchObject({ pinned: true });
    expect(loud).not.toHaveProperty('muted');
    await tablet.close();
  });

  it('makes a chat that has no message yet', async () => {
    const { alice } = await someone();
    const chat = { chat: carol, kind: 'direct', unread: 0, mentions: 0, pinned: true };
    expect(await alice.request('chat.update', { chat: carol, pinned: true })).toEqual(chat);
    expect((await alice.request('chat.list', {})).items).toEqual([chat]);
    expect(await alice.refused('chat.update', { chat: '@', pinned: true })).toMatchObject({ field: 'chat' });
  });
});

describe('a chat event', () => {
  it('tells of a new chat, whoever began it, to sessions that hold the list', async () => {
    const { name, alice } = await someone({ want: ['chats'] });
    const plain = await at.gateway.login(name);
    await hears(alice, romeo, 'r1', 'r2');
    expect(await alice.next('chat')).toMatchObject({ chat: romeo, unread: 1, last: { id: 'r1' } });
    await alice.request('message.send', { to: dave, id: 'd1', body: 'hi' });
    expect(await alice.next('chat')).toMatchObject({ chat: dave, unread: 0, last: { id: 'd1' } });
    await alice.request('message.send', { to: dave, id: 'd2', body: 'hi' });
    expect(await alice.rest()).toEqual([]);
    expect((await plain.rest()).filter(({ type }) => type === 'chat')).toEqual([]);
    await plain.close();
  });
});
