import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Disconnect } from '../../src/protocol/close.ts';
import { type Bench, Client, type FakeInlet, startServer, textFrame, upgradeRaw } from './support.ts';

/** Writes until that many bytes wait for a reader that has stopped. */
async function fill(bench: Bench, inlet: FakeInlet, bytes: number): Promise<number> {
  const filler = `{"filler":"${'x'.repeat(16_000)}"}`;
  for (let written = 0; ; written++) {
    const gauge = await bench.metrics.registry.getSingleMetricAsString('stanzawire_socket_buffered_bytes');
    if (Number(gauge.split(' ').at(-1)) > bytes) return written;
    inlet.outlet.write(filler, 'numbered');
    await nextTurn();
  }
}

test('text and binary frames reach core whole and in order', async () => {
  const bench = await startServer();
  const { client, inlet } = await bench.join();
  const heard = new Promise<void>((resolve) => {
    inlet.onText = (text) => text === 'last' && resolve();
  });
  client.ws.send('{"body":"grüße 👋"}');
  client.ws.send(Buffer.from([1, 2, 255]));
  client.ws.send('last');
  await heard;
  expect(inlet.texts).toEqual(['{"body":"grüße 👋"}', 'last']);
  expect(inlet.binaries).toEqual(['0102ff']);
  // The connect frame of 18 bytes came first.
  expect(await bench.count('frame_bytes_total{direction="in"}')).toBe(18 + 23 + 3 + 4);
});

test('the frames of one tick leave in one TCP write', async () => {
  const bench = await startServer();
  const raw = await upgradeRaw(bench.port);
  const inlet = bench.inlets[0];
  inlet?.outlet.write('{"n":1}', 'reply');
  inlet?.outlet.write('{"n":2}', 'numbered');
  inlet?.outlet.write('{"n":3}', 'ephemeral');
  raw.resume();
  const [chunk] = await once(raw, 'data');
  expect(chunk.toString('latin1')).toBe('\x81\x07{"n":1}\x81\x07{"n":2}\x81\x07{"n":3}');
  raw.destroy();
});

test('a client that takes batches gets the frames of one tick as one array', async () => {
  const bench = await startServer({ limits: { batch: 3 } });
  const { client, inlet } = await bench.join((each) => {
    each.batches = true;
  });
  for (const n of [1, 2, 3, 4]) inlet.outlet.write(`{"n":${n}}`, 'numbered');
  expect(await client.next()).toBe('[{"n":1},{"n":2},{"n":3}]');
  expect(await client.next()).toBe('{"n":4}');
});

test('a close comes after what was written before it, and nothing after', async () => {
  const bench = await startServer();
  const { client, inlet } = await bench.join();
  inlet.outlet.write('{"type":"error"}', 'reply');
  inlet.outlet.close(new Disconnect('token-expired', `€${'x'.repeat(200)}`));
  inlet.outlet.write('{"type":"late"}', 'reply');
  inlet.outlet.close(new Disconnect('internal'));
  expect(await client.next()).toBe('{"type":"error"}');
  expect(await client.closed).toEqual({ code: 4002, reason: `€${'x'.repeat(120)}` });
  expect(await inlet.closedCode).toBe(4002);
  expect(client.rest).toEqual([]);
});

test("a client's close reaches core with its code, once, and leaves one line in the log", async () => {
  const bench = await startServer();
  const { client, inlet } = await bench.join();
  const codes: number[] = [];
  const { closed } = inlet;
  inlet.closed = (code) => {
    codes.push(code);
    closed(code);
  };
  client.ws.close(1000, 'bye');
  await inlet.closedCode;
  await bench.sockets.closeAll(0);
  expect(codes).toEqual([1000]);
  expect(await bench.count('socket_closes_total{code="1000",initiator="client"}')).toBe(1);
  expect(await bench.count('socket_duration_seconds_count')).toBe(1);
  for (const state of ['connecting', 'open', 'closing']) expect(await bench.count(`sockets{state="${state}"}`)).toBe(0);
  expect(bench.logged.map(({ level, event }) => [level, event])).toEqual([
    ['debug', 'socket_opened'],
    ['info', 'socket_closed'],
  ]);
  expect(bench.logged[0]).toMatchObject({ socket: 1, address: '127.0.0.1' });
  const counters = { framesIn: 1, framesOut: 1, bytesIn: 18, bytesOut: 16 };
  expect(bench.logged[1]).toMatchObject({ socket: 1, code: 1000, initiator: 'client', ...counters });
});

