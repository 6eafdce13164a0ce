/** The PUT to an upload service meets one that is silent, one that is not there, one that answers too early. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createPut } from '../../src/http/put.ts';

async function service(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/slot`;
}

const put = createPut({ stallMs: 100 });
const bytes = Buffer.alloc(10);

test('a service that never answers is given up', async () => {
  const upload = put({ url: await service((request) => request.resume()), headers: {}, size: 10 });
  upload.write(bytes, () => undefined);
  await expect(upload.done).rejects.toMatchObject({ code: 'timeout', retry: true });
});

test('a client that takes its time is not the fault of the service', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const upload = put({
    url: await service((request, response) => request.resume().on('end', () => response.writeHead(201).end())),
    headers: {},
    size: 20,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  upload.write(bytes, resolve);
  await promise;
  // Longer than the service may be silent.
  vi.advanceTimersByTime(60_000);
  upload.write(bytes, () => undefined);
  await upload.done;
});

test('a service that is not there, or ends the connection, can be tried again', async () => {
  const gone = put({ url: 'http://127.0.0.1:1/slot', headers: {}, size: 10 });
  gone.write(bytes, () => undefined);
  await expect(gone.done).rejects.toMatchObject({ code: 'remote-server-timeout', retry: true });
  const cut = put({ url: await service(({ socket }) => socket.destroy()), headers: {}, size: 10 });
  cut.write(bytes, () => undefined);
  await expect(cut.done).rejects.toMatchObject({ code: 'remote-server-timeout', retry: true });
});

test('an answer that comes before the whole file is a refusal, whatever it says', async () => {
  const upload = put({ url: await service((_, response) => response.writeHead(200).end()), headers: {}, size: 100 });
  upload.write(bytes, () => undefined);
  await expect(upload.done).rejects.toMatchObject({ code: 'undefined-condition' });
});

test('nothing is written after the end, and nobody is told of it', async () => {
  const upload = put({ url: await service((request) => request.resume()), headers: {}, size: 10 });
  upload.abort();
  upload.write(bytes, () => expect.unreachable());
  await expect(upload.done).rejects.toMatchObject({ message: 'The upload was cancelled' });
});
