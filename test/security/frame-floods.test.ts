/** WebSocket frames that cost more than they say: floods, pieces, lies about length, compression that was not agreed on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonClient } from '../support/json-client.ts';
import { clientFrame, opcodes, RawSocket } from '../support/raw-socket.ts';
import { scene } from '../support/scene.ts';

const play = scene();
let alice: JsonClient;

beforeEach(async () => {
  alice = await play.gateway.login('alice');
});
afterEach(async () => {
  // Whatever was tried, it was one socket that paid.
  await alice.request('message.send', { to: 'romeo@example.com', body: 'still here' });
  await alice.close();
});

/** A raw socket past `ready`. */
async function connected(): Promise<RawSocket> {
  const socket = await RawSocket.upgrade(play.gateway.url);
  const token = await play.gateway.token('mallory');
  const data = { token, features: ['binary'] };
  socket.send(clientFrame(JSON.stringify({ type: 'connect', id: 1, data })));
  expect(await socket.next()).toMatchObject({ type: 'ready' });
  return socket;
}

/** Sends it again and again until the gateway has had enough; the code that it closes with, and how often that was. */
async function flood(socket: RawSocket, bytes: Uint8Array, reads = true): Promise<{ code: number; sent: number }> {
  let sent = 0;
  if (!reads) socket.tcp.pause();
  while (!socket.tcp.destroyed && sent < 1_000_000) {
    socket.send(bytes);
    sent++;
    await new Promise(setImmediate);
    // It may have been closed while nothing was read: the close frame is behind what is not read.
    if (!reads && socket.tcp.writableLength > 1024 * 1024) socket.tcp.resume();
  }
  socket.tcp.resume();
  return { code: await socket.closed, sent };
}

const ping = clientFrame('x'.repeat(125), { opcode: opcodes.ping });
const many = (frame: Uint8Array, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => frame));

describe('a flood of', () => {
  it.each([
    ['pings', many(ping, 50), 4103],
    ['pongs that nobody asked for', many(clientFrame('', { opcode: opcodes.pong }), 50), 4103],
    ['acks of nothing', many(clientFrame('{"type":"ack","data":{"seq":0}}'), 50), 4103],
    ['pongs of JSON', many(clientFrame('{"type":"pong"}'), 50), 4103],
    ['requests', many(clientFrame('{"type":"ping","id":1}'), 50), 4103],
    ['broken frames', many(clientFrame('{"type":"message.send","data":{}}'), 50), 4103],
    ['empty text frames', clientFrame(''), 4000],
    ['empty binary frames', many(clientFrame('', { opcode: opcodes.binary }), 50), 4103],
  ])('%s is closed', async (_, bytes, code) => {
    const socket = await connected();
    const { code: closed } = await flood(socket, bytes);
    // Who goes on sending into a closed socket may be reset before it reads why.
    expect([code, 1006]).toContain(closed);
  });

  it('pings whose pongs are not read does not fill the memory: it is cut off', async () => {
    const socket = await connected();
    const before = process.memoryUsage().rss;
    await flood(socket, many(ping, 500), false);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  });
});

describe('a message in pieces', () => {
  it.each([
    ['of nothing, without an end', clientFrame('', { opcode: opcodes.continuation, fin: false })],
    ['of one byte, without an end', clientFrame('x', { opcode: opcodes.continuation, fin: false })],
  ])('%s is closed', async (_, piece) => {
    const socket = await connected();
    socket.send(clientFrame('"', { fin: false }));
    socket.send(many(piece, 2000));
    expect(await socket.closed).toBe(1008);
  });

  it('that is too long all together is closed with 1009 before its end', async () => {
    const socket = await connected();
    socket.send(clientFrame('x'.repeat(40_000), { fin: false }));
    socket.send(clientFrame('x'.repeat(40_000), { opcode: opcodes.continuation, fin: false }));
    expect(await socket.closed).toBe(1009);
  });

  it('may have a ping between them, and is one message', async () => {
    const socket = await connected();
    socket.send(clientFrame('{"type":"pi', { fin: false }));
    socket.send(clientFrame('', { opcode: opcodes.ping }));
    socket.send(clientFrame('ng","id":7}', { opcode: opcodes.continuation }));
    expect(await socket.next()).toMatchObject({ type: 'pong', id: 7 });
    socket.end();
  });
});

describe('a frame', () => {
  const huge = Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  const fourGigabytes = Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  it.each([
    ['that says it has 2^63 bytes', huge, 1009],
    ['that says it has 4 GiB', fourGigabytes, 1009],
    ['that is not masked', Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ['with a reserved opcode', clientFrame('x', { opcode: 3 }), 1002],
    ['that says it is compressed', clientFrame('x', { compressed: true }), 1002],
    ['that goes on where nothing began', clientFrame('x', { opcode: opcodes.continuation }), 1002],
    ['of control in pieces', clientFrame('', { opcode: opcodes.ping, fin: false }), 1002],
    ['of control that is too long', clientFrame('x'.repeat(126), { opcode: opcodes.ping }), 1002],
    ['with a close code that may not be sent', clientFrame(Buffer.from([3, 237]), { opcode: opcodes.close }), 1002],
    ['that is no UTF-8', clientFrame(Buffer.from([0xc3, 0x28])), 1007],
    ['with half a surrogate pair as UTF-8', clientFrame(Buffer.from([0xed, 0xa0, 0x80])), 1007],
  ])('%s is closed', async (_, bytes, code) => {
    const socket = await connected();
    socket.send(bytes);
    expect(await socket.closed).toBe(code);
  });
});

describe('compression', () => {
  it.each([
    ['permessage-deflate'],
    ['permessage-deflate; client_max_window_bits; server_no_context_takeover'],
    ['x-webkit-deflate-frame, permessage-deflate'],
  ])('%s is not agreed on, so no bomb can be sent', async (offer) => {
    const socket = await RawSocket.upgrade(play.gateway.url, { headers: [`Sec-WebSocket-Extensions: ${offer}`] });
    expect(await socket.status()).toBe(101);
    expect((await socket.head()).toLowerCase()).not.toContain('sec-websocket-extensions');
    socket.end();
  });
});