test('a frame over the limit closes its own socket with 1009 and no other', async () => {
  const bench = await startServer();
  const { client: other, inlet: otherInlet } = await bench.join();
  const { client, inlet } = await bench.join();
  client.ws.send('x'.repeat(1_000_000));
  expect((await client.closed).code).toBe(1009);
  expect(await inlet.closedCode).toBe(1009);
  expect(inlet.texts).toEqual([]);
  otherInlet.outlet.write('{"still":"here"}', 'reply');
  expect(await other.next()).toBe('{"still":"here"}');
  expect(await bench.count('socket_closes_total{code="1009",initiator="server"}')).toBe(1);
  expect(await bench.count('frames_rejected_total{reason="too-big"}')).toBe(1);
});

test('text that is not UTF-8 is closed with 1007, a broken WebSocket frame with 1002', async () => {
  const bench = await startServer({ timing: { closeMs: 60 } });
  const { client, inlet } = await bench.join();
  client.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
  expect((await client.closed).code).toBe(1007);
  expect(await inlet.closedCode).toBe(1007);
  const raw = await upgradeRaw(bench.port);
  raw.write(Buffer.from([0x81, 0x01, 0x41]));
  expect(await bench.inlets.at(-1)?.closedCode).toBe(1002);
  raw.destroy();
});

test('a first frame over 16 KiB is closed with 1009 and never reaches core', async () => {
  const bench = await startServer();
  const client = new Client(bench.url);
  await once(client.ws, 'open');
  client.ws.send('x'.repeat(16 * 1024 + 1));
  expect((await client.closed).code).toBe(1009);
  expect(bench.inlets[0]?.texts).toEqual([]);
});

test('what is pipelined behind connect waits in TCP, not in memory, and arrives after ready', async () => {
  const bench = await startServer();
  const client = new Client(bench.url);
  await once(client.ws, 'open');
  const inlet = bench.inlets[0];
  if (!inlet) throw new Error('no inlet');
  inlet.connectsOnText = false;
  const paused = new Promise<void>((resolve) => {
    inlet.onText = () => inlet.texts.length === 4 && resolve();
  });
  const sent = ['{"type":"connect"}', ...Array.from({ length: 12 }, (_, i) => `${i}:${'x'.repeat(40_000)}`)];
  for (const text of sent) client.ws.send(text);
  await Promise.race([paused, client.closed]);
  await nextTurn();
  // One read of the socket, 64 KiB, may be under way when it stops.
  expect(inlet.texts.length).toBeLessThan(6);
  const all = new Promise<void>((resolve) => {
    inlet.onText = () => inlet.texts.length === sent.length && resolve();
  });
  inlet.connected = true;
  inlet.outlet.write('{"type":"ready"}', 'reply');
  await all;
  expect(inlet.texts).toEqual(sent);
});

test('a client that does not connect in time is closed with 4004', async () => {
  const bench = await startServer({ timing: { connectMs: 60 } });
  const client = new Client(bench.url);
  expect(await client.closed).toEqual({ code: 4004, reason: 'no connect in time' });
  expect(await bench.inlets[0]?.closedCode).toBe(4004);
  expect(client.rest).toEqual([]);
});

