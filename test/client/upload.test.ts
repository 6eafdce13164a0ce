/** Uploads of the client library, by HTTP and through the socket: progress, refusals, lost connections, and the end of it. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientError } from '../../src/client/connect.ts';
import { type Progress, upload } from '../../src/client/upload/upload.ts';
import type { AnyFrame } from '../support/json-client.ts';
import type { ScriptedSocket } from '../support/scripted-gateway.ts';
import { scripted } from './scripted.ts';
import { UploadService } from './upload-service.ts';

const script = scripted();
let service: UploadService;
beforeEach(async () => {
  service = await UploadService.start();
});
afterEach(() => service.stop());

const bytes = (size: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: size }, (_, at) => at % 251);
const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;

/** What was told of the way, and that it only grew. */
function progressing(): { seen: Progress[]; onProgress: (progress: Progress) => void } {
  const seen: Progress[] = [];
  return { seen, onProgress: (progress) => void seen.push(progress) };
}

describe('by HTTP', () => {
  test('a file is put to its slot, with its headers, length and progress', async () => {
    const { chat, socket } = await script.online();
    const date = Date.UTC(2026, 0, 1);
    const file = new File([bytes(300_000)], 'a/b.png', { type: 'image/png;x=y', lastModified: date });
    const { seen, onProgress } = progressing();
    const uploading = upload(chat, file, { onProgress });
    const { data } = await socket.answer('upload.slot', service.slot('1'));
    expect(data).toEqual({ filename: 'a_b.png', size: 300_000, mediaType: 'image/png' });
    expect(await uploading).toEqual({
      url: `${service.url}/get/1`,
      name: 'a/b.png',
      size: 300_000,
      mediaType: 'image/png',
      date: '2026-01-01T00:00:00.000Z',
    });
    const [put] = service.received;
    expect(put?.headers).toMatchObject({
      authorization: 'Bearer 1',
      'content-type': 'image/png',
      'content-length': '300000',
    });
    expect(same(put?.body, bytes(300_000))).toBe(true);
    expect(seen.at(-1)).toEqual({ loaded: 300_000, total: 300_000 });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).toSorted((a, b) => a - b));
  });

  const streams: [string, () => Parameters<typeof upload>[1]][] = [
    ['a Buffer', () => Buffer.from(bytes(1000))],
    ['an ArrayBuffer', () => bytes(1000).buffer],
    ['a view into the middle of one', () => bytes(1000).subarray(0)],
    ['a web stream', () => new Blob([bytes(1000)]).stream()],
    ['a stream of Node', () => Readable.from([bytes(1000).subarray(0, 7), bytes(1000).subarray(7)])],
  ];
  test.each(streams)('%s is uploaded', async (_, make) => {
    const { chat, socket } = await script.online();
    for (const size of [undefined, 1000]) {
      const said = size === undefined ? {} : { size };
      const uploading = upload(chat, make(), { name: 'n', mediaType: 'text/plain', ...said });
      const { data } = await socket.answer('upload.slot', service.slot('1'));
      expect(data).toEqual({ filename: 'n', size: 1000, mediaType: 'text/plain' });
      expect(await uploading).toEqual({ url: expect.any(String), name: 'n', size: 1000, mediaType: 'text/plain' });
      expect(same(service.received.pop()?.body, bytes(1000))).toBe(true);
    }
  });

  test('a stream that is not as long as it was said to be fails, and says why', async () => {
    const { chat, socket } = await script.online();
    for (const size of [999, 1001]) {
      const uploading = upload(chat, new Blob([bytes(1000)]).stream(), { size });
      await socket.answer('upload.slot', service.slot('1'));
      await expect(uploading).rejects.toMatchObject({ code: 'bad-request', message: expect.stringContaining('1000') });
    }
  });

  test('a stream without a length is not read beyond what the service takes', async () => {
    const { chat } = await script.online({}, { services: { uploadBytes: 10 } });
    await expect(upload(chat, new Blob([bytes(11)]).stream())).rejects.toMatchObject({ code: 'not-acceptable' });
  });

  test('a refusal is a ClientError: of the slot, or of the service', async () => {
    const { chat, socket } = await script.online();
    const tooLarge = upload(chat, bytes(1));
    await socket.refuse('upload.slot', { code: 'not-acceptable', field: 'size' });
    await expect(tooLarge).rejects.toMatchObject({ code: 'not-acceptable', details: { field: 'size' } });
    service.instead.push((_, response) => response.writeHead(403).end());
    const forbidden = upload(chat, bytes(1));
    await socket.answer('upload.slot', service.slot('1'));
    await expect(forbidden).rejects.toBeInstanceOf(ClientError);
    await expect(forbidden).rejects.toMatchObject({ code: 'forbidden', message: 'The upload service answered 403' });
  });

  test.each([404, 500, 503])('after %i another slot is asked for', async (status) => {
    const { chat, socket } = await script.online();
    service.instead.push((_, response) => response.writeHead(status).end());
    const uploading = upload(chat, bytes(10));
    await socket.answer('upload.slot', service.slot('1'));
    await socket.answer('upload.slot', service.slot('2'));
    expect((await uploading).url).toBe(`${service.url}/get/2`);
  });

  test('a connection that is lost half way is begun anew, with another slot', async () => {
    const { chat, socket } = await script.online();
    const { seen, onProgress } = progressing();
    service.instead.push((request) => request.once('data', () => request.socket.resetAndDestroy()));
    const uploading = upload(chat, bytes(3_000_000), { onProgress });
    await socket.answer('upload.slot', service.slot('1'));
    await socket.answer('upload.slot', service.slot('2'));
    expect((await uploading).url).toBe(`${service.url}/get/2`);
    expect(same(service.received[0]?.body, bytes(3_000_000))).toBe(true);
    expect(seen.at(-1)?.loaded).toBe(3_000_000);
  });

  test('a stream cannot be begun anew: its upload fails, to be tried again', async () => {
    const { chat, socket } = await script.online();
    service.instead.push((request) => request.once('data', () => request.socket.resetAndDestroy()));
    const uploading = upload(chat, new Blob([bytes(3_000_000)]).stream(), { size: 3_000_000 });
    await socket.answer('upload.slot', service.slot('1'));
    await expect(uploading).rejects.toMatchObject({ code: 'remote-server-timeout', retry: true });
  });

  test('a service that always breaks off is given up', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(3_000_000));
    uploading.catch(() => undefined);
    for (let attempt = 0; attempt <= 5; attempt++) {
      service.instead.push((request) => request.once('data', () => request.socket.resetAndDestroy()));
      await socket.answer('upload.slot', service.slot('1'));
    }
    await expect(uploading).rejects.toMatchObject({ code: 'remote-server-timeout' });
  });

  test('a quota that is used up until tomorrow is told at once', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(1));
    await socket.refuse('upload.slot', { code: 'resource-constraint', retry: true, retryAfterMs: 3600_000 });
    await expect(uploading).rejects.toMatchObject({ details: { retryAfterMs: 3600_000 } });
  });

  test('an abort ends the PUT and rejects with its reason', async () => {
    const { chat, socket } = await script.online();
    const reached = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    service.instead.push((request) => {
      request.once('data', () => reached.resolve());
      request.once('close', () => cut.resolve());
      request.on('error', () => undefined);
    });
    const abort = new AbortController();
    const uploading = upload(chat, bytes(9_000_000), { signal: abort.signal });
    uploading.catch(() => undefined);
    await socket.answer('upload.slot', service.slot('1'));
    await reached.promise;
    abort.abort(new Error('enough'));
    await expect(uploading).rejects.toThrow('enough');
    await cut.promise;
    await expect(upload(chat, bytes(1), { signal: abort.signal })).rejects.toThrow('enough');
    expect(socket.inbox.take()).toEqual([]);
  });

  test('while the client is offline an upload waits, and ends with the client', async () => {
    const { chat, told, socket } = await script.online();
    socket.cut();
    await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    const uploading = upload(chat, bytes(10));
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    await again.answer('upload.slot', service.slot('1'));
    await uploading;
    again.close(4003);
    await told.next((one) => one.type === 'status' && one.data.status === 'stopped');
    await expect(upload(chat, bytes(10))).rejects.toMatchObject({ code: 'not-connected' });
  });
});

