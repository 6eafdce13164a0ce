/** Messages of rooms that moderators take back (XEP-0425), and messages of private chats in rooms: who may act on them. */
import { describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el, find } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { roomScene } from '../support/room-scene.ts';
import { scene } from '../support/scene.ts';
import { moderation, tombstone } from '../support/scripted-muc/moderation.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s', STANZAWIRE_LIMITS_RATE: '1000' });
const { room, joined, ignored } = roomScene(at, 'moderated');
const refusal = (code: string, field?: string) => ({ error: { code, ...(field ? { field } : {}) } });
const acts = (client: JsonClient) => client.inbox.take().filter(({ type }) => /^message|reaction/.test(type));
const toAll = { to: () => true };

describe.each([
  ['of now', ns.moderation],
  ['of before', ns.moderationOlder],
])('moderation %s', (_, xmlns) => {
  it('is a query to the room, and all are told who did it and why; a tombstone stays', async () => {
    const dev = room({ moderation: [xmlns] });
    dev.affiliations.set('alice@web.example.com', 'admin');
    const alice = await joined('alice', dev);
    const carol = await joined('carol', dev);
    const id = dev.say('Bob', 'buy!', { id: 'spam-1' });
    await carol.next('message');
    await alice.request('message.moderate', { room: dev.jid, id, reason: 'spam' });
    const event = { id, chat: dev.jid, from: dev.jid, moderatedBy: `${dev.jid}/alice`, reason: 'spam' };
    expect(await carol.next('message.retracted')).toMatchObject(event);
    expect(await alice.next('message.retracted')).toMatchObject(event);
    const { items } = await carol.request('history.get', { chat: dev.jid });
    expect(items.map(({ data }) => data)).toMatchObject([
      { id, retracted: { moderatedBy: `${dev.jid}/alice`, reason: 'spam' } },
    ]);
    expect(items[0]?.data).not.toHaveProperty('body');
    await expect(carol.request('message.moderate', { room: dev.jid, id })).rejects.toMatchObject({
      error: { code: 'forbidden', by: dev.jid },
    });
  });

  it('is found in the archive as a tombstone', async () => {
    const dev = room({ moderation: [xmlns] });
    const id = dev.say('Bob', 'buy!', { id: 'spam-2' });
    const last = dev.say('Bob', 'not spam');
    dev.archive.moderate(id, tombstone(xmlns, `${dev.jid}/Bob`, 'spam'));
    const alice = await joined('alice', dev);
    for (const view of ['folded', 'log'] as const) {
      const { items } = await alice.request('history.get', { chat: dev.jid, view });
      const [gone, other] = items.map(({ data }) => data);
      const retracted = { time: '2026-01-01T10:00:00.000Z', moderatedBy: `${dev.jid}/Bob`, reason: 'spam' };
      expect(gone).toMatchObject({ id, from: `${dev.jid}/Bob`, type: 'groupchat', retracted });
      expect(gone).not.toHaveProperty('body');
      expect(other).toMatchObject({ id: last, body: 'not spam' });
    }
    await expect(alice.request('message.react', { to: dev.jid, id, reactions: ['👋'] })).rejects.toMatchObject(
      refusal('item-not-found', 'id'),
    );
  });

  it('counts only from the room itself', async () => {
    const dev = room();
    dev.enter('Eve', { role: 'moderator' });
    const alice = await joined('alice', dev);
    const id = dev.say('Bob', 'stays', { id: 'b1' });
    const own = dev.say('Eve', 'mine', { id: 'e1' });
    await alice.next('message', ({ body }) => body === 'stays');
    await alice.next('message', ({ body }) => body === 'mine');
    const before = await ignored('message.retracted', 'forbidden');
    for (const target of [id, own]) {
      dev.spoken('Eve', { id: crypto.randomUUID() }, [moderation(xmlns, { id: target, by: `${dev.jid}/Eve` })], toAll);
    }
    dev.pass('Eve', 'alice', el('message', { type: 'chat' }, moderation(xmlns, { id, by: dev.jid })));
    await at.stanzas();
    expect(await ignored('message.retracted', 'forbidden')).toBe(before + 3);
    expect(acts(alice)).toEqual([]);
  });
});

