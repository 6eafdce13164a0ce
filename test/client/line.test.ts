/** How the client comes back: every range of close codes, and the faults that close nothing. */
import { describe, expect, test, vi } from 'vitest';
import { ClientError } from '../../src/client/connect.ts';
import { message, of, scripted } from './scripted.ts';

const script = scripted();

describe('after a close', () => {
  test.each([1001, 1005, 1011, 1012, 1013, 1014, 4100, 4101, 4102, 4103, 4199])(
    'with %i the client backs off and resumes',
    async (code) => {
      const { told, socket } = await script.online();
      socket.event('message', message('m1'));
      await told.next(of('message'));
      vi.mocked(Math.random).mockReturnValue(0.01);
      socket.close(code);
      const status = await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
      expect(status.data).toMatchObject({ code, retryInMs: 10 });
      const again = await script.gateway.socket();
      expect(await again.welcome({ resumed: true, seq: 1 })).toMatchObject({ resume: { session: 's_1', seq: 1 } });
    },
  );

  test('with 1006, a lost network, the client backs off and resumes', async () => {
    const { told, socket } = await script.online();
    socket.cut();
    await told.next((one) => one.type === 'status' && one.data.code === 1006);
    const again = await script.gateway.socket();
    expect((await again.welcome()).resume).toEqual({ session: 's_1', seq: 0 });
  });

  test.each([4200, 4201, 4202, 4299])('with %i the client is back at once', async (code) => {
    const { told, socket } = await script.online();
    vi.mocked(Math.random).mockReturnValue(1);
    socket.close(code);
    const status = await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    expect(status.data).toMatchObject({ code, retryInMs: 0 });
    expect((await (await script.gateway.socket()).welcome()).resume).toEqual({ session: 's_1', seq: 0 });
  });

  test('at once means once a second: a gateway that always says so is not called in a loop', async () => {
    const { told, socket } = await script.online();
    vi.mocked(Math.random).mockReturnValue(0.01);
    socket.close(4200);
    const again = await script.gateway.socket();
    await again.welcome();
    again.close(4200);
    await told.next((one) => one.type === 'status' && one.data.retryInMs === 0);
    await told.next((one) => one.type === 'status' && one.data.retryInMs === 10);
  });

  test.each([1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000, 4003, 4004, 4005, 4006, 4009, 4099])(
    'with %i the client stops, and says why',
    async (code) => {
      const { chat, told, socket } = await script.online();
      const request = chat.request('contact.list', {});
      await socket.next('contact.list');
      socket.close(code);
      await expect(request).rejects.toMatchObject({ code: 'not-connected', retry: false, closeCode: code });
      const status = await told.next((one) => one.type === 'status' && one.data.status === 'stopped');
      expect(status.data).toMatchObject({ code, error: { closeCode: code } });
      await expect(chat.request('contact.list', {})).rejects.toBeInstanceOf(ClientError);
      expect(script.gateway.unexpected).toBe(0);
    },
  );

  test('with 4008 the client begins a session of its own, and leaves the old one alone', async () => {
    const { socket } = await script.online();
    socket.close(4008);
    expect(await (await script.gateway.socket()).welcome({ session: 's_2' })).not.toHaveProperty('resume');
  });

  test.each([4001, 4002])('with %i the client asks for another token, twice at most', async (code) => {
    const tokens = ['one', 'two', 'three', 'four'];
    const { chat, told } = script.connect({ token: () => tokens.shift() });
    for (const token of ['one', 'two', 'three']) {
      const socket = await script.gateway.socket();
      expect((await socket.next('connect')).data).toMatchObject({ token });
      socket.send({ type: 'error', id: 'connect', error: { code: 'token-invalid', message: 'no', retry: false } });
      socket.close(code);
    }
    await expect(chat.ready).rejects.toMatchObject({ code: 'token-invalid', closeCode: code });
    await told.next((one) => one.type === 'status' && one.data.status === 'stopped');
  });

  test('with 4002 a client with one token only stops', async () => {
    const { told, socket } = await script.online();
    socket.close(4002);
    await told.next((one) => one.type === 'status' && one.data.status === 'stopped');
  });

  test('a client that was stopped comes back when it is told to', async () => {
    const { chat, told, socket } = await script.online();
    socket.close(4009);
    await told.next((one) => one.type === 'status' && one.data.status === 'stopped');
    const waiting = chat.send({ to: 'bob@example.com', body: 'later' });
    chat.reconnect();
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    await again.answer('message.send', message(waiting.id));
    expect(await waiting).toMatchObject({ id: waiting.id });
  });
});

