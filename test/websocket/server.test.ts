import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Client, httpAnswer, startServer, upgradeRaw } from './support.ts';

const upgradeHead = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${headers}\r\n`;

test('the subprotocol is echoed, and none offered is fine', async () => {
  const bench = await startServer();
  const named = new Client(bench.url, ['other', 'stanzawire.v1']);
  const unnamed = new Client(bench.url, []);
  await Promise.all([once(named.ws, 'open'), once(unnamed.ws, 'open')]);
  expect(named.ws.protocol).toBe('stanzawire.v1');
  expect(unnamed.ws.protocol).toBe('');
  expect(bench.inlets.length).toBe(2);
  expect(await bench.count('socket_handshakes_total{result="ok"}')).toBe(2);
  expect(await bench.count('sockets{state="connecting"}')).toBe(2);
});

test('only unknown subprotocols: accepted, then closed with 4006, and core never hears of it', async () => {
  const bench = await startServer();
  const client = new Client(bench.url, ['stanzawire.v9', 'mqtt']);
  expect(await client.closed).toEqual({ code: 4006, reason: 'this gateway speaks stanzawire.v1' });
  expect(client.ws.protocol).toBe('stanzawire.v9');
  expect(bench.inlets).toEqual([]);
  expect(await bench.count('socket_handshakes_total{result="subprotocol"}')).toBe(1);
  await bench.sockets.closeAll(50);
  expect(await bench.count('socket_closes_total{code="4006",initiator="server"}')).toBe(1);
});

test('a wrong Origin is closed with 4003; an exact one and none are allowed', async () => {
  const bench = await startServer();
  const wrong = ['https://evil.example', 'https://chat.example.com.evil.example', 'null', 'http://chat.example.com'];
  for (const origin of wrong) {
    const client = new Client(bench.url, ['stanzawire.v1'], { origin });
    expect(await client.closed).toEqual({ code: 4003, reason: 'origin not allowed' });
  }
  expect(bench.inlets).toEqual([]);
  const right = new Client(bench.url, ['stanzawire.v1'], { origin: 'https://chat.example.com' });
  await once(right.ws, 'open');
  expect(bench.inlets.length).toBe(1);
  expect(await bench.count('socket_handshakes_total{result="origin"}')).toBe(wrong.length);
});

test('with * every Origin is allowed', async () => {
  const bench = await startServer({ origins: ['*'] });
  const client = new Client(bench.url, ['stanzawire.v1'], { origin: 'https://anything.example' });
  await once(client.ws, 'open');
  expect(bench.inlets.length).toBe(1);
});

test('the bearer token and the address reach core; the token reaches no log', async () => {
  const bench = await startServer();
  const client = new Client(bench.url, [], { headers: { authorization: 'bearer a.b.c' } });
  await once(client.ws, 'open');
  expect(bench.inlets[0]?.upgrade).toEqual({ token: 'a.b.c', socket: 1, address: '127.0.0.1' });
  const basic = new Client(bench.url, [], { headers: { authorization: 'Basic eDp5' } });
  await once(basic.ws, 'open');
  expect(bench.inlets[1]?.upgrade).toEqual({ socket: 2, address: '127.0.0.1' });
  expect(JSON.stringify(bench.logged)).not.toContain('a.b.c');
});

test('another path is 404, a query is ignored, a broken handshake is 400', async () => {
  const bench = await startServer();
  expect(await httpAnswer(bench.port, upgradeHead('/other'))).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
  expect(await httpAnswer(bench.port, upgradeHead('/ws/'))).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
  expect(await httpAnswer(bench.port, upgradeHead('/ws').replace(/Sec-WebSocket-Key.*\r\n/, ''))).toMatch(
    /^HTTP\/1.1 400 Bad Request\r\n/,
  );
  const client = new Client(`${bench.url}?v=1`);
  await once(client.ws, 'open');
  expect(await bench.count('socket_handshakes_total{result="wrong_path"}')).toBe(2);
  expect(await bench.count('socket_handshakes_total{result="bad_request"}')).toBe(1);
});

test('at the limit of sockets the next one gets 503 with Retry-After, and a place that is freed is given again', async () => {
  const bench = await startServer({ limits: { sockets: 2 } });
  const { client } = await bench.join();
  await bench.join();
  const answer = await httpAnswer(bench.port, upgradeHead('/ws'));
  expect(answer).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
  expect(answer).toMatch(/\r\nRetry-After: \d+\r\n/);
  client.ws.close();
  await client.closed;
  await bench.inlets[0]?.closedCode;
  await bench.join();
  expect(await bench.count('socket_handshakes_total{result="limit"}')).toBe(1);
  expect(await bench.count('sockets{state="open"}')).toBe(2);
});

test('sockets that have not authenticated take at most a share of the places', async () => {
  const bench = await startServer({ limits: { sockets: 200 } });
  const idle = Array.from({ length: 100 }, () => new Client(bench.url));
  await Promise.all(idle.map((client) => once(client.ws, 'open')));
  expect(await httpAnswer(bench.port, upgradeHead('/ws'))).toMatch(/^HTTP\/1.1 503 /);
  expect(await bench.count('socket_handshakes_total{result="unauthenticated_limit"}')).toBe(1);
  idle[0]?.ws.close();
  await bench.inlets[0]?.closedCode;
  await bench.join();
  await bench.join();
});

test('a reset before, in and after the upgrade harms nobody', async () => {
  const bench = await startServer();
  const before = connect(bench.port, '127.0.0.1');
  await once(before, 'connect');
  before.resetAndDestroy();
  for (const path of ['/other', '/ws']) {
    const during = connect(bench.port, '127.0.0.1');
    await once(during, 'connect');
    during.write(upgradeHead(path), () => during.resetAndDestroy());
    await once(during, 'close');
  }
  const after = await upgradeRaw(bench.port);
  after.resetAndDestroy();
  expect(await bench.inlets.at(-1)?.closedCode).toBe(1006);
  const { client } = await bench.join();
  expect(client.rest).toEqual([]);
});

test('closeAll refuses new sockets and closes the open ones with 4200 within its time', async () => {
  const bench = await startServer();
  const joined = Array.from({ length: 20 }, () => new Client(bench.url));
  await Promise.all(joined.map((client) => once(client.ws, 'open')));
  const started = performance.now();
  const times = Promise.all(joined.map((client) => client.closed.then(() => performance.now() - started)));
  const done = bench.sockets.closeAll(300);
  expect(await httpAnswer(bench.port, upgradeHead('/ws'))).toMatch(/^HTTP\/1.1 503 /);
  await done;
  expect(performance.now() - started).toBeLessThan(600);
  expect(await Promise.all(joined.map((client) => client.closed))).toEqual(
    joined.map(() => ({ code: 4200, reason: 'the gateway shuts down' })),
  );
  // Random moments: neither all at once nor in the order of their arrival.
  const all = await times;
  expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(30);
  expect(all).not.toEqual([...all].sort((a, b) => a - b));
  expect(await bench.count('socket_handshakes_total{result="draining"}')).toBe(1);
});

test('closeAll cuts a peer that does not answer the close, at the end of its time', async () => {
  const bench = await startServer({ timing: { closeMs: 60_000 } });
  const raw = await upgradeRaw(bench.port);
  const started = performance.now();
  await bench.sockets.closeAll(100);
  expect(performance.now() - started).toBeLessThan(400);
  expect(await bench.inlets[0]?.closedCode).toBe(4200);
  raw.destroy();
});