test('a client that only listens is pinged, and lives as long as it answers, be it with a WebSocket pong', async () => {
  // Long enough that a busy machine is not taken for a dead client.
  const bench = await startServer({ heartbeatMs: 250 });
  const { client, inlet } = await bench.join();
  for (const answer of ['{"type":"pong"}', undefined, '{"type":"pong"}', undefined, '{"type":"pong"}']) {
    expect(await client.next()).toBe('{"type":"ping"}');
    if (answer === undefined) client.ws.pong();
    else client.ws.send(answer);
  }
  expect(await client.next()).toBe('{"type":"ping"}');
  expect(inlet.texts).toEqual(['{"type":"pong"}', '{"type":"pong"}', '{"type":"pong"}']);
  expect(await bench.count('socket_ping_seconds_count')).toBeGreaterThan(0);
  expect(await bench.count('frames_total{direction="out",type="ping"}')).toBeGreaterThanOrEqual(6);
});

test('silence of two heartbeats is closed with 4101', async () => {
  const bench = await startServer({ heartbeatMs: 60 });
  const { client, inlet } = await bench.join();
  const from = performance.now();
  expect(await client.closed).toEqual({ code: 4101, reason: 'nothing heard' });
  expect(performance.now() - from).toBeGreaterThanOrEqual(100);
  expect(await inlet.closedCode).toBe(4101);
  expect(client.rest).toEqual(['{"type":"ping"}']);
});

test('a half-open connection is given up with 4101, though its close is never answered', async () => {
  const bench = await startServer({ heartbeatMs: 60, timing: { closeMs: 60 } });
  const raw = await upgradeRaw(bench.port);
  raw.write(textFrame('{"type":"connect"}'));
  expect(await bench.inlets[0]?.closedCode).toBe(4101);
  raw.destroy();
});

test('a reader that lags loses ephemeral frames and gets only the latest of each latest value', async () => {
  const bench = await startServer({ limits: { outbound: 200_000 } });
  const { client, inlet } = await bench.join();
  client.ws.pause();
  const fillers = await fill(bench, inlet, 110_000);
  inlet.outlet.write('{"typing":1}', 'ephemeral');
  for (const n of [1, 2, 3]) {
    inlet.outlet.write(`{"bob":${n}}`, 'latest', 'bob');
    inlet.outlet.write(`{"carol":${n}}`, 'latest', 'carol');
  }
  inlet.outlet.write('{"numbered":1}', 'numbered');
  client.ws.resume();
  for (let i = 0; i < fillers; i++) expect(await client.next()).toContain('filler');
  expect([await client.next(), await client.next(), await client.next()]).toEqual([
    '{"numbered":1}',
    '{"bob":3}',
    '{"carol":3}',
  ]);
  inlet.outlet.write('{"typing":2}', 'ephemeral');
  expect(await client.next()).toBe('{"typing":2}');
});

test('a reader that stops is closed with 4102 and cut, while it is still listened to', async () => {
  const bench = await startServer({ limits: { outbound: 200_000 }, timing: { closeMs: 60 } });
  const { client, inlet } = await bench.join();
  client.ws.pause();
  await fill(bench, inlet, 150_000);
  const heard = new Promise<void>((resolve) => {
    inlet.onText = () => resolve();
  });
  client.ws.send('{"type":"message.send"}');
  await heard;
  for (let i = 0; i < 8; i++) inlet.outlet.write('x'.repeat(16_000), 'numbered');
  expect(await inlet.closedCode).toBe(4102);
  expect(await bench.count('socket_closes_total{code="4102",initiator="server"}')).toBe(1);
  client.ws.terminate();
});

test('a burst over the limit that the network takes at once is no slow reader', async () => {
  const bench = await startServer({ limits: { outbound: 200_000 } });
  const { client, inlet } = await bench.join();
  const frame = 'x'.repeat(1000);
  for (let i = 0; i < 400; i++) inlet.outlet.write(frame, 'numbered');
  for (let i = 0; i < 400; i++) expect(await client.next()).toBe(frame);
});