test('the wait doubles with each attempt, up to half a minute', async () => {
  const { chat, told } = script.connect({ token: () => Promise.reject(new Error('no network')) });
  const waits: unknown[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    vi.mocked(Math.random).mockReturnValue(1);
    const { data } = await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    waits.push((data as { retryInMs: number }).retryInMs);
    chat.reconnect();
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('a refused connect ends the client, unless it may be tried again', async () => {
  const { chat } = script.connect();
  await (await script.gateway.socket()).refuse('connect', { code: 'resource-constraint', retry: true });
  await (await script.gateway.socket()).refuse('connect', { code: 'bad-request', field: 'raw' });
  await expect(chat.ready).rejects.toMatchObject({ code: 'bad-request', details: { field: 'raw' } });
});

test('a missing number closes the socket with 4202, and the client resumes at the last one', async () => {
  const { told, socket } = await script.online();
  socket.event('message', message('m1'));
  socket.send({ type: 'message', seq: 3, data: message('m3') });
  expect(await socket.closed).toBe(4202);
  const again = await script.gateway.socket();
  expect((await again.welcome({ resumed: true, seq: 1, replaying: 2 })).resume).toEqual({ session: 's_1', seq: 1 });
  again.event('message', message('m2'));
  again.event('message', message('m3'));
  await again.settled();
  expect(told.take(of('message')).map(({ data }) => data)).toMatchObject([{ id: 'm1' }, { id: 'm2' }, { id: 'm3' }]);
});

test('a number that came before is ignored', async () => {
  const { told, socket } = await script.online();
  for (let time = 0; time < 2; time++) socket.send({ type: 'message', seq: 1, data: message('m1') });
  await socket.settled();
  expect(told.take(of('message'))).toHaveLength(1);
});

test('what was processed is acknowledged, once for many', async () => {
  const { socket } = await script.online();
  for (const id of ['m1', 'm2', 'm3']) socket.event('message', message(id));
  expect((await socket.next('ack')).data).toEqual({ seq: 3 });
  socket.send({ type: 'ping' });
  expect((await socket.next('pong')).data).toEqual({ seq: 3 });
  expect(socket.inbox.take()).toEqual([]);
});

test('frames may come in batches', async () => {
  const { told, socket } = await script.online();
  socket.send([1, 2].map((seq) => ({ type: 'message', seq, data: message(`m${seq}`) })));
  await socket.settled();
  expect(told.take(of('message'))).toHaveLength(2);
});

test('a gateway that is silent for two heartbeats is left', async () => {
  const { told, socket } = await script.online({}, { heartbeatMs: 20 });
  await told.next((one) => one.type === 'status' && one.data.code === 4101);
  expect(await socket.closed).toBe(4202);
  await (await script.gateway.socket()).welcome({ resumed: true });
});

test('a token that ends is replaced in time', async () => {
  let count = 0;
  const { socket } = await script.online({ token: async () => `token ${++count}` });
  socket.send({ type: 'auth.expiring', data: { expiresAt: '2026-01-01T10:00:00.000Z' } });
  expect((await socket.answer('auth.refresh', {})).data).toEqual({ token: 'token 2' });
});

test('reconnect moves the client to another address, with its session', async () => {
  const { socket } = await script.online();
  socket.send({ type: 'reconnect', data: { reason: 'shutdown', withinMs: 1000, url: `${script.gateway.url}?other` } });
  expect((await (await script.gateway.socket()).welcome({ resumed: true })).resume).toBeDefined();
  expect(await socket.closed).toBe(4202);
});

test('close() ends the session, and everything that waits', async () => {
  const { chat, socket } = await script.online();
  const events = (async () => {
    for await (const event of chat) void event;
    return 'ended';
  })();
  const request = chat.request('contact.list', {});
  const sending = chat.send({ to: 'bob@example.com', body: 'too late' });
  chat.close();
  await expect(request).rejects.toMatchObject({ code: 'not-connected' });
  await expect(sending).rejects.toMatchObject({ code: 'not-connected' });
  expect(await events).toBe('ended');
  expect(await socket.closed).toBe(1000);
  expect(script.gateway.unexpected).toBe(0);
});

test('the iterator has every event, and fails when the client stops by itself', async () => {
  const { chat, socket } = await script.online();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of chat) if (event.type === 'message' && event.data.body) seen.push(event.data.body);
  })();
  socket.event('message', message('m1'));
  socket.event('message', message('m2'));
  await socket.settled();
  socket.close(4003);
  await expect(reading).rejects.toMatchObject({ closeCode: 4003 });
  expect(seen).toEqual(['m1', 'm2']);
});
