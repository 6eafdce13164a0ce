/** Requests and own messages over lost sockets, lost sessions and reloads. */
import { describe, expect, test, vi } from 'vitest';
import type { Outbox, Unsent } from '../../src/client/types.ts';
import type { Inbox } from '../support/peers/inbox.ts';
import { MemoryStorage, of, scripted, type Told } from './scripted.ts';

const script = scripted();
const bob = 'bob@example.com';
const sent = (id: string, more: object = {}) => ({
  id,
  chat: bob,
  type: 'chat',
  time: '2026-01-01T10:00:00.000Z',
  ...more,
});

describe('a request', () => {
  test('resolves with what ok carries, and is told as an answer', async () => {
    const { chat, told, socket } = await script.online();
    const asked = chat.request('contact.list', {});
    await socket.answer('contact.list', { items: [], requests: [] });
    expect(await asked).toEqual({ items: [], requests: [] });
    expect(await told.next(of('answer'))).toMatchObject({ data: { request: 'contact.list', result: { items: [] } } });
  });

  test('rejects with the whole error', async () => {
    const { chat, socket } = await script.online();
    const asked = chat.request('room.join', { room: 'dev@rooms.example.com' });
    await socket.refuse('room.join', { code: 'forbidden', by: 'dev@rooms.example.com', type: 'auth' });
    await expect(asked).rejects.toMatchObject({ code: 'forbidden', retry: false, details: { type: 'auth' } });
  });

  test('without an answer is sent again with the same id, before what is new', async () => {
    const { chat, told, socket } = await script.online();
    for (const type of ['contact.list', 'room.list'] as const) chat.request(type, {}).catch(() => undefined);
    const first = await socket.next('contact.list');
    await socket.next('room.list');
    socket.cut();
    await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    const newer = chat.request('chat.list', {});
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    const all = [await again.inbox.next(), await again.inbox.next(), await again.inbox.next()];
    expect(all.map(({ type }) => type)).toEqual(['contact.list', 'room.list', 'chat.list']);
    expect(all[0]?.id).toBe(first.id);
    again.send({ type: 'ok', id: all[2]?.id, data: { items: [], count: 0, complete: true } });
    expect(await newer).toMatchObject({ count: 0 });
  });

  test('that may not be done twice is given up with the session that it was written in', async () => {
    const { chat, socket } = await script.online();
    const payload = { name: 'query', attrs: { xmlns: 'urn:example' } };
    const asked = chat.request('iq.send', { type: 'set', payload });
    const other = chat.request('contact.list', {});
    await socket.next('contact.list');
    socket.cut();
    const again = await script.gateway.socket();
    await again.welcome({ session: 's_2', reason: 'unknown' });
    await expect(asked).rejects.toMatchObject({ code: 'unconfirmed' });
    await again.answer('contact.list', { items: [], requests: [] });
    await other;
    expect(again.inbox.take()).toEqual([]);
  });

  test('waits no longer than its time, be the client online or not', async () => {
    const { chat, socket } = await script.online({ timeoutMs: 20 });
    await expect(chat.request('contact.list', {})).rejects.toMatchObject({ code: 'timeout', retry: true });
    socket.close(4003);
  });

  test('that is rate-limited waits as long as it is told, and those behind it wait with it', async () => {
    const { chat, socket } = await script.online();
    const asked = chat.request('contact.list', {});
    await socket.refuse('contact.list', { code: 'rate-limited', retry: true, retryAfterMs: 30 });
    await socket.settled();
    const behind = chat.request('room.list', {});
    expect(socket.inbox.take()).toEqual([]);
    await socket.answer('contact.list', { items: [], requests: [] });
    await socket.answer('room.list', { items: [], complete: true });
    await Promise.all([asked, behind]);
  });

  test('that is longer than a frame may be is refused here, and the socket lives', async () => {
    const { chat, socket } = await script.online();
    await expect(chat.send({ to: bob, body: 'ß'.repeat(40_000) })).rejects.toMatchObject({ code: 'too-large' });
    await socket.settled();
  });

  test('waits while as many are on the way as the gateway takes', async () => {
    const limits = { frameBytes: 65_536, batch: 50, inFlight: 4, historyMax: 100, sendTimeoutMs: 1 };
    const { chat, socket } = await script.online({}, { limits: { ...limits, rate: { perSecond: 1, burst: 1 } } });
    const asked = [1, 2, 3].map(() => chat.request('contact.list', {}));
    await socket.settled();
    expect(socket.inbox.take()).toHaveLength(2);
    for (const one of asked) one.catch(() => undefined);
  });

  test('tell() writes now or never', async () => {
    const { chat, socket, told } = await script.online();
    chat.tell('typing.send', { to: bob, state: 'composing' });
    expect(await socket.next('typing.send')).not.toHaveProperty('id');
    socket.cut();
    await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    chat.tell('typing.send', { to: bob, state: 'paused' });
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    await again.settled();
    expect(again.inbox.take()).toEqual([]);
  });

  test('presence.set counts for the sessions to come', async () => {
    const { chat, socket } = await script.online();
    const asked = chat.request('presence.set', { show: 'dnd' });
    await socket.answer('presence.set');
    await asked;
    socket.cut();
    const again = await script.gateway.socket();
    expect(await again.welcome({ session: 's_2' })).toMatchObject({ presence: { show: 'dnd' } });
  });
});

