/** The state helper: what a page shows follows from the events, and an object that did not change is the same object. */
import { describe, expect, test } from 'vitest';
import { createState, type Snapshot, type State } from '../../src/client/state/state.ts';
import type { ConnectOptions } from '../../src/client/types.ts';
import type { Ready } from '../../src/protocol/frames.ts';
import type { ScriptedSocket } from '../support/scripted-gateway.ts';
import { message, scripted } from './scripted.ts';

const script = scripted();
const bob = 'bob@example.com';
const room = 'dev@rooms.example.com';
const time = '2026-01-01T11:00:00.000Z';

async function online(ready: Partial<Ready> = {}, options: Partial<ConnectOptions> = {}) {
  const { chat } = script.connect(options);
  const state = createState(chat);
  const socket = await script.gateway.socket();
  await socket.welcome(ready);
  await chat.ready;
  return { chat, state, socket };
}

/** What is shown once the client has handled everything. */
async function shownTo(socket: ScriptedSocket, state: State): Promise<Snapshot> {
  await socket.settled();
  return state.getSnapshot();
}

const bodies = (shown: Snapshot, chat = bob) => (shown.messages[chat] ?? []).map(({ body }) => body);

test('the snapshots of ready are there, and only what has changed is another object', async () => {
  const contacts = [bob, 'carol@example.org'].map((jid) => ({ jid, groups: [], subscription: 'both' as const }));
  const { state, socket } = await online({ contacts, rooms: [{ room, joined: true, features: [] }] });
  const before = state.getSnapshot();
  expect(Object.keys(before.contacts)).toEqual([bob, 'carol@example.org']);
  expect(before).toMatchObject({ status: 'online', link: 'up', user: 'alice@web.example.com' });
  let told = 0;
  state.subscribe(() => told++);
  const presence = { user: bob, type: 'available' };
  socket.send({ type: 'presence', data: { ...presence, from: `${bob}/phone`, show: 'away' } });
  socket.send({ type: 'presence', data: { ...presence, from: `${bob}/desk` } });
  socket.send({ type: 'presence', data: { ...presence, from: `${bob}/tv`, show: 'xa' } });
  const shown = await shownTo(socket, state);
  expect(shown.contacts[bob]?.presence).toMatchObject({ from: `${bob}/desk` });
  expect(shown.contacts['carol@example.org']).toBe(before.contacts['carol@example.org']);
  expect(shown.rooms).toBe(before.rooms);
  expect(before.contacts[bob]).not.toHaveProperty('presence');
  expect(told).toBeGreaterThan(0);
});

