/** What a client does to messages in rooms (XEP-0308, XEP-0424, XEP-0425, XEP-0444), and what others may do to them. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { moderation, tombstone } from '../support/scripted-muc/moderation.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s', STANZAWIRE_LIMITS_RATE: '1000' });
let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});

let rooms = 0;
function room(config: Parameters<ScriptedMuc['room']>[1] = {}): ScriptedRoom {
  rooms += 1;
  const one = muc.room(`acting${rooms}`, config);
  one.enter('Bob', { affiliation: 'owner' });
  return one;
}
/** A room that gives its messages no ids. */
const plainRoom = () => room({ stanzaIds: false, archive: false, occupantIds: false });

const open: JsonClient[] = [];
async function joined(user: string, { jid }: ScriptedRoom): Promise<JsonClient> {
  const client = await at.gateway.login(user, {});
  open.push(client);
  await client.request('room.join', { room: jid, nick: user });
  client.inbox.take();
  return client;
}
afterEach(async () => {
  for (const client of open.splice(0)) {
    const { items } = await client.request('room.list', {});
    await Promise.all(items.filter((one) => one.joined).map((one) => client.request('room.leave', { room: one.room })));
    await client.close();
  }
});

const refusal = (code: string, field?: string) => ({ error: { code, ...(field ? { field } : {}) } });
/** The newest groupchat message that the room was sent. */
const newest = ({ jid }: ScriptedRoom): Element =>
  at.server.received.findLast(
    ({ name, attrs }) => name === 'message' && attrs.to === jid && attrs.type === 'groupchat',
  ) ?? el('nothing');
const toAll = { to: () => true };
const acts = (client: JsonClient) => client.inbox.take().filter(({ type }) => /^message|reaction/.test(type));

describe('an edit in a room', () => {
  it('names the id attribute of the first version, and is ok with its reflection', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const tablet = await joined('alice', dev);
    const carol = await joined('carol', dev);
    const { id } = await alice.request('message.send', { to: dev.jid, id: 'first', body: 'teh', thread: 't' });
    const one = await alice.request('message.edit', { to: dev.jid, id, body: 'the' });
    expect(one).toMatchObject({ replace: id, chat: dev.jid, type: 'groupchat', id: dev.archive.items.at(-1)?.id });
    expect(one.originId).toBe(newest(dev).attrs.id);
    const stanza = newest(dev);
    expect(find(stanza, 'replace', ns.correction)?.attrs.id).toBe('first');
    expect(childText(stanza, 'thread', '')).toBe('t');
    expect(find(stanza, 'origin-id', ns.stanzaIds)?.attrs.id).toBe(stanza.attrs.id);
    expect(find(stanza, 'request', ns.receipts)).toBeUndefined();
    await alice.request('message.edit', { to: dev.jid, id, body: 'the end' });
    expect(find(newest(dev), 'replace', ns.correction)?.attrs.id).toBe('first');
    expect(await tablet.next('message.edited')).toMatchObject({ replace: id, body: 'the', outgoing: true });
    expect(await carol.next('message.edited')).toMatchObject({ replace: id, body: 'the', from: `${dev.jid}/alice` });
    await carol.next('message.edited');
    expect(acts(alice)).toEqual([]);
    const { items } = await alice.request('history.get', { chat: dev.jid });
    expect(items.map(({ data }) => data)).toMatchObject([{ id, body: 'the end', thread: 't', edited: {} }]);
  });

  it('of a message that only the archive has starts from its last version', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const { id } = await alice.request('message.send', { to: dev.jid, id: 'old', body: 'teh', thread: 't' });
    await alice.request('message.edit', { to: dev.jid, id, thread: 't2' });
    for (let i = 0; i < 300; i++) dev.say('Bob', `${i}`);
    await alice.next('message', ({ body }) => body === '299');
    await alice.request('message.edit', { to: dev.jid, id, body: 'the' });
    expect(childText(newest(dev), 'thread', '')).toBe('t2');
    expect(find(newest(dev), 'replace', ns.correction)?.attrs.id).toBe('old');
  });

  it('without ids of the room names the id attribute too', async () => {
    const dev = plainRoom();
    const alice = await joined('alice', dev);
    const carol = await joined('carol', dev);
    const { id } = await alice.request('message.send', { to: dev.jid, id: 'plain-1', body: 'teh' });
    expect(id).toBe('plain-1');
    await alice.request('message.edit', { to: dev.jid, id, body: 'the' });
    expect(find(newest(dev), 'replace', ns.correction)?.attrs.id).toBe('plain-1');
    expect(await carol.next('message.edited')).toMatchObject({ replace: 'plain-1', body: 'the' });
  });

  it('with an id of its own is sent once, and refused with what the room has against it', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const { id } = await alice.request('message.send', { to: dev.jid, body: 'teh' });
    const data = { to: dev.jid, id, originId: 'an-edit', body: 'the' };
    const first = await alice.request('message.edit', data);
    const before = dev.archive.items.length;
    expect(await alice.request('message.edit', data)).toEqual(first);
    expect(dev.archive.items).toHaveLength(before);
    muc.refuse(({ name }) => name === 'message', 'auth', 'forbidden');
    await expect(alice.request('message.edit', { to: dev.jid, id, body: 'no' })).rejects.toMatchObject({
      error: { code: 'forbidden', by: dev.jid },
    });
  });

  it('of what others have said, or of nothing, is refused', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const id = dev.say('Bob', 'mine');
    await alice.next('message');
    const edit = (target: string) => alice.request('message.edit', { to: dev.jid, id: target, body: 'x' });
    await expect(edit(id)).rejects.toMatchObject(refusal('forbidden', 'id'));
    await expect(edit('unheard-of')).rejects.toMatchObject(refusal('item-not-found', 'id'));
    const { id: file } = await alice.request('message.send', {
      to: dev.jid,
      files: [{ url: 'https://example.com/a' }],
    });
    await expect(edit(file)).rejects.toMatchObject(refusal('bad-request', 'files'));
  });
});