describe('a message of a private chat', () => {
  it('is acted on as in 1:1, by whom it is with', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const bob = `${dev.jid}/Bob`;
    const out = () => at.server.received.findLast(({ name, attrs }) => name === 'message' && attrs.to === bob);
    dev.pass('Bob', 'alice', el('message', { type: 'chat', id: 'w1' }, el('body', {}, 'psst')));
    await alice.next('message');
    await alice.request('message.react', { to: bob, id: 'w1', reactions: ['👋'] });
    const reaction = out();
    expect(reaction?.attrs).toMatchObject({ to: bob, type: 'chat' });
    expect(reaction && find(reaction, 'reactions', ns.reactions)?.attrs.id).toBe('w1');
    expect(reaction && find(reaction, 'x', ns.mucUser)).toBeDefined();
    await alice.request('message.send', { to: bob, id: 'w2', body: 'teh' });
    await alice.request('message.edit', { to: bob, id: 'w2', body: 'the' });
    const edit = out();
    expect(edit && find(edit, 'replace', ns.correction)?.attrs.id).toBe('w2');
    expect(edit && find(edit, 'x', ns.mucUser)).toBeDefined();
    dev.pass('Bob', 'alice', el('message', { type: 'chat', id: 'w3' }, set('w2', '👍')));
    expect(await alice.next('reaction')).toMatchObject({ id: 'w2', chat: bob, from: bob });
    const { items } = await alice.request('history.get', { chat: bob });
    expect(items.map(({ data }) => data)).toMatchObject([
      { id: 'w1', reactions: { [alice.user]: ['👋'] } },
      { id: 'w2', body: 'the', reactions: { [bob]: ['👍'] } },
    ]);
    await alice.request('message.retract', { to: bob, id: 'w2' });
    const retraction = out();
    expect(retraction && find(retraction, 'retract', ns.retraction)?.attrs.id).toBe('w2');
  });

  it.each([true, false])('is not acted on by whoever has the nick next (occupant-ids: %s)', async (occupantIds) => {
    const dev = room({ occupantIds });
    const alice = await joined('alice', dev);
    const bob = `${dev.jid}/Bob`;
    const own = `own-${occupantIds}`;
    dev.pass('Bob', 'alice', el('message', { type: 'chat', id: 'w1' }, el('body', {}, 'mine')));
    await alice.next('message');
    await alice.request('message.send', { to: bob, id: own, body: 'yours' });
    dev.exit('Bob');
    dev.enter('Bob', { jid: 'mallory@example.com/x' });
    await alice.next('room.occupant', ({ nick, type }) => nick === 'Bob' && type === 'available');
    const before = await ignored('message.retracted', 'forbidden');
    dev.pass(
      'Bob',
      'alice',
      el('message', { type: 'chat', id: 'f1' }, el('retract', { xmlns: ns.retraction, id: 'w1' })),
    );
    dev.pass(
      'Bob',
      'alice',
      el('message', { type: 'chat', id: 'f2' }, el('received', { xmlns: ns.receipts, id: own })),
    );
    await at.stanzas();
    expect(await ignored('message.retracted', 'forbidden')).toBe(before + 1);
    expect(acts(alice)).toEqual([]);
    if (occupantIds) {
      expect(alice.inbox.take().filter(({ type }) => type === 'receipt')).toEqual([]);
      await expect(alice.request('message.edit', { to: bob, id: own, body: 'x' })).rejects.toMatchObject(
        refusal('item-not-found', 'to'),
      );
    }
  });
});

function set(id: string, ...reactions: string[]): Element {
  return el('reactions', { xmlns: ns.reactions, id }, ...reactions.map((text) => el('reaction', {}, text)));
}