describe('through the socket', () => {
  /** A gateway's side of an upload: takes chunks, gives credit, and answers the end. */
  async function take(socket: ScriptedSocket, stream: number, count: number, from = 0): Promise<Buffer[]> {
    const taken: Buffer[] = [];
    let passed = 0;
    for (let index = from; index < from + count; index++) {
      const chunk = await socket.chunks.next();
      expect([chunk.readUInt8(0), chunk.readUInt32BE(1), chunk.readUInt32BE(5)]).toEqual([1, stream, index]);
      taken.push(chunk.subarray(9));
      passed += chunk.length - 9;
      socket.send({ type: 'upload.progress', data: { stream, chunks: index + 1, bytes: from * 100 + passed } });
    }
    return taken;
  }
  const opened = { stream: 7, chunkBytes: 100, window: 8 };

  test('a page that cannot reach the service sends its file this way', async () => {
    const { chat, socket } = await script.online();
    const { seen, onProgress } = progressing();
    const uploading = upload(chat, bytes(1050), { onProgress, name: 'a.bin' });
    // Nobody listens on port 1.
    await socket.answer('upload.slot', { put: { url: 'http://127.0.0.1:1/x', headers: {} }, get: { url: 'x' } });
    const { data } = await socket.answer('upload.open', opened);
    expect(data).toEqual({ filename: 'a.bin', size: 1050 });
    const taken = await take(socket, 7, 11);
    expect(same(Buffer.concat(taken), bytes(1050))).toBe(true);
    await socket.answer('upload.close', { get: { url: 'https://up.example.com/a' } });
    expect(await uploading).toEqual({ url: 'https://up.example.com/a', name: 'a.bin', size: 1050 });
    expect(seen.at(-1)).toEqual({ loaded: 1050, total: 1050 });
  });

  test('where the gateway cannot put it either, the first reason is told', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(1));
    await socket.answer('upload.slot', { put: { url: 'http://127.0.0.1:1/x', headers: {} }, get: { url: 'x' } });
    await socket.refuse('upload.open', { code: 'not-allowed' });
    await expect(uploading).rejects.toMatchObject({
      code: 'remote-server-timeout',
      message: expect.stringContaining('CORS'),
    });
  });

  test('no more than the window is ahead of the credit', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(2000), { via: 'socket' });
    await socket.answer('upload.open', opened);
    for (let index = 0; index < 8; index++) await socket.chunks.next();
    await socket.settled();
    expect(socket.chunks.take()).toEqual([]);
    socket.send({ type: 'upload.progress', data: { stream: 7, chunks: 1, bytes: 100 } });
    expect((await socket.chunks.next()).readUInt32BE(5)).toBe(8);
    socket.send({ type: 'upload.progress', data: { stream: 8, chunks: 9, bytes: 900 } });
    await socket.settled();
    expect(socket.chunks.take(), "another stream's credit").toEqual([]);
    chat.close();
    await expect(uploading).rejects.toMatchObject({ code: 'not-connected' });
  });

  test('after a resume it goes on with what the gateway has not passed on', async () => {
    const { chat, told, socket } = await script.online();
    const uploading = upload(chat, Readable.from([bytes(1200)]), { via: 'socket', size: 1200 });
    await socket.answer('upload.open', opened);
    const first = await take(socket, 7, 3);
    await socket.settled();
    socket.cut();
    await told.next((one) => one.type === 'status' && one.data.status === 'waiting');
    const again = await script.gateway.socket();
    await again.welcome({ resumed: true });
    const others = await take(again, 7, 9, 3);
    expect(same(Buffer.concat([...first, ...others]), bytes(1200))).toBe(true);
    await again.answer('upload.close', { get: { url: 'u' } });
    expect((await uploading).url).toBe('u');
  });

  test('a session that is lost takes the upload with it, which begins anew', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(500), { via: 'socket' });
    await socket.answer('upload.open', opened);
    await take(socket, 7, 2);
    socket.cut();
    const again = await script.gateway.socket();
    await again.welcome({ session: 's_2', reason: 'unknown' });
    await again.answer('upload.open', { ...opened, stream: 1 });
    // What was written of the old stream before the library knew is for nobody.
    const taken: Buffer[] = [];
    for (let index = 0; index < 5; index++) {
      const chunk = await again.chunks.next((one) => one.readUInt32BE(1) === 1);
      taken.push(chunk.subarray(9));
    }
    expect(same(Buffer.concat(taken), bytes(500))).toBe(true);
    const isEnd = ({ type, data }: AnyFrame) => type === 'upload.close' && data?.stream === 1;
    again.send({ type: 'ok', id: (await again.inbox.next(isEnd)).id, data: { get: { url: 'u' } } });
    expect((await uploading).url).toBe('u');
  });

  test('what the gateway says against it is the error', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(5000), { via: 'socket' });
    await socket.answer('upload.open', opened);
    const error = { code: 'forbidden', message: 'The upload service answered 403', retry: false };
    socket.send({ type: 'upload.progress', data: { stream: 7, chunks: 0, bytes: 0, error } });
    await expect(uploading).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('where there is no room it waits for it', async () => {
    const { chat, socket } = await script.online();
    const uploading = upload(chat, bytes(5), { via: 'socket' });
    for (let attempt = 0; attempt < 10; attempt++) {
      await socket.refuse('upload.open', { code: 'resource-constraint', retry: true, retryAfterMs: 1 });
    }
    await socket.answer('upload.open', opened);
    await take(socket, 7, 1);
    await socket.answer('upload.close', { get: { url: 'u' } });
    expect((await uploading).url).toBe('u');
  });

  test('an abort gives it up at the gateway too, be it open or not yet', async () => {
    const { chat, socket } = await script.online();
    for (const isOpen of [true, false]) {
      const abort = new AbortController();
      const uploading = upload(chat, bytes(5000), { via: 'socket', signal: abort.signal });
      uploading.catch(() => undefined);
      const { id } = await socket.next('upload.open');
      if (!isOpen) abort.abort();
      socket.send({ type: 'ok', id, data: opened });
      if (isOpen) await socket.chunks.next();
      abort.abort();
      await expect(uploading).rejects.toMatchObject({ name: 'AbortError' });
      expect((await socket.next('upload.close')).data).toEqual({ stream: 7, cancel: true });
    }
  });
});
