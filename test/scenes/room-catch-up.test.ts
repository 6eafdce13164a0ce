/** What was missed in a room comes from its archive (XEP-0313) or with the join, all of it and once (PROTOCOL.md §5, §6, §10). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventData } from '../../src/protocol/frames.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import { type Element, el, find } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';
import { ScriptedMuc, type ScriptedRoom } from '../support/scripted-muc.ts';

const env = {
  STANZAWIRE_LIMITS_SEND_TIMEOUT: '3s',
  STANZAWIRE_LIMITS_RATE: '1000',
  STANZAWIRE_XMPP_PACE: '1000',
};
const at = scene(env);
const kinds = ['prosody-0.12', 'prosody-13', 'ejabberd-23.01', 'ejabberd-24.12'] as const;
const services = new Map<string, ScriptedMuc>();
beforeAll(() => {
  for (const like of kinds) {
    services.set(like, ScriptedMuc.on(at.server, { domain: `${like}.example.com`, like }));
  }
});

let rooms = 0;
function room(like: (typeof kinds)[number], config: Parameters<ScriptedMuc['room']>[1] = {}): ScriptedRoom {
  rooms += 1;
  const muc = services.get(like);
  if (!muc) throw new Error('no such service');
  const one = muc.room(`missed${rooms}`, config);
  one.enter('Bob', { affiliation: 'owner' });
  return one;
}

const open: JsonClient[] = [];
async function login(user: string): Promise<JsonClient> {
  const client = await at.gateway.login(user, { want: ['chats'] });
  open.push(client);
  return client;
}
async function joined(user: string, { jid }: ScriptedRoom): Promise<JsonClient> {
  const client = await login(user);
  await client.request('room.join', { room: jid, nick: user });
  return client;
}

const folder = mkdtempSync(join(tmpdir(), 'room-catch-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A gateway that has lost no link before: it would wait longer each time. */
beforeEach(() => at.restart(env));
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** The link is lost while these are said, and comes back. */
async function withoutLink(clients: readonly JsonClient[], meanwhile: () => void): Promise<void> {
  at.server.drop('rst');
  for (const client of clients) await client.next('state', ({ link }) => link === 'down');
  meanwhile();
}

/** The bodies of messages up to that one. */
async function heard(client: JsonClient, last: string): Promise<(string | undefined)[]> {
  const bodies: (string | undefined)[] = [];
  for (;;) {
    const { body } = await client.next('message');
    bodies.push(body);
    if (body === last) return bodies;
  }
}

const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const queries = ({ jid }: ScriptedRoom): Element[] =>
  at.server.received.filter(({ name, attrs, children }) => {
    const [payload] = children;
    return name === 'iq' && attrs.to === jid && typeof payload === 'object' && payload.attrs.xmlns === ns.mam;
  });

