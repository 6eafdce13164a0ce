/** Files of web users on the upload services of real servers: found, put by the client and by the gateway, refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { onEveryServer } from '../support/servers/each.ts';

onEveryServer('uploads', (server) => {
  let gateway: TestGateway;
  let alice: JsonClient;

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()));
    const first = await gateway.login('alice');
    if (first.ready?.link === 'down') await first.next('state', ({ link }) => link === 'up', 20_000);
    alice = await gateway.login('alice', { features: ['binary'] });
  });
  afterAll(() => gateway.stop());

  const fetched = async (url = ''): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

  test('the service is found, with its limit', async () => {
    await expect
      .poll(async () => {
        const client = await gateway.login('bob', { presence: false });
        await client.close();
        return client.ready?.services;
      })
      .toMatchObject({ upload: server().uploadDomain, uploadBytes: 10 * 1024 * 1024 });
  });

  test('a client puts its file to a slot, and everybody can fetch it', async () => {
    const bytes = Buffer.from('But soft, what light');
    const file = { filename: 'light & “window”.txt', size: bytes.length, mediaType: 'text/plain' };
    const { put, get } = await alice.request('upload.slot', file);
    const headers = { ...put.headers, 'content-type': 'text/plain' };
    const answer = await fetch(put.url, { method: 'PUT', headers, body: bytes });
    expect(answer.status).toBe(201);
    expect((await fetched(get.url)).equals(bytes)).toBe(true);
  });

  test('a file that is too large is refused, with the limit', async () => {
    const size = 10 * 1024 * 1024 + 1;
    for (const type of ['upload.slot', 'upload.open']) {
      expect(await alice.refused(type, { filename: 'a.bin', size })).toMatchObject({
        code: 'not-acceptable',
        field: 'size',
        message: expect.stringContaining('10485760'),
        by: server().uploadDomain,
      });
    }
  });

  test('the gateway puts the file for a client that cannot', async () => {
    const bytes = Buffer.alloc(3_000_000, 'wherefore art thou ');
    const file = { filename: 'romeo.png', size: bytes.length, mediaType: 'image/png' };
    const { stream, chunkBytes, window } = await alice.request('upload.open', file);
    let passed = 0;
    for (let index = 0; index * chunkBytes < bytes.length; index++) {
      while (index - passed >= window) passed = (await alice.next('upload.progress')).chunks;
      const header = Buffer.alloc(9);
      header.writeUInt8(1);
      header.writeUInt32BE(stream, 1);
      header.writeUInt32BE(index, 5);
      alice.ws.send(Buffer.concat([header, bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)]));
    }
    const { get } = await alice.request('upload.close', { stream }, 20_000);
    const response = await fetch(get?.url ?? '');
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('a file that is given up is nowhere', async () => {
    const { stream } = await alice.request('upload.open', { filename: 'half.bin', size: 1000 });
    expect(await alice.request('upload.close', { stream, cancel: true })).toEqual({});
    expect((await alice.rest()).filter(({ data }) => data?.stream === stream)).toEqual([]);
  });
});
