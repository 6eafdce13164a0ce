import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { PublicFiles } from '../../src/core/public-files.ts';
import { drainProof } from '../../src/http/drain-proof.ts';
import { createHttp, type HttpOptions } from '../../src/http/server.ts';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';

async function start(options: Partial<HttpOptions> = {}) {
  const state = { ready: true, link: 'up' as 'up' | 'down', draining: false, drained: false, alive: true, begun: 0 };
  const metrics = createMetrics({ version: '0' });
  const http = createHttp({
    config: {
      public: { host: '127.0.0.1', port: 0, path: '/ws' },
      internal: { host: '127.0.0.1', port: 0 },
    },
    sockets: 1000,
    files: new PublicFiles(new Uint8Array(32)),
    status: {
      ready: ({ ready, link, draining, drained } = state) => ({ ready, link, draining, drained }),
      alive: () => state.alive,
    },
    drain: { secret: () => 'the secret', begin: () => state.begun++ },
    metrics,
    log: createLogger('silent'),
    ...options,
  });
  const ports = await http.listen();
  onTestFinished(() => http.close());
  const get = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return {
    http,
    state,
    metrics,
    ...ports,
    open: (path: string, init?: RequestInit) => get(`http://127.0.0.1:${ports.publicPort}${path}`, init),
    inner: (path: string, init?: RequestInit) => get(`http://127.0.0.1:${ports.internalPort}${path}`, init),
  };
}