describe.each(kinds)('after a loss of the link, with a room of %s', (like) => {
  it('all accounts are told what they missed, each thing once, in its order', async () => {
    const dev = room(like);
    const all = [await joined('alice', dev), await joined('bob', dev), await joined('carol', dev)];
    dev.say('Bob', 'before');
    for (const client of all) await client.next('message');
    const before = queries(dev).length;
    await withoutLink(all, () => {
      dev.forget('alice');
      for (const text of numbered(1, 120)) dev.say('Bob', text);
    });
    await Promise.all(all.map((client) => client.next('room', ({ joined: isIn }) => isIn)));
    dev.say('Bob', 'after');
    for (const client of all) expect(await heard(client, 'after')).toEqual([...numbered(1, 120), 'after']);
    for (const client of all) expect((await client.rest()).filter(({ type }) => type === 'message')).toEqual([]);
    // One of them has asked for all: the newest page, and those between.
    expect(queries(dev).length - before).toBeLessThanOrEqual(5);
  });

  it('that loses nothing, nothing comes twice', async () => {
    const dev = room(like);
    const alice = await joined('alice', dev);
    dev.say('Bob', 'before');
    await alice.next('message');
    await withoutLink([alice], () => undefined);
    await alice.next('room', ({ joined: isIn }) => isIn);
    dev.say('Bob', 'after');
    expect(await heard(alice, 'after')).toEqual(['after']);
  });

  it('an archive that has forgotten the place is read from its time on', async () => {
    const dev = room(like);
    const alice = await joined('alice', dev);
    for (const text of numbered(1, 3)) dev.say('Bob', text);
    await heard(alice, '3');
    await withoutLink([alice], () => {
      dev.archive.items.pop();
      for (const text of numbered(4, 70)) dev.say('Bob', text);
    });
    expect(await heard(alice, '70')).toEqual(numbered(4, 70));
  });

  it('a room without an archive sends what it has of it', async () => {
    const dev = room(like, { archive: false, stanzaIds: false, history: 100 });
    const [alice, bob] = [await joined('alice', dev), await joined('bob', dev)];
    const say = (text: string) =>
      dev.spoken('Bob', { id: text }, [el('body', {}, text)], { to: () => true, archived: true });
    for (const text of numbered(1, 3)) say(text);
    for (const client of [alice, bob]) await heard(client, '3');
    await withoutLink([alice, bob], () => numbered(4, 6).forEach(say));
    for (const client of [alice, bob]) await client.next('room', ({ joined: isIn }) => isIn);
    say('7');
    for (const client of [alice, bob]) expect(await heard(client, '7')).toEqual(numbered(4, 7));
  });
});

describe('a message that was under way when the link was lost', () => {
  it('is not sent again where the room has it', async () => {
    const dev = room('prosody-13');
    const alice = await joined('alice', dev);
    dev.reflects = 'others';
    const sent = alice.request('message.send', { to: dev.jid, id: 'way-1', body: 'there' });
    await at.server.next(({ attrs }) => attrs.id === 'way-1');
    await withoutLink([alice], () => undefined);
    expect(await sent).toMatchObject({ id: dev.archive.items.at(-1)?.id, originId: 'way-1' });
    await at.stanzas();
    expect(at.server.received.filter(({ attrs }) => attrs.id === 'way-1')).toHaveLength(1);
    expect((await alice.rest()).filter(({ type }) => type === 'message')).toEqual([]);
  });

  it('is sent again where the room does not have it', async () => {
    const dev = room('prosody-13');
    const alice = await joined('alice', dev);
    dev.reflects = 'none';
    const sent = alice.request('message.send', { to: dev.jid, id: 'way-2', body: 'lost' });
    await at.server.next(({ attrs }) => attrs.id === 'way-2');
    await withoutLink([alice], () => {
      dev.reflects = 'all';
    });
    expect(await sent).toMatchObject({ originId: 'way-2' });
    expect(at.server.received.filter(({ attrs }) => attrs.id === 'way-2')).toHaveLength(2);
  });

  it('is not confirmed where there is no archive', async () => {
    const dev = room('prosody-13', { archive: false, stanzaIds: false });
    const alice = await joined('alice', dev);
    dev.reflects = 'none';
    const sent = alice.refused('message.send', { to: dev.jid, id: 'way-3', body: 'who knows' });
    await at.server.next(({ attrs }) => attrs.id === 'way-3');
    await withoutLink([alice], () => undefined);
    expect(await sent).toMatchObject({ code: 'unconfirmed', retry: false });
    expect(at.server.received.filter(({ attrs }) => attrs.id === 'way-3')).toHaveLength(1);
  });

  it('waits for the link where it was not sent yet', async () => {
    const dev = room('prosody-13');
    const alice = await joined('alice', dev);
    let sent: Promise<unknown> | undefined;
    await withoutLink([alice], () => {
      sent = alice.request('message.send', { to: dev.jid, id: 'way-4', body: 'later' });
    });
    expect(await sent).toMatchObject({ originId: 'way-4' });
  });
});

