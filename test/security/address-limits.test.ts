/** One address that wants all sockets, all handshakes, or tries tokens; and what its neighbours notice of it: nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { Addresses } from '../../src/websocket/addresses.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { clientFrame, RawSocket } from '../support/raw-socket.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let gateway: TestGateway;
const logged: Record<string, unknown>[] = [];

/** Loopback itself is counted, because another proxy is listed; each test comes from addresses of its own. */
const env = {
  STANZAWIRE_HTTP_PUBLIC_TRUSTED_PROXIES: '192.0.2.1',
  STANZAWIRE_LIMITS_PER_ADDRESS_SOCKETS: '5',
  STANZAWIRE_LIMITS_PER_ADDRESS_HANDSHAKES: '20',
  STANZAWIRE_LIMITS_PER_ADDRESS_FAILED_LOGINS: '3',
};

beforeAll(async () => {
  server = await ScriptedServer.start();
  const log = createLogger('info', { write: (line: string) => void logged.push(JSON.parse(line)) });
  gateway = await TestGateway.start(upstreamOf(server), env, log);
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

const shake = (from: string): Promise<RawSocket> => RawSocket.upgrade(gateway.url, { from });
const statusOf = async (from: string): Promise<number> => {
  const socket = await shake(from);
  const status = await socket.status();
  socket.end();
  await socket.closed;
  return status;
};

/** Logs in with that token; the answer. */
async function tryToken(from: string, token: string): Promise<unknown> {
  const socket = await shake(from);
  if ((await socket.status()) !== 101) return socket.status();
  socket.send(clientFrame(JSON.stringify({ type: 'connect', id: 1, data: { token } })));
  const { type, error } = await socket.next();
  socket.end();
  await socket.closed;
  return type === 'error' ? (error as { code: string }).code : type;
}

test('one address that opens sockets without end has its share, and gets a place back when it gives one up', async () => {
  const from = '127.1.0.1';
  const open = await Promise.all(Array.from({ length: 5 }, () => shake(from)));
  expect(await Promise.all(open.map((socket) => socket.status()))).toEqual([101, 101, 101, 101, 101]);
  const refused = await shake(from);
  expect(await refused.status()).toBe(429);
  expect(await refused.head()).toContain('Retry-After: 5');
  expect(await statusOf('127.1.0.2')).toBe(101);
  open[0]?.end();
  await open[0]?.closed;
  await expect.poll(() => statusOf(from), { timeout: 10_000 }).toBe(101);
  for (const socket of open) socket.end();
});

test('one address that holds connections open and says nothing is cut off before it has the process’s descriptors', async () => {
  const from = '127.1.0.3';
  const held = await Promise.all(Array.from({ length: 10 }, () => RawSocket.connect(gateway.url, from)));
  const more = await RawSocket.connect(gateway.url, from);
  await more.closed;
  expect(held.every(({ tcp }) => !tcp.destroyed)).toBe(true);
  expect(await statusOf('127.1.0.4')).toBe(101);
  for (const socket of held) socket.end();
});

test('one address that makes handshakes without end is refused until its minute is over', async () => {
  const from = '127.1.0.5';
  const statuses: number[] = [];
  for (let i = 0; i < 22; i++) statuses.push(await statusOf(from));
  expect(statuses).toEqual([...Array.from({ length: 20 }, () => 101), 429, 429]);
  const refused = await shake(from);
  const [, seconds] = /Retry-After: (\d+)/.exec(await refused.head()) ?? [];
  expect(Number(seconds)).toBeGreaterThan(0);
  expect(Number(seconds)).toBeLessThanOrEqual(60);
  expect(await statusOf('127.1.0.6')).toBe(101);
});

test('guessing tokens: after a few that are refused, none is looked at any more, not even a right one', async () => {
  const from = '127.1.0.7';
  const right = await gateway.token('alice');
  const wrong = `${right.slice(0, -4)}AAAA`;
  expect(await tryToken(from, right)).toBe('ready');
  for (let i = 0; i < 3; i++) expect(await tryToken(from, wrong)).toBe('token-invalid');
  expect(await tryToken(from, right)).toBe(429);
  expect(await tryToken('127.1.0.8', right)).toBe('ready');
});

test('guessing tokens on sockets that are gone before the answer is counted too', async () => {
  const from = '127.1.0.9';
  for (let i = 0; i < 3; i++) {
    const socket = await shake(from);
    expect(await socket.status()).toBe(101);
    socket.send(clientFrame(JSON.stringify({ type: 'connect', id: 1, data: { token: 'a.b.c' } })));
    socket.tcp.end();
    await socket.closed;
  }
  await expect.poll(() => statusOf(from), { timeout: 10_000 }).toBe(429);
});

test('an office whose tokens have all expired over night is not locked out', async () => {
  const from = '127.1.0.10';
  const expired = await gateway.token('alice', { ttlMs: -60_000 });
  for (let i = 0; i < 5; i++) expect(await tryToken(from, expired)).toBe('token-expired');
  expect(await tryToken(from, await gateway.token('alice'))).toBe('ready');
});

test('refusals are counted by kind, and logged once a minute each, however many there are', async () => {
  const from = '127.1.0.11';
  for (let i = 0; i < 60; i++) await statusOf(from);
  const metrics = await gateway.metrics();
  for (const result of ['address_limit', 'rate_limit', 'failed_logins']) {
    expect(metrics).toMatch(new RegExp(`socket_handshakes_total\\{result="${result}"\\} [1-9]`));
  }
  const lines = logged.filter(({ event }) => event === 'handshakes_refused');
  const kinds = lines.map(({ result }) => result);
  expect(new Set(kinds)).toEqual(new Set(['address_limit', 'rate_limit', 'failed_logins']));
  expect(kinds.length).toBeLessThan(9);
  // Who never said who they are leave nothing at the usual level of the log.
  expect(logged.filter(({ event }) => event === 'socket_closed').length).toBeLessThan(10);
});

test('sockets that never authenticate take their share of the places and no more: sessions stay, and one can begin', async () => {
  const crowded = await TestGateway.start(upstreamOf(server), { STANZAWIRE_LIMITS_SOCKETS: '200' });
  const alice = await crowded.login('alice');
  const silent = await Promise.all(Array.from({ length: 100 }, () => RawSocket.upgrade(crowded.url)));
  expect(new Set(await Promise.all(silent.map((socket) => socket.status())))).toEqual(new Set([101]));
  const refused = await RawSocket.upgrade(crowded.url);
  expect(await refused.status()).toBe(503);
  await alice.answer({ type: 'ping' });
  silent[0]?.end();
  await silent[0]?.closed;
  await expect
    .poll(
      () =>
        crowded.login('bob').then(
          ({ user }) => user,
          () => '',
        ),
      { timeout: 10_000 },
    )
    .toContain('bob@');
  expect(await crowded.metrics()).toMatch(/socket_handshakes_total\{result="unauthenticated_limit"\} [1-9]/);
  for (const socket of silent) socket.end();
  await crowded.stop();
});

test('an account that connects without end is closed with 4103, and others are not', async () => {
  const limited = await TestGateway.start(upstreamOf(server), { STANZAWIRE_LIMITS_PER_ACCOUNT_HANDSHAKES: '3' });
  const connect = async (user: string): Promise<number> => {
    const client = await JsonClient.open(limited.url);
    client.send({ type: 'connect', id: 1, data: { token: await limited.token(user), presence: false } });
    return client.inbox
      .next(({ type }) => type === 'ready')
      .then(
        () => client.close(),
        () => client.closed,
      );
  };
  const codes: number[] = [];
  for (let i = 0; i < 5; i++) codes.push(await connect('mallory'));
  expect(codes).toEqual([1000, 1000, 1000, 4103, 4103]);
  expect(await connect('alice')).toBe(1000);
  await limited.stop();
});

test('a million addresses leave a table of bounded size, and take nobody’s count away', () => {
  let now = 0;
  const addresses = new Addresses(
    () => ({ sockets: 2, handshakes: 10, failedLogins: 5 }),
    () => now,
  );
  addresses.opened('198.51.100.1');
  addresses.opened('198.51.100.1');
  for (let i = 0; i < 1_000_000; i++) {
    const address = `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`;
    addresses.handshake(address);
    addresses.failedLogin(address);
  }
  expect(addresses.size).toBeLessThanOrEqual(10_001);
  expect(addresses.handshake('198.51.100.1')).toBe('address_limit');
  addresses.closed('198.51.100.1');
  expect(addresses.handshake('198.51.100.1')).toBeUndefined();
  for (let i = 0; i < 5; i++) addresses.failedLogin('198.51.100.1');
  expect(addresses.handshake('198.51.100.1')).toBe('failed_logins');
  expect(addresses.retryAfter('198.51.100.1')).toBe(60);
  now += 60_000;
  expect(addresses.handshake('198.51.100.1')).toBeUndefined();
});
