/** What a client does to messages in rooms (XEP-0308, XEP-0424, XEP-0444), and what others may do to them. */
import { describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { roomScene } from '../support/room-scene.ts';
import { scene } from '../support/scene.ts';
import type { ScriptedRoom } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s', STANZAWIRE_LIMITS_RATE: '1000' });
const { muc, room, joined, ignored } = roomScene(at, 'acting');
/** A room that gives its messages no ids. */
const plainRoom = () => room({ stanzaIds: false, archive: false, occupantIds: false });

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
    muc().refuse(({ name }) => name === 'message', 'auth', 'forbidden');
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