describe('a message', () => {
  const steps = (told: Inbox<Told>) => told.take(of('delivery')).map(({ data }) => (data as { status: string }).status);

  test('climbs its ladder, never down', async () => {
    const { chat, told, socket } = await script.online();
    const sending = chat.send({ to: bob, body: 'hi' });
    expect(sending.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect((await socket.answer('message.send', sent(sending.id))).data).toEqual({
      to: bob,
      body: 'hi',
      id: sending.id,
    });
    expect(await sending).toEqual(sent(sending.id));
    const receipt = { chat: bob, from: `${bob}/phone`, id: sending.id, time: '2026-01-01T10:00:01.000Z' };
    for (const status of ['delivered', 'displayed', 'delivered']) socket.event('receipt', { ...receipt, status });
    await socket.settled();
    expect(steps(told)).toEqual(['pending', 'sent', 'delivered', 'displayed']);
  });

  test('that bounces after its ok has failed', async () => {
    const { chat, told, socket } = await script.online();
    const sending = chat.send({ to: bob, body: 'hi' });
    await socket.answer('message.send', sent(sending.id));
    await sending;
    const error = { code: 'remote-server-timeout', message: 'far away', retry: true };
    socket.event('message.failed', { chat: bob, id: sending.id, error });
    const failed = await told.next((one) => one.type === 'delivery' && one.data.status === 'failed');
    expect(failed.data).toMatchObject({ id: sending.id, error });
  });

  test('that is refused has failed, and says so to whoever sent it', async () => {
    const { chat, told, socket } = await script.online();
    const sending = chat.send({ to: bob, body: 'hi' });
    await socket.refuse('message.send', { code: 'service-unavailable' });
    await expect(sending).rejects.toMatchObject({ code: 'service-unavailable', retry: false });
    expect(steps(told)).toEqual(['pending', 'failed']);
  });

  test('is tried again with its own id while the XMPP server does not take it', async () => {
    const { chat, socket } = await script.online();
    const sending = chat.send({ to: bob, body: 'hi' });
    const first = await socket.refuse('message.send', { code: 'link-down', retry: true });
    const second = await socket.refuse('message.send', { code: 'unconfirmed', retry: true });
    const third = await socket.answer('message.send', sent(sending.id));
    expect(await sending).toEqual(sent(sending.id));
    expect([second.data, third.data]).toEqual([first.data, first.data]);
    expect(new Set([first.id, second.id, third.id]).size).toBe(3);
  });

  test('is given up when the patience is over', async () => {
    const { chat, socket } = await script.online({ patienceMs: 0 });
    vi.mocked(Math.random).mockReturnValue(1);
    const sending = chat.send({ to: bob, body: 'hi' });
    await socket.refuse('message.send', { code: 'link-down', retry: true });
    await expect(sending).rejects.toMatchObject({ code: 'link-down', retry: true });
  });

  test('written while offline goes out when there is a session', async () => {
    const { chat, told } = script.connect();
    const sending = chat.send({ to: bob, body: 'early' });
    const socket = await script.gateway.socket();
    await socket.welcome();
    await socket.answer('message.send', sent(sending.id));
    await sending;
    expect(steps(told)).toEqual(['pending', 'sent']);
  });

  test('without an answer is sent again with the same id, in the old session and in a new one', async () => {
    const { chat, socket } = await script.online();
    const sending = chat.send({ to: bob, body: 'in the tunnel' });
    const first = await socket.next('message.send');
    socket.cut();
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    expect(await again.next('message.send')).toEqual(first);
    again.cut();
    const other = await script.gateway.socket();
    await other.welcome({ session: 's_2', reason: 'gap' });
    expect((await other.answer('message.send', sent(sending.id))).data).toEqual(first.data);
    await sending;
  });

  test('sent to a room gets the id that the room gives it', async () => {
    const { chat, told, socket } = await script.online();
    const room = 'dev@rooms.example.com';
    const sending = chat.send({ to: room, body: 'hi all' });
    const ok = { ...sent('40A1', { chat: room, type: 'groupchat', archiveId: '40A1' }), originId: sending.id };
    await socket.answer('message.send', ok);
    expect((await sending).id).toBe('40A1');
    const step = await told.next((one) => one.type === 'delivery' && one.data.status === 'sent');
    expect(step.data).toMatchObject({ id: '40A1', originId: sending.id, chat: room });
  });

  test('is kept over a reload, with the session', async () => {
    const storage = new MemoryStorage();
    const { chat, socket } = await script.online({ storage });
    const sending = chat.send({ to: bob, body: 'unsent' });
    sending.catch(() => undefined);
    const first = await socket.next('message.send');
    // The page is loaded again: this one has no time to say anything.
    const kept = new MemoryStorage();
    for (const [key, value] of storage.entries) kept.setItem(key, value);
    socket.cut();
    const { told } = script.connect({ storage: kept });
    const sockets = [await script.gateway.socket(), await script.gateway.socket()];
    for (const one of sockets) await one.welcome({ resumed: true });
    for (const one of sockets) expect((await one.answer('message.send', sent(sending.id))).data).toEqual(first.data);
    await told.next((one) => one.type === 'delivery' && one.data.status === 'sent');
  });

  test('of another user is never sent', async () => {
    const storage = new MemoryStorage();
    const { chat, socket } = await script.online({ storage });
    chat.send({ to: bob, body: 'by alice' }).catch(() => undefined);
    await socket.next('message.send');
    const kept = new MemoryStorage();
    for (const [key, value] of storage.entries) kept.setItem(key, value);
    script.connect({ storage: kept });
    const other = await script.gateway.socket();
    await other.welcome({ user: 'carol@web.example.com', session: 's_2', reason: 'other-user' });
    await other.settled();
    expect(other.inbox.take()).toEqual([]);
  });

  test('goes through an outbox of the own, which may fail', async () => {
    const kept = new Map<string, Unsent>();
    const outbox: Outbox = {
      all: async () => [{ data: { id: 'old', to: bob, body: 'from yesterday' }, at: 1 }],
      put: async (one) => void kept.set(one.data.id, one),
      remove: () => Promise.reject(new Error('full')),
    };
    const { chat, socket } = await script.online({ outbox });
    expect((await socket.answer('message.send', sent('old'))).data).toMatchObject({ id: 'old' });
    const sending = chat.send({ to: bob, body: 'new' });
    await socket.answer('message.send', sent(sending.id));
    await sending;
    expect(kept.get(sending.id)).toMatchObject({ user: 'alice@web.example.com', tried: expect.any(Number) });
  });

  test('that was tried a day ago is not sent again: nobody could tell whether it would come twice', async () => {
    const old = { data: { id: 'old', to: bob, body: 'x' }, at: 1, tried: Date.now() - 24 * 3600_000 };
    const outbox: Outbox = { all: () => [old], put: () => undefined, remove: () => undefined };
    const { told } = script.connect({ outbox });
    const socket = await script.gateway.socket();
    await socket.welcome();
    const failed = await told.next((one) => one.type === 'delivery' && one.data.status === 'failed');
    expect(failed.data).toMatchObject({ id: 'old', error: { code: 'unconfirmed' } });
    await socket.settled();
    expect(socket.inbox.take()).toEqual([]);
  });
});

test('a guest stays the same guest over a reload', async () => {
  const storage = new MemoryStorage();
  const first = script.connect({ storage, token: undefined as never });
  const socket = await script.gateway.socket();
  expect(await socket.welcome({ token: 'guest token' })).not.toHaveProperty('token');
  await first.chat.ready;
  script.connect({ storage, token: undefined as never });
  expect(await (await script.gateway.socket()).welcome({ resumed: true })).toMatchObject({ token: 'guest token' });
});
