/** What a client keeps or gives up over time: its back-off, a connection that may be dead, its order, whose it is. */
import { afterEach, expect, test, vi } from 'vitest';
import { MemoryStorage, message, of, scripted } from './scripted.ts';

const script = scripted();
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** As much of a page as the library looks at. */
class FakeDocument extends EventTarget {
  hidden = false;
}

test('a connection that has lasted makes the next back-off begin anew', async () => {
  const { told, socket } = await script.online();
  const waitOf = async (): Promise<number | undefined> => {
    const { data } = await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    return (data as { retryInMs?: number }).retryInMs;
  };
  vi.mocked(Math.random).mockReturnValue(0.001);
  socket.cut();
  expect(await waitOf()).toBe(1);
  const second = await script.gateway.socket();
  await second.welcome({ resumed: true });
  await second.settled();
  second.cut();
  expect(await waitOf()).toBe(2);
  const third = await script.gateway.socket();
  await third.welcome({ resumed: true });
  await third.settled();
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 11_000);
  third.cut();
  expect(await waitOf()).toBe(1);
});

test('a page that was frozen asks whether its socket lives, and leaves it when it does not', async () => {
  const page = new FakeDocument();
  vi.stubGlobal('document', page);
  const { told, socket } = await script.online({ storage: false });
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
  vi.advanceTimersByTime(1000);
  page.dispatchEvent(new Event('resume'));
  await socket.next('ping');
  vi.advanceTimersByTime(5000);
  const { data } = await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
  expect(data).toMatchObject({ code: 1006, reason: 'nothing heard' });
});

test('an answer in time keeps it', async () => {
  const page = new FakeDocument();
  vi.stubGlobal('document', page);
  const { chat, socket } = await script.online({ storage: false });
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
  vi.advanceTimersByTime(1000);
  page.dispatchEvent(new Event('resume'));
  await socket.next('ping');
  socket.send({ type: 'pong' });
  await socket.settled();
  vi.advanceTimersByTime(5000);
  expect(chat.status).toBe('online');
});

test('a session that begins on a hidden page says so', async () => {
  const page = new FakeDocument();
  page.hidden = true;
  vi.stubGlobal('document', page);
  const { socket } = await script.online({ storage: false });
  expect((await socket.next('session.update')).data).toEqual({ active: false });
});

test('what was on its way comes before what has not been written, after a loss', async () => {
  const limits = { frameBytes: 65_536, inFlight: 2 } as never;
  const { chat, told, socket } = await script.online({}, { limits });
  const asked = ['chat.list', 'room.list', 'contact.list'] as const;
  for (const type of asked) chat.request(type, {}).catch(() => undefined);
  await socket.next('chat.list');
  socket.cut();
  await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
  const again = await script.gateway.socket();
  await again.welcome({ resumed: true });
  for (const type of asked) {
    const frame = await again.inbox.next();
    expect(frame.type).toBe(type);
    again.send({ type: 'ok', id: frame.id, data: { items: [], requests: [], count: 0, complete: true } });
  }
});

test('a guest whose token is refused becomes another guest', async () => {
  const storage = new MemoryStorage();
  const { chat } = script.connect({ storage, token: undefined as never });
  const socket = await script.gateway.socket();
  await socket.welcome({ token: 'guest token' });
  await chat.ready;
  socket.close(4001);
  const again = await script.gateway.socket();
  expect(await again.welcome({ session: 's_2', token: 'another' })).not.toHaveProperty('token');
});

test("another user's session gets nothing of the one before: no request, no place in the archive", async () => {
  const { chat, socket } = await script.online({}, { archive: { last: 'a1' } });
  socket.event('message', message('m2', { archiveId: 'a2' }));
  await socket.settled();
  const asked = chat.request('contact.add', { jid: 'bob@example.com' });
  await socket.next('contact.add');
  socket.cut();
  const again = await script.gateway.socket();
  await again.welcome({ session: 's_2', user: 'carol@web.example.com', archive: { last: 'a9' } });
  await expect(asked).rejects.toMatchObject({ code: 'forbidden' });
  await again.settled();
  expect(again.inbox.take()).toEqual([]);
});

test('a room that is being read is not read twice, and what comes meanwhile waits', async () => {
  const room = 'dev@rooms.example.com';
  const said = (id: string) => message(id, { chat: room, from: `${room}/bob`, type: 'groupchat', archiveId: id });
  const place = (id: string) => ({ chat: room, kind: 'room', unread: 0, mentions: 0, last: said(id) }) as never;
  const rooms = [{ room, joined: true, features: ['mam'] }] as never;
  const { told, socket } = await script.online({}, { chats: [place('r1')], rooms, archive: { last: 'a1' } });
  socket.cut();
  const again = await script.gateway.socket();
  await again.welcome({ session: 's_2', reason: 'unknown', chats: [place('r2')], rooms, archive: { last: 'a1' } });
  const { id } = await again.next('history.get');
  again.event('message', said('r3'));
  again.event('chat', place('r3'));
  await again.settled();
  const items = [{ type: 'message', data: said('r2') }];
  again.send({ type: 'ok', id, data: { items, last: 'r2', complete: true } });
  await again.settled();
  const bodies = told.take(of('message')).map(({ data, origin }) => `${(data as { body: string }).body} ${origin}`);
  expect(bodies).toEqual(['r2 history', 'r3 live']);
  expect(again.inbox.take()).toEqual([]);
});