describe('messages', () => {
  test('are in the order of their times, counted as unread, and read', async () => {
    const { state, socket } = await online();
    socket.event('message', message('m2', { time: '2026-01-01T10:02:00.000Z' }));
    socket.event('message', message('m1', { time: '2026-01-01T10:01:00.000Z' }));
    const shown = await shownTo(socket, state);
    expect(bodies(shown)).toEqual(['m1', 'm2']);
    expect(shown.chats[bob]).toMatchObject({ kind: 'direct', unread: 2 });
    state.read(bob);
    expect(state.getSnapshot().chats[bob]?.unread).toBe(0);
    expect((await socket.answer('message.mark')).data).toEqual({ to: bob, id: 'm2' });
  });

  test('are edited, taken back, and reacted to', async () => {
    const { state, socket } = await online();
    socket.event('message', message('m1'));
    socket.event('message', message('m2'));
    socket.event('reaction', { chat: bob, id: 'm1', from: `${bob}/phone`, reactions: ['👋'], time });
    socket.event('message.edited', { ...message('e1', { body: 'better', time }), replace: 'm1' });
    socket.event('message.retracted', { chat: bob, id: 'm2', from: `${bob}/phone`, time });
    const [first, second] = (await shownTo(socket, state)).messages[bob] ?? [];
    expect(first).toMatchObject({ id: 'm1', body: 'better', edited: { time }, reactions: { [bob]: ['👋'] } });
    expect(first?.time).toBe('2026-01-01T10:00:00.000Z');
    expect(second).toMatchObject({ id: 'm2', retracted: { time } });
    expect(second).not.toHaveProperty('body');
  });

  test('show what this session does to them, though no event tells it', async () => {
    const { chat, state, socket } = await online();
    socket.event('message', message('m1', { outgoing: true, subject: 'gone soon' }));
    socket.event('message', message('m2', { outgoing: true }));
    await socket.settled();
    const done = [
      chat.request('message.react', { to: bob, id: 'm1', reactions: ['🐢'] }),
      chat.request('message.edit', { to: bob, id: 'm1', body: 'better', subject: null }),
      chat.request('message.retract', { to: bob, id: 'm2' }),
    ];
    await socket.answer('message.react', { id: 'm1', chat: bob, time });
    await socket.answer('message.edit', { id: 'e1', replace: 'm1', chat: bob, type: 'chat', time });
    await socket.answer('message.retract', { id: 'm2', chat: bob, time });
    await Promise.all(done);
    const [first, second] = state.getSnapshot().messages[bob] ?? [];
    const reactions = { 'alice@web.example.com': ['🐢'] };
    expect(first).toMatchObject({ id: 'm1', body: 'better', edited: { time }, reactions });
    expect(first).not.toHaveProperty('subject');
    expect(second).toMatchObject({ id: 'm2', retracted: { time } });
    expect(second).not.toHaveProperty('body');
  });

  test('of the own show their rung at once, and displayed is what came before too', async () => {
    const { chat, state, socket } = await online();
    const all = ['one', 'two'].map((body) => chat.send({ to: bob, body }));
    expect(state.getSnapshot().messages[bob]).toMatchObject([
      { status: 'pending' },
      { status: 'pending', outgoing: true },
    ]);
    for (const { id } of all) await socket.answer('message.send', { id, chat: bob, type: 'chat', time, archiveId: id });
    await Promise.all(all);
    expect(state.getSnapshot().messages[bob]).toMatchObject([
      { status: 'sent' },
      { status: 'sent', archiveId: all[1]?.id },
    ]);
    expect(state.getSnapshot().chats[bob]).toMatchObject({ unread: 0, last: { body: 'two' } });
    socket.event('receipt', { chat: bob, id: all[1]?.id, from: bob, status: 'displayed', time });
    expect((await shownTo(socket, state)).messages[bob]).toMatchObject([
      { status: 'displayed' },
      { status: 'displayed' },
    ]);
  });

  test('that have failed say why, and are sent again', async () => {
    const { chat, state, socket } = await online();
    const sending = chat.send({ to: bob, body: 'hi' });
    await socket.refuse('message.send', { code: 'service-unavailable' });
    await expect(sending).rejects.toThrow();
    const failed = state.getSnapshot().messages[bob]?.[0];
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'service-unavailable' }, body: 'hi' });
    const again = failed && state.retry(failed);
    await socket.answer('message.send', { id: again?.id, chat: bob, type: 'chat', time });
    await again;
    expect(state.getSnapshot().messages[bob]).toMatchObject([{ id: sending.id, status: 'sent', body: 'hi' }]);
    expect(state.getSnapshot().messages[bob]?.[0]).not.toHaveProperty('error');
  });

  test('sent to a room come under the id and the place that the room gives them', async () => {
    const { chat, state, socket } = await online({ rooms: [{ room, joined: true, features: [] }] });
    const sending = chat.send({ to: room, body: 'hi all' });
    expect(state.getSnapshot().messages[room]?.[0]).toMatchObject({ type: 'groupchat', status: 'pending' });
    await socket.answer('message.send', { id: 'r7', originId: sending.id, chat: room, type: 'groupchat', time });
    await sending;
    expect(state.getSnapshot().messages[room]).toMatchObject([
      { id: 'r7', originId: sending.id, time, body: 'hi all' },
    ]);
  });

  test('that are older are loaded before those that are there', async () => {
    const { state, socket } = await online();
    socket.event('message', message('m3', { archiveId: 'a3' }));
    await socket.settled();
    const loading = state.load(bob, 2);
    const items = ['m1', 'm2'].map((id, at) => ({
      type: 'message',
      data: message(id, { archiveId: `a${at}`, time: `2025-01-0${at + 1}T00:00:00.000Z` }),
    }));
    const asked = await socket.answer('history.get', { items, complete: true });
    expect(asked.data).toEqual({ chat: bob, view: 'folded', before: 'a3', max: 2 });
    expect(await loading).toBe(false);
    expect(bodies(state.getSnapshot())).toEqual(['m1', 'm2', 'm3']);
    expect(state.getSnapshot().complete[bob]).toBe(true);
  });

  test('are forgotten where there is a gap, but for those that are not sent', async () => {
    const { chat, state, socket } = await online({ archive: { last: 'a1' } });
    socket.event('message', message('m2', { archiveId: 'a2' }));
    await socket.settled();
    chat.send({ to: bob, body: 'mine' }).catch(() => undefined);
    socket.cut();
    const again = await script.gateway.socket();
    await again.welcome({ session: 's_2', archive: { last: 'a9' } });
    await again.refuse('history.get', { code: 'item-not-found' });
    expect(bodies(await shownTo(again, state))).toEqual(['mine']);
  });

  test('end the typing of their sender', async () => {
    const { state, socket } = await online();
    const typing = (state: string) => ({ type: 'typing', data: { chat: bob, from: `${bob}/phone`, state } });
    socket.send(typing('composing'));
    expect((await shownTo(socket, state)).typing[bob]).toEqual({ [`${bob}/phone`]: 'composing' });
    socket.event('message', message('m1'));
    expect((await shownTo(socket, state)).typing[bob]).toEqual({});
  });
});