describe('an account that had no session', () => {
  it('is told how much is unread, and what is said since it has one', async () => {
    const dev = room('prosody-13');
    const alice = await joined('dora', dev);
    dev.say('Bob', 'seen');
    await alice.next('message');
    open.splice(0);
    await alice.close();
    await at.server.until(() => !dev.occupants.has('dora'));
    const longAgo = new Date(Date.now() - 60_000);
    for (const text of ['one', 'dora: two', 'three']) dev.say('Bob', text, { time: longAgo });
    const again = await login('dora');
    const chat: EventData<'chat'> = await again.next('chat', ({ chat: jid }) => jid === dev.jid);
    expect(chat).toMatchObject({ kind: 'room', unread: 4, mentions: 1, last: { body: 'three' } });
    dev.say('Bob', 'four');
    expect(await heard(again, 'four')).toEqual(['four']);
    const page = await again.request('history.get', { chat: dev.jid, max: 2, before: chat.last?.archiveId ?? '' });
    expect(page.items.map(({ data }) => (data as { body: string }).body)).toEqual(['one', 'dora: two']);
    const since = await again.request('history.get', { chat: dev.jid, after: page.last ?? '' });
    expect(since.items.map(({ data }) => (data as { body: string }).body)).toEqual(['three', 'four']);
    expect(since.complete).toBe(true);
  });

  it('that asks for history with its first join is shown so much of it', async () => {
    const dev = room('prosody-13');
    for (const text of numbered(1, 5)) dev.say('Bob', text);
    const alice = await login('alice');
    await alice.request('room.join', { room: dev.jid, nick: 'alice', history: { max: 2 } });
    expect(await heard(alice, '5')).toEqual(['4', '5']);
    const bob = await login('bob');
    await bob.request('room.join', { room: dev.jid, nick: 'bob', history: { max: 1 } });
    expect(await heard(bob, '5')).toEqual(['5']);
    const join = at.server.received.find(({ name, attrs }) => name === 'presence' && attrs.to === `${dev.jid}/alice`);
    const x = join && find(join, 'x', ns.muc);
    expect(x && find(x, 'history', ns.muc)?.attrs).toEqual({ maxstanzas: '0' });
  });
});

describe('after a restart of the gateway', () => {
  const kept = { ...env, STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'store.sqlite')}` };

  it('the room is in the list of chats, with what is unread, and a repeated message is not sent again', async () => {
    await at.restart(kept);
    const dev = room('prosody-13');
    const alice = await joined('alice', dev);
    const read = dev.say('Bob', 'read');
    await alice.next('message');
    await alice.request('message.mark', { to: dev.jid, id: read });
    await alice.request('chat.update', { chat: dev.jid, muted: true });
    const sent = await alice.request('message.send', { to: dev.jid, id: 'kept-1', body: 'sent' });
    dev.reflects = 'others';
    const lost = alice.answer({ type: 'message.send', data: { to: dev.jid, id: 'kept-2', body: 'half' } });
    lost.catch(() => undefined);
    await at.server.next(({ attrs }) => attrs.id === 'kept-2');
    open.splice(0);
    await at.restart(kept);
    dev.reflects = 'all';
    for (const text of ['one', 'alice: two']) dev.say('Bob', text);
    const again = await login('alice');
    expect(again.ready?.chats).toMatchObject([{ chat: dev.jid, kind: 'room', muted: true, readUpTo: { id: read } }]);
    const chat = await again.next('chat', ({ unread }) => unread > 0);
    expect(chat).toMatchObject({ unread: 2, mentions: 1, muted: true, last: { body: 'alice: two' } });
    expect(await again.request('chat.list', {})).toMatchObject({ items: [chat], count: 1 });
    expect(await again.request('message.send', { to: dev.jid, id: 'kept-1', body: 'sent' })).toEqual(sent);
    const half = await again.request('message.send', { to: dev.jid, id: 'kept-2', body: 'half' });
    expect(half).toMatchObject({
      originId: 'kept-2',
      id: dev.archive.items.find(({ stanza }) => stanza.attrs.id === 'kept-2')?.id,
    });
    expect(at.server.received.filter(({ attrs }) => attrs.id?.startsWith('kept-'))).toHaveLength(2);
    await again.request('room.leave', { room: dev.jid });
    expect(await again.request('chat.list', {})).toMatchObject({ items: [], count: 0 });
  });
});
