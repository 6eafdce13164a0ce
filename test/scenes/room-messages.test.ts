/** What is said in rooms (XEP-0045 §7.4, §7.5): sent, reflected, refused; events for all sessions, each thing once. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el, find } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s', STANZAWIRE_LIMITS_RATE: '1000' });
let muc: ScriptedMuc;
beforeAll(() => {
  muc = ScriptedMuc.on(at.server);
});

let rooms = 0;
/** A room that no other test is in, with Bob in it. */
function room(config: Parameters<ScriptedMuc['room']>[1] = {}): ScriptedRoom {
  rooms += 1;
  const one = muc.room(`said${rooms}`, config);
  one.enter('Bob', { affiliation: 'owner' });
  return one;
}

const open: JsonClient[] = [];
async function joined(user: string, { jid }: ScriptedRoom): Promise<JsonClient> {
  const client = await at.gateway.login(user, { want: ['chats'] });
  open.push(client);
  await client.request('room.join', { room: jid, nick: user });
  return client;
}

afterEach(async () => {
  for (const client of open.splice(0)) {
    const { items } = await client.request('room.list', {});
    await Promise.all(items.filter((one) => one.joined).map((one) => client.request('room.leave', { room: one.room })));
    await client.close();
  }
});

const groupchats = (to: string): Element[] =>
  at.server.received.filter(({ name, attrs }) => name === 'message' && attrs.to === to && attrs.type === 'groupchat');

describe('a message to a room', () => {
  it('is ok with its reflection, which gives it the id of the room', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const sent = await alice.request('message.send', { to: dev.jid, id: 'mine-1', body: 'hi' });
    const archived = dev.archive.items.at(-1)?.id;
    expect(sent).toMatchObject({
      id: archived,
      originId: 'mine-1',
      chat: dev.jid,
      type: 'groupchat',
      archiveId: archived,
    });
    const [stanza, ...more] = groupchats(dev.jid);
    expect(more).toEqual([]);
    expect(stanza?.attrs).toMatchObject({ id: 'mine-1', from: `${alice.user}/web` });
    expect(stanza && find(stanza, 'origin-id', ns.stanzaIds)?.attrs.id).toBe('mine-1');
    expect(stanza && find(stanza, 'request', ns.receipts)).toBeUndefined();
  });

  it('is shown to the other sessions and the other occupants, and never to who sent it', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const tablet = await joined('alice', dev);
    const carol = await joined('carol', dev);
    alice.inbox.take();
    const { id } = await alice.request('message.send', { to: dev.jid, id: 'mine-2', body: 'to all' });
    const own = await tablet.next('message');
    expect(own).toMatchObject({
      id,
      outgoing: true,
      from: `${dev.jid}/alice`,
      to: dev.jid,
      body: 'to all',
      originId: 'mine-2',
    });
    const heard = await carol.next('message');
    expect(heard).toMatchObject({ id, chat: dev.jid, type: 'groupchat', from: `${dev.jid}/alice`, archiveId: id });
    expect(heard).not.toHaveProperty('outgoing');
    expect(heard.occupantId).toBeDefined();
    dev.say('Bob', 'heard');
    expect(await alice.next('message')).toMatchObject({ body: 'heard' });
  });

  it('gets the first answer again where its id is repeated, and conflict with other words', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const first = await alice.request('message.send', { to: dev.jid, id: 'mine-3', body: 'once' });
    expect(await alice.request('message.send', { to: dev.jid, id: 'mine-3', body: 'once' })).toEqual(first);
    await expect(alice.request('message.send', { to: dev.jid, id: 'mine-3', body: 'twice' })).rejects.toMatchObject({
      error: {
        code: 'conflict',
        field: 'id',
      },
    });
    expect(groupchats(dev.jid)).toHaveLength(1);
  });

  it('is refused with what the room has against it', async () => {
    const dev = room({ moderated: true });
    const alice = await joined('alice', dev);
    muc.refuse(({ attrs }) => attrs.id === 'mine-4', 'auth', 'forbidden');
    await expect(alice.request('message.send', { to: dev.jid, id: 'mine-4', body: 'x' })).rejects.toMatchObject({
      error: {
        code: 'forbidden',
        by: dev.jid,
      },
    });
  });

  it('is not refused by an occupant that could not be reached', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    dev.reflects = 'none';
    const sent = alice.request('message.send', { to: dev.jid, id: 'mine-7', body: 'x' });
    const { attrs } = await at.server.next((stanza) => stanza.attrs.id === 'mine-7');
    const error = el('error', { type: 'auth' }, el('forbidden', { xmlns: ns.stanzaErrors }));
    at.server.send(el('message', { type: 'error', id: 'mine-7', from: `${dev.jid}/Bob`, to: attrs.from }, error));
    dev.spoken(
      'alice',
      { id: 'mine-7' },
      [el('body', {}, 'x'), el('origin-id', { xmlns: ns.stanzaIds, id: 'mine-7' })],
      {
        to: () => true,
      },
    );
    expect(await sent).toMatchObject({ originId: 'mine-7' });
  });

  it('that is not reflected is found in the archive, or is not confirmed', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    dev.reflects = 'others';
    const sent = await alice.request('message.send', { to: dev.jid, id: 'mine-5', body: 'archived' });
    expect(sent).toMatchObject({ id: dev.archive.items.at(-1)?.id, originId: 'mine-5' });
    dev.reflects = 'none';
    await expect(alice.request('message.send', { to: dev.jid, id: 'mine-6', body: 'lost' })).rejects.toMatchObject({
      error: {
        code: 'unconfirmed',
        retry: true,
      },
    });
    dev.reflects = 'all';
    const again = await alice.request('message.send', { to: dev.jid, id: 'mine-6', body: 'lost' });
    expect(again.originId).toBe('mine-6');
  });

  it('without a body is none, and of another type neither', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const refused = (data: object) => alice.request('message.send', { to: dev.jid, ...data });
    await expect(refused({ subject: 'new' })).rejects.toMatchObject({ error: { code: 'bad-request', field: 'body' } });
    await expect(refused({ body: 'x', type: 'chat' })).rejects.toMatchObject({
      error: { code: 'bad-request', field: 'type' },
    });
  });
});