test('livez tells whether the process lives', async () => {
  const { inner, state } = await start();
  expect(await inner('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
  state.ready = false;
  state.link = 'down';
  expect(await inner('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
  state.alive = false;
  expect(await inner('/livez')).toMatchObject({ status: 503 });
});

test('readyz tells whether traffic is wanted, and why not', async () => {
  const { inner, state } = await start();
  const first = await inner('/readyz');
  expect({ ...first, body: JSON.parse(first.body) }).toMatchObject({
    status: 200,
    body: { ready: true, link: 'up', draining: false, drained: false },
  });
  state.ready = false;
  state.draining = true;
  const second = await inner('/readyz');
  expect({ ...second, body: JSON.parse(second.body) }).toMatchObject({
    status: 503,
    body: { ready: false, link: 'up', draining: true, drained: false },
  });
});

test('the drain begins for whoever knows the secret, and for nobody else', async () => {
  const { inner, open, state } = await start();
  const ask = (authorization?: string) =>
    inner('/drain', { method: 'POST', ...(authorization === undefined ? {} : { headers: { authorization } }) });
  const now = Date.now();
  const right = drainProof('the secret', now);
  const wrong = [
    undefined,
    'Bearer',
    'Bearer the secret',
    `Basic ${right}`,
    `Bearer ${right}x`,
    `Bearer ${drainProof('another secret', now)}`,
    `Bearer ${drainProof('the secret', now - 120_000)}`,
    `Bearer ${drainProof('the secret', now + 120_000)}`,
    // An old code under a new time.
    `Bearer ${now}.${drainProof('the secret', now - 120_000).split('.')[1]}`,
  ];
  for (const authorization of wrong) expect(await ask(authorization)).toMatchObject({ status: 401 });
  expect(await inner('/drain')).toMatchObject({ status: 404 });
  expect(await open('/drain', { method: 'POST', headers: { authorization: `Bearer ${right}` } })).toMatchObject({
    status: 404,
  });
  expect(state.begun).toBe(0);
  expect(await ask(`Bearer ${right}`)).toMatchObject({ status: 202, body: '{"draining":true}' });
  expect(state.begun).toBe(1);
  expect(right).not.toContain('the secret');
});

test('metrics are served in the text format of Prometheus', async () => {
  const { inner, metrics } = await start();
  metrics.linkUp.set(1);
  const answer = await inner('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.body).toContain('\nstanzawire_link_up 1\n');
});

test('the public port has nothing but the WebSocket path', async () => {
  const { open } = await start();
  for (const path of ['/', '/metrics', '/livez', '/readyz', '/ws/', '/%77s', '/ws%00', '/%zz']) {
    const answer = await open(path);
    expect(answer).toMatchObject({ status: 404, body: '{"error":"not found"}' });
  }
  const { headers } = await open('/');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'");
  expect(await open('/', { method: 'POST', body: 'x' })).toMatchObject({ status: 404 });
  expect(await open('/', { method: 'POST', body: 'x'.repeat(100_000) })).toMatchObject({ status: 413 });
});

test('the WebSocket path without an upgrade says what to do', async () => {
  const { open } = await start();
  const answer = await open('/ws?v=1');
  expect(answer.status).toBe(426);
  expect(answer.headers.get('upgrade')).toBe('websocket');
  expect(answer.body).toContain('WebSocket');
});

test('the internal port answers unknown paths with 404, and takes no upgrade', async () => {
  const { inner, internalPort } = await start();
  expect(await inner('/ws')).toMatchObject({ status: 404 });
  const ws = new WebSocket(`ws://127.0.0.1:${internalPort}/ws`);
  const [error] = await once(ws, 'error');
  expect(error.message).toContain('404');
});

test('headers that take too long are cut, and so is a connection that says nothing', async () => {
  const { publicPort } = await start({ timing: { headersMs: 50, requestMs: 100, checkMs: 20 } });
  for (const text of ['', 'GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ']) {
    const socket = connect(publicPort, '127.0.0.1').on('error', () => undefined);
    socket.write(text);
    socket.resume();
    await once(socket, 'close');
  }
});

test('a header that is too large is 431, a token of 16 KiB is not', async () => {
  const { open } = await start();
  expect(await open('/ws', { headers: { authorization: `Bearer ${'x'.repeat(16_384)}` } })).toMatchObject({
    status: 426,
  });
  expect(await open('/ws', { headers: { authorization: `Bearer ${'x'.repeat(40_000)}` } })).toMatchObject({
    status: 431,
  });
});

test('close ends at once with 100 sockets, an idle connection and a half-sent request open', async () => {
  const { http, publicPort, inner } = await start();
  const wss = new WebSocketServer({ noServer: true });
  http.publicServer.on('upgrade', (req, socket, head) => wss.handleUpgrade(req, socket, head, () => undefined));
  const sockets = Array.from({ length: 100 }, () => new WebSocket(`ws://127.0.0.1:${publicPort}/ws`));
  await Promise.all(sockets.map((ws) => once(ws, 'open')));
  const closed = Promise.all(sockets.map((ws) => once(ws, 'close')));
  const half = connect(publicPort, '127.0.0.1').on('error', () => undefined);
  await once(half, 'connect');
  half.write('GET /ws HTTP/1.1\r\n');
  const idle = connect(publicPort, '127.0.0.1').on('error', () => undefined);
  await once(idle, 'connect');
  const started = performance.now();
  await http.closePublic();
  expect(await inner('/readyz')).toMatchObject({ status: 200 });
  await http.close();
  await http.close();
  expect(performance.now() - started).toBeLessThan(500);
  await closed;
});

test('a port in use fails listen', async () => {
  const { publicPort } = await start();
  const taken = createHttp({
    config: {
      public: {
        host: '127.0.0.1',
        port: publicPort,
        path: '/ws',
      },
      internal: { host: '127.0.0.1', port: 0 },
    },
    drain: { secret: () => '', begin: () => undefined },
    status: { ready: () => ({ ready: true, link: 'up', draining: false, drained: false }), alive: () => true },
    metrics: createMetrics({ version: '0' }),
    log: createLogger('silent'),
    sockets: 1000,
    files: new PublicFiles(new Uint8Array(32)),
  });
  await expect(taken.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await taken.close();
});

test('an error inside is logged and reveals nothing', async () => {
  const lines: string[] = [];
  const { inner } = await start({
    log: createLogger('info', { write: (line: string) => lines.push(line) }),
    status: {
      ready: () => {
        throw new Error('private detail');
      },
      alive: () => true,
    },
  });
  expect(await inner('/readyz')).toMatchObject({ status: 500, body: '{"error":"internal error"}' });
  expect(lines.join('')).toContain('private detail');
});

test('HEAD is answered without a body', async () => {
  const { internalPort } = await start();
  const head = request({ port: internalPort, path: '/livez', method: 'HEAD' }).end();
  const [response] = await once(head, 'response');
  expect(response.statusCode).toBe(200);
});