describe('a retraction in a room', () => {
  it("names the room's id, with a text for others and a hint to store it", async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const carol = await joined('carol', dev);
    const { id } = await alice.request('message.send', { to: dev.jid, id: 'oops', body: 'oops' });
    const acted = await alice.request('message.retract', { to: dev.jid, id });
    expect(acted).toEqual({ id, chat: dev.jid, time: expect.any(String), archiveId: dev.archive.items.at(-1)?.id });
    expect(find(newest(dev), 'retract', ns.retraction)?.attrs.id).toBe(id);
    expect(elements(newest(dev)).map(nameOf)).toEqual(['retract', 'fallback', 'body', 'store', 'origin-id']);
    expect(await carol.next('message.retracted')).toMatchObject({ id, from: `${dev.jid}/alice` });
    expect(acts(alice)).toEqual([]);
    const { items } = await carol.request('history.get', { chat: dev.jid });
    expect(items.map(({ data }) => data)).toMatchObject([{ id, retracted: {} }]);
    await alice.request('message.retract', { to: dev.jid, id });
    await expect(alice.request('message.react', { to: dev.jid, id, reactions: ['👋'] })).rejects.toMatchObject(
      refusal('item-not-found', 'id'),
    );
  });

  it('without ids of the room names the origin-id', async () => {
    const dev = plainRoom();
    const alice = await joined('alice', dev);
    const carol = await joined('carol', dev);
    await alice.request('message.send', { to: dev.jid, id: 'plain-2', body: 'oops' });
    await alice.request('message.retract', { to: dev.jid, id: 'plain-2' });
    expect(find(newest(dev), 'retract', ns.retraction)?.attrs.id).toBe('plain-2');
    expect(await carol.next('message.retracted')).toMatchObject({ id: 'plain-2' });
  });

  it('of what others have said is forbidden; from others it is ignored and counted', async () => {
    const dev = room();
    dev.enter('Eve');
    const alice = await joined('alice', dev);
    const id = dev.say('Bob', 'mine');
    await alice.next('message');
    await expect(alice.request('message.retract', { to: dev.jid, id })).rejects.toMatchObject(refusal('forbidden'));
    const before = await ignored('message.retracted', 'forbidden');
    dev.spoken('Eve', { id: 'e1' }, [el('retract', { xmlns: ns.retraction, id })], toAll);
    await at.stanzas();
    expect(await ignored('message.retracted', 'forbidden')).toBe(before + 1);
    expect(acts(alice)).toEqual([]);
  });
});

async function ignored(type: string, reason: string): Promise<number> {
  const start = `stanzawire_actions_ignored_total{type="${type}",reason="${reason}"}`;
  const line = (await at.gateway.metrics()).split('\n').find((one) => one.startsWith(start));
  return Number(line?.split(' ').at(-1));
}

describe('reactions in a room', () => {
  it("name the room's id, and are one set for each occupant, whatever the nick", async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const carol = await joined('carol', dev);
    const id = dev.say('Bob', 'hi', { id: 'b1' });
    await alice.next('message');
    const acted = await alice.request('message.react', { to: dev.jid, id, reactions: ['👋', '🐢'] });
    expect(acted).toMatchObject({ id, chat: dev.jid });
    expect(find(newest(dev), 'reactions', ns.reactions)?.attrs.id).toBe(id);
    expect(await carol.next('reaction')).toMatchObject({
      id,
      from: `${dev.jid}/alice`,
      occupantId: expect.any(String),
      reactions: ['👋', '🐢'],
    });
    await alice.request('room.nick', { room: dev.jid, nick: 'alicia' });
    await alice.request('message.react', { to: dev.jid, id, reactions: ['🐢'] });
    const { items } = await carol.request('history.get', { chat: dev.jid });
    expect(items[0]?.data).toMatchObject({ reactions: { [`${dev.jid}/alicia`]: ['🐢'] } });
    expect(items[0]?.data).not.toHaveProperty(['reactions', `${dev.jid}/alice`]);
  });

  it('and moderation need ids of the room', async () => {
    const dev = plainRoom();
    const alice = await joined('alice', dev);
    const id = dev.say('Bob', 'hi', { id: 'b1' });
    const said = await alice.next('message');
    expect(said.id).not.toBe(id);
    const sentBefore = newest(dev);
    await expect(alice.request('message.react', { to: dev.jid, id: said.id, reactions: ['👋'] })).rejects.toMatchObject(
      refusal('feature-not-implemented', 'to'),
    );
    await expect(alice.request('message.moderate', { room: dev.jid, id: said.id })).rejects.toMatchObject(
      refusal('feature-not-implemented', 'room'),
    );
    expect(newest(dev)).toEqual(sentBefore);
  });
});

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