describe('what others say in a room', () => {
  it('has the id of the room, and counts as unread until it is marked', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const tablet = await joined('alice', dev);
    const first = dev.say('Bob', 'one', { id: 'b1' });
    dev.say('Bob', 'Alice: two');
    const third = dev.say('Bob', 'three');
    expect(await alice.next('message', ({ body }) => body === 'one')).toMatchObject({
      id: first,
      from: `${dev.jid}/Bob`,
    });
    await alice.next('message', ({ body }) => body === 'three');
    await alice.request('message.mark', { to: dev.jid, id: first });
    expect(await tablet.next('chat', ({ chat, readUpTo }) => chat === dev.jid && readUpTo !== undefined)).toMatchObject(
      {
        kind: 'room',
        unread: 2,
        mentions: 1,
        readUpTo: { id: first },
        last: { id: third },
      },
    );
    await alice.request('message.mark', { to: dev.jid, id: third });
    expect(await tablet.next('chat', ({ chat }) => chat === dev.jid)).toMatchObject({ unread: 0, mentions: 0 });
    expect(groupchats(dev.jid)).toEqual([]);
  });

  it('is edited, retracted and reacted to by whom it may be', async () => {
    const dev = room();
    dev.enter('Eve');
    const alice = await joined('alice', dev);
    const id = dev.say('Bob', 'helo', { id: 'b1' });
    const replace = el('replace', { xmlns: ns.correction, id: 'b1' });
    dev.say('Eve', 'forged', { children: [replace] });
    dev.say('Bob', 'hello', { children: [replace] });
    dev.spoken('Eve', { id: 'e1' }, [el('retract', { xmlns: ns.retraction, id })], { to: () => true });
    dev.spoken('Eve', { id: 'e2' }, [el('reactions', { xmlns: ns.reactions, id }, el('reaction', {}, '👋'))], {
      to: () => true,
    });
    dev.spoken('Bob', { id: 'b2' }, [el('retract', { xmlns: ns.retraction, id })], { to: () => true });
    expect(await alice.next('message')).toMatchObject({ id, body: 'helo' });
    expect(await alice.next('message.edited')).toMatchObject({ replace: id, body: 'hello', from: `${dev.jid}/Bob` });
    expect(await alice.next('reaction')).toMatchObject({ id, from: `${dev.jid}/Eve`, reactions: ['👋'] });
    expect(await alice.next('message.retracted')).toMatchObject({ id, from: `${dev.jid}/Bob` });
    expect(alice.inbox.take().filter(({ type }) => /^message|reaction/.test(type))).toEqual([]);
  });

  it('changes the subject in the room object', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    dev.setSubject('Bob', 'Release day');
    expect(await alice.next('room', ({ subject }) => subject !== undefined)).toMatchObject({
      room: dev.jid,
      subject: 'Release day',
      subjectBy: 'Bob',
    });
  });
});

describe('a private message', () => {
  it('is a chat with the occupant, both ways', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    const bob = `${dev.jid}/Bob`;
    dev.whisper('Bob', 'alice', 'psst', 'w1');
    const heard = await alice.next('message');
    expect(heard).toMatchObject({ chat: bob, from: bob, type: 'chat', body: 'psst' });
    expect(heard.occupantId).toBeDefined();
    const sent = await alice.request('message.send', { to: bob, id: 'w2', body: 'what?' });
    expect(sent).toMatchObject({ chat: bob, type: 'chat', id: 'w2' });
    const stanza = at.server.received.find(({ attrs }) => attrs.id === 'w2');
    expect(stanza?.attrs).toMatchObject({ to: bob, type: 'chat' });
    expect(stanza && find(stanza, 'x', ns.mucUser)).toBeDefined();
    const page = await alice.request('history.get', { chat: bob });
    expect(page.items.map(({ data }) => (data as { body: string }).body)).toEqual(['psst', 'what?']);
  });

  it('is not sent to who has the nick now, if that is somebody else', async () => {
    const dev = room();
    const alice = await joined('alice', dev);
    dev.whisper('Bob', 'alice', 'it is me');
    await alice.next('message');
    dev.exit('Bob');
    dev.enter('Bob', { jid: 'mallory@example.com/x' });
    await alice.next('room.occupant', ({ nick, type }) => nick === 'Bob' && type === 'available');
    await expect(alice.request('message.send', { to: `${dev.jid}/Bob`, body: 'secret' })).rejects.toMatchObject({
      error: {
        code: 'item-not-found',
      },
    });
    await expect(alice.request('message.send', { to: `${dev.jid}/Nobody`, body: 'x' })).rejects.toMatchObject({
      error: {
        code: 'item-not-found',
      },
    });
  });
});
