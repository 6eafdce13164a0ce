/** Uploads through the socket (PROTOCOL.md §8): chunks become one PUT, with credit, limits, and every way to end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RequestData, RequestResult } from '../../src/protocol/frames.ts';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { lastWords, scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_UPLOADS_SIZE: '64MiB', STANZAWIRE_LIMITS_FRAME: '16KiB' });
const chunkBytes = 16 * 1024 - 9;

/** A service's HTTP side: what it was sent, and how it answers. */
interface Put {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
let service: Server;
let origin = '';
let puts: Put[] = [];
let came: ((put: Put) => void) | undefined;

beforeAll(async () => {
  service = createServer((request, response) => {
    const put = { request, response };
    if (came) came(put);
    else puts.push(put);
    came = undefined;
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = service.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const nextPut = (): Promise<Put> => {
  const first = puts.shift();
  return first ? Promise.resolve(first) : new Promise((resolve) => (came = resolve));
};

let alice: JsonClient;
beforeEach(async () => {
  puts = [];
  at.server.onStanza = (stanza, server) => {
    if (stanza.attrs.to === 'upload.example.com') server.send(slotFor(stanza, `${origin}/put`));
  };
  alice = await at.gateway.login('alice', { features: ['binary'] });
});
afterEach(async () => void (await alice.close()));

function slotFor({ attrs }: Element, url: string): Element {
  const header = el('header', { name: 'Authorization' }, 'Bearer abc');
  const slot = el(
    'slot',
    { xmlns: 'urn:xmpp:http:upload:0' },
    el('put', { url }, header),
    el('get', { url: 'https://upload.example.com/a.bin' }),
  );
  return el('iq', { type: 'result', id: attrs.id, from: attrs.to, to: attrs.from }, slot);
}

const file = (size: number): RequestData<'upload.open'> => ({ filename: 'a.bin', size });
const open = (size: number): Promise<RequestResult<'upload.open'>> => alice.request('upload.open', file(size));

function chunk(stream: number, index: number, bytes: Buffer, kind = 1): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt8(kind);
  header.writeUInt32BE(stream, 1);
  header.writeUInt32BE(index, 5);
  return Buffer.concat([header, bytes]);
}

/** Sends a file as a good client does, never more than the window ahead. */
async function send(stream: number, bytes: Buffer): Promise<void> {
  const all = Math.ceil(bytes.length / chunkBytes);
  let passed = 0;
  for (let index = 0; index < all; index++) {
    while (index - passed >= 8) passed = (await alice.next('upload.progress', (each) => each.stream === stream)).chunks;
    alice.ws.send(chunk(stream, index, bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)));
  }
}

async function bodyOf({ request }: Put): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

it('is one PUT with the headers of the slot, and its end is the answer', async () => {
  const bytes = Buffer.alloc(700_001, 'stanzawire');
  const { stream, ...limits } = await alice.request('upload.open', { ...file(bytes.length), mediaType: 'image/png' });
  expect(limits).toEqual({ chunkBytes, window: 8 });
  const put = nextPut().then(async (one) => {
    const body = await bodyOf(one);
    one.response.writeHead(201).end('stored');
    return { one, body };
  });
  await send(stream, bytes);
  expect(await alice.request('upload.close', { stream })).toEqual({ get: { url: 'https://upload.example.com/a.bin' } });
  const { one, body } = await put;
  expect(body.equals(bytes)).toBe(true);
  expect(one.request).toMatchObject({ method: 'PUT', url: '/put' });
  expect(one.request.headers).toEqual({
    authorization: 'Bearer abc',
    'content-length': '700001',
    'content-type': 'image/png',
    connection: expect.any(String),
    host: expect.any(String),
  });
  expect(await alice.refused('upload.close', { stream })).toMatchObject({ code: 'item-not-found', field: 'stream' });
});

it('gives no credit while the service does not read', async () => {
  const { stream } = await open(64 * 1024 * 1024);
  const bytes = Buffer.alloc(chunkBytes);
  const put = nextPut();
  let sent = 0;
  const four = (): void => {
    for (let more = 0; more < 4; more++) alice.ws.send(chunk(stream, sent++, bytes));
  };
  four();
  (await put).request.pause();
  // Until the buffers of the connection are full.
  const passed = (): Promise<boolean> =>
    alice
      .next('upload.progress', ({ chunks }) => chunks === sent, 500)
      .then(
        () => true,
        () => false,
      );
  while (await passed()) four();
  four();
  expect((await alice.rest()).filter(({ data }) => data?.error !== undefined)).toEqual([]);
  let error: unknown;
  // A slow machine may have given some credit meanwhile.
  for (let more = 0; error === undefined && more < 64; more++) {
    alice.ws.send(chunk(stream, sent++, bytes));
    error = await alice
      .next('upload.progress', (each) => each.error !== undefined, 500)
      .then(
        (progress) => progress.error,
        () => undefined,
      );
  }
  expect(error).toMatchObject({ code: 'bad-request', message: 'More than 8 chunks are ahead' });
  expect(await alice.refused('upload.close', { stream })).toMatchObject({ code: 'bad-request' });
});

it('is cancelled by its client, and the service sees the connection end', async () => {
  const { stream } = await open(50_000);
  const put = nextPut();
  alice.ws.send(chunk(stream, 0, Buffer.alloc(100)));
  const { request } = await put;
  const cut = new Promise((resolve) => request.on('error', resolve));
  request.resume();
  expect(await alice.request('upload.close', { stream, cancel: true })).toEqual({});
  await cut;
});

it('fails where bytes are missing, too many, or out of order', async () => {
  const short = await open(50);
  alice.ws.send(chunk(short.stream, 0, Buffer.alloc(49)));
  expect(await alice.refused('upload.close', { stream: short.stream })).toMatchObject({
    code: 'bad-request',
    message: 'Only 49 of 50 bytes have come',
  });
  for (const [index, size, message] of [
    [0, 51, 'More than 50 bytes'],
    [1, 10, 'Chunk 0 is missing'],
    [0, 0, 'A chunk without a byte'],
  ] as const) {
    const { stream } = await open(50);
    alice.ws.send(chunk(stream, index, Buffer.alloc(size)));
    const failed = await alice.next('upload.progress', (each) => each.stream === stream && each.error !== undefined);
    expect(failed).toMatchObject({ chunks: 0, error: { code: 'bad-request', message } });
  }
});

it('passes on what the service answers: a refusal, a redirect that is not followed, a connection that ends', async () => {
  const answers: [(put: Put) => void, object][] = [
    [({ response }) => response.writeHead(413).end(), { code: 'not-acceptable' }],
    [({ response }) => response.writeHead(307, { location: `${origin}/else` }).end(), { code: 'undefined-condition' }],
    [({ response }) => response.writeHead(503).end(), { code: 'resource-constraint', retry: true }],
    [({ request }) => request.socket.destroy(), { code: 'remote-server-timeout', retry: true }],
  ];
  for (const [answer, expected] of answers) {
    const { stream } = await open(10);
    const put = nextPut();
    alice.ws.send(chunk(stream, 0, Buffer.alloc(10)));
    const one = await put;
    one.request.resume();
    answer(one);
    expect(await alice.refused('upload.close', { stream })).toMatchObject(expected);
  }
  expect(puts).toEqual([]);
});

it('goes only to the service: not to another host, not without TLS, not past the limits', async () => {
  for (const [url, message] of [
    ['https://files.example.org/a', /files\.example\.org.*uploads\.hosts/],
    ['http://upload.example.com/a', /TLS/],
    ['http://localhost:1/a', /localhost/],
    ['https://upload.example.com.evil.example/a', /evil/],
  ] as const) {
    at.server.onStanza = (stanza, server) => {
      if (stanza.attrs.to === 'upload.example.com') server.send(slotFor(stanza, url));
    };
    expect(await alice.refused('upload.open', file(10))).toMatchObject({
      code: 'not-allowed',
      message: expect.stringMatching(message),
    });
  }
  expect(await alice.refused('upload.open', file(64 * 1024 * 1024 + 1))).toMatchObject({
    code: 'bad-request',
    field: 'size',
  });
});

it('needs the feature; a stray chunk is nothing, and ends no session', async () => {
  alice.ws.send(chunk(77, 0, Buffer.alloc(3)));
  alice.ws.send(chunk(77, 0, Buffer.alloc(3), 2));
  alice.ws.send(Buffer.alloc(2));
  expect(await alice.rest()).toEqual([]);
  const plain = await at.gateway.login('bob');
  expect(await plain.refused('upload.open', file(10))).toMatchObject({ code: 'not-acceptable' });
  plain.ws.send(chunk(1, 0, Buffer.alloc(3)));
  expect((await lastWords(plain)).code).toBe(1003);
});

it('goes on after a loss of the socket, from what was passed on', async () => {
  const bytes = Buffer.alloc(4 * chunkBytes, 'again');
  const { stream } = await open(bytes.length);
  const put = nextPut().then(async (one) => {
    const body = await bodyOf(one);
    one.response.writeHead(200).end();
    return body;
  });
  const part = (index: number) => chunk(stream, index, bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes));
  alice.ws.send(part(0));
  alice.ws.send(part(1));
  await alice.next('upload.progress', ({ chunks }) => chunks === 2);
  const session = alice.ready?.session ?? '';
  await alice.close(1001);
  alice = await at.gateway.login('alice', { features: ['binary'], resume: { session, seq: 0 } });
  expect(alice.ready?.resumed).toBe(true);
  // Ids of requests are the session's: the first one was used for `upload.open`.
  await alice.answer({ type: 'ping' });
  const { chunks } = await alice.next('upload.progress');
  expect(chunks).toBe(2);
  for (let index = 1; index < 4; index++) alice.ws.send(part(index));
  await alice.request('upload.close', { stream });
  expect((await put).equals(bytes)).toBe(true);
});

it('ends with its session, and one session has four at most', async () => {
  for (let count = 0; count < 4; count++) await open(10);
  expect(await alice.refused('upload.open', file(10))).toMatchObject({ code: 'resource-constraint', retry: true });
  const put = nextPut();
  alice.ws.send(chunk(1, 0, Buffer.alloc(5)));
  const { request } = await put;
  const cut = new Promise((resolve) => request.on('error', resolve));
  request.resume();
  await alice.close(1000);
  await cut;
  alice = await at.gateway.login('alice', { features: ['binary'] });
});