test('requests for contact come and go', async () => {
  const { chat, state, socket } = await online({ contacts: [], requests: [] });
  socket.event('contact.request', { jid: 'carol@example.org', nick: 'Carol' });
  expect((await shownTo(socket, state)).requests).toHaveProperty(['carol@example.org']);
  socket.event('contact', { jid: 'carol@example.org', groups: [], subscription: 'from' });
  const shown = await shownTo(socket, state);
  expect([shown.requests, Object.keys(shown.contacts)]).toEqual([{}, ['carol@example.org']]);
  socket.event('contact.removed', { jid: 'carol@example.org' });
  expect((await shownTo(socket, state)).contacts).toEqual({});
  const adding = chat.request('contact.add', { jid: bob });
  await socket.answer('contact.add', { jid: bob, groups: [], subscription: 'none', ask: true });
  await adding;
  expect(state.getSnapshot().contacts[bob]).toMatchObject({ ask: true });
});

test('rooms have their occupants', async () => {
  const { chat, state, socket } = await online();
  const occupant = (nick: string, more: object = {}) => ({
    room,
    nick,
    type: 'available',
    affiliation: 'none',
    role: 'participant',
    statusCodes: [],
    ...more,
  });
  const joining = chat.request('room.join', { room });
  const joined = { room, joined: true, nick: 'alice', features: [] };
  await socket.answer('room.join', {
    room: joined,
    occupants: [occupant('bob')],
    self: occupant('alice', { self: true }),
  });
  await joining;
  socket.send({ type: 'room.occupant', data: occupant('carol') });
  socket.send({ type: 'room.occupant', data: occupant('bob', { type: 'unavailable', newNick: 'rob' }) });
  socket.send({ type: 'room.occupant', data: occupant('rob') });
  expect(Object.keys((await shownTo(socket, state)).occupants[room] ?? {}).sort()).toEqual(['alice', 'carol', 'rob']);
  socket.event('room.left', { room, cause: 'kicked', rejoin: true, statusCodes: [307] });
  const shown = await shownTo(socket, state);
  expect([shown.rooms[room]?.joined, shown.occupants[room]]).toEqual([false, undefined]);
});

test('a page that was loaded again, and goes on with its session, asks for its lists', async () => {
  const { state, socket } = await online({ resumed: true });
  await socket.answer('contact.list', { items: [{ jid: bob, groups: [], subscription: 'both' }], requests: [] });
  await socket.answer('chat.list', {
    items: [{ chat: bob, kind: 'direct', unread: 1, mentions: 0 }],
    count: 1,
    complete: true,
  });
  await socket.answer('room.list', { items: [], last: 'x', complete: false });
  expect(
    (await socket.answer('room.list', { items: [{ room, joined: true, features: [] }], complete: true })).data,
  ).toEqual({ after: 'x' });
  const shown = await shownTo(socket, state);
  expect([shown.contacts, shown.chats, shown.rooms].map((all) => Object.keys(all))).toEqual([[bob], [bob], [room]]);
});
