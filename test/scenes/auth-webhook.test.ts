/** Clients of a gateway whose tokens the operator's backend knows: connect, refresh, take-overs, outages, reload. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect as connectLibrary } from '../../src/client/connect.ts';
import { createLogger } from '../../src/log.ts';
import { Backend, isSigned, type Received, type Reply, signingSecret } from '../support/backend.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords } from '../support/scene.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const apiKey = 'an-API-key-of-thirty-two-characters-or-more';
const secret = signingSecret();
const env: Record<string, string> = {
  // Backends alone decide here.
  STANZAWIRE_AUTH_JWT_SECRET: '',
  STANZAWIRE_AUTH_WEBHOOK_SECRET: secret,
  STANZAWIRE_AUTH_WEBHOOK_CACHE: '0s',
  STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey,
};
const lines: Record<string, unknown>[] = [];
let server: ScriptedServer;
let backend: Backend;
let gateway: TestGateway;

const json = (value: unknown): Reply => ({ status: 200, body: JSON.stringify(value) });
/** What the session of a token says: `token of alice` is alice's. */
const byName = ({ event }: Received): Reply => {
  const name = /^token of (.*)$/s.exec(String(event.data?.token))?.[1];
  return name === undefined ? { status: 401 } : json({ user: name });
};

beforeAll(async () => {
  server = await ScriptedServer.start();
  backend = await Backend.start();
  env.STANZAWIRE_AUTH_WEBHOOK_URL = `${backend.url}/auth`;
  const log = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  backend.reply = byName;
  gateway = await TestGateway.start(upstreamOf(server), env, log);
});
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});
beforeEach(() => {
  backend.reply = byName;
  backend.all.length = 0;
});

const login = (token: string, data: object = {}) => JsonClient.connect(gateway.url, { token, ...data });
async function outcome(token: string): Promise<unknown> {
  const client = await JsonClient.open(gateway.url);
  client.send({ type: 'connect', id: 1, data: { token, presence: false } });
  const { data, error } = await client.inbox.next(({ id }) => id === 1);
  await client.close();
  return error ?? data?.user;
}
async function counted(result: string): Promise<number> {
  const line = `stanzawire_auth_attempts_total{method="webhook",result="${result}"} `;
  const found = (await gateway.metrics()).split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length));
}
async function reload(): Promise<unknown> {
  const headers = { authorization: `Bearer ${apiKey}` };
  return (await fetch(`${gateway.internalUrl}/api/reload`, { method: 'POST', headers })).json();
}

describe('a client', () => {
  it('is who the backend says, with its scopes, until the end that it says', async () => {
    const expiresAt = new Date(Date.now() + 3600_000).toISOString();
    backend.reply = () => json({ user: 'alice', scopes: ['raw'], expiresAt });
    const before = await counted('ok');
    const client = await login('opaque-1', { raw: 'full' });
    expect(client.ready).toMatchObject({ user: 'alice@web.example.com', expiresAt });
    expect(isSigned(backend.all[0] as Received, secret)).toBe(true);
    expect(await counted('ok')).toBe(before + 1);
    const line = lines.findLast(({ event }) => event === 'socket_authenticated');
    expect(line).toMatchObject({ user: 'alice@web.example.com', method: 'webhook' });
    await client.close();
    backend.reply = () => json({ user: 'alice' });
    expect(await outcome('opaque-1')).toBe('alice@web.example.com');
    const other = await JsonClient.open(gateway.url);
    other.send({ type: 'connect', id: 1, data: { token: 'opaque-1', raw: 'full' } });
    expect(await other.inbox.next(({ id }) => id === 1)).toMatchObject({ error: { code: 'forbidden', field: 'raw' } });
    await other.close();
  });

  it('that is refused is told so, and its socket closed with 4001; 4002 where the token has ended', async () => {
    const before = [await counted('token-invalid'), await counted('token-expired')];
    for (const [reply, code, close] of [
      [{ status: 403, body: 'planted' }, 'token-invalid', 4001],
      [{ status: 401, body: '{"code":"token-expired"}' }, 'token-expired', 4002],
    ] as const) {
      backend.reply = () => reply;
      const client = await JsonClient.open(gateway.url);
      client.send({ type: 'connect', id: 1, data: { token: 'opaque' } });
      expect(await lastWords(client)).toMatchObject({
        code: close,
        frames: [{ id: 1, error: { code, retry: false } }],
      });
    }
    expect([await counted('token-invalid'), await counted('token-expired')]).toEqual(before.map((one) => one + 1));
  });

  it('refreshes with another token of the same user, and no other; what the token grants changes with it', async () => {
    const client = await login('token of alice');
    const expiresAt = new Date(Date.now() + 3600_000).toISOString();
    backend.reply = () => json({ user: 'ALICE', expiresAt });
    expect(await client.request('auth.refresh', { token: 'opaque-2' })).toEqual({ expiresAt });
    backend.reply = byName;
    expect(await client.refused('auth.refresh', { token: 'token of bob' })).toMatchObject({ code: 'forbidden' });
    await client.close();
  });

  it('that the backend cannot be asked about stays as it is at a refresh, and may try again', async () => {
    const client = await login('token of alice');
    backend.reply = () => ({ status: 500 });
    const error = await client.refused('auth.refresh', { token: 'opaque' });
    expect(error).toMatchObject({ code: 'resource-constraint', retry: true });
    backend.reply = byName;
    await client.request('auth.refresh', { token: 'token of alice' });
    await client.close();
  });
});

describe('an account is taken over by no spelling:', () => {
  it.each<[name: string, account: unknown]>([
    ['Alice', 'alice@web.example.com'],
    ['alice@web.example.com', 'alice\\40web.example.com@web.example.com'],
    ['alice/web', 'alice\\2fweb@web.example.com'],
    ['a\\40b', 'a\\5c40b@web.example.com'],
    ['a b', 'a\\20b@web.example.com'],
    ...['ali\u200bce', '\uff41lice', ' alice', 'alice ', 'ali\u00adce', 'stra\u00dfe', 'alice\u0000', 'a\ud800'].map(
      (name): [string, unknown] => [name, expect.objectContaining({ code: 'token-invalid', field: 'token' })],
    ),
  ])('%j', async (user, account) => {
    backend.reply = () => json({ user });
    expect(await outcome(`opaque ${encodeURIComponent(user.toWellFormed())}`)).toEqual(account);
  });
});

describe('while the backend is away', () => {
  it('a client is told to come again, on the same socket too, and nobody is counted as guessing', async () => {
    backend.reply = () => ({ status: 500 });
    const client = await JsonClient.open(gateway.url);
    client.send({ type: 'connect', id: 1, data: { token: 'token of alice' } });
    const { error } = await client.inbox.next(({ id }) => id === 1);
    expect(error).toMatchObject({ code: 'resource-constraint', retry: true });
    backend.reply = byName;
    client.send({ type: 'connect', id: 2, data: { token: 'token of alice', presence: false } });
    expect((await client.inbox.next(({ id }) => id === 2)).type).toBe('ready');
    await client.close();
  });

  it('the client library comes again by itself, until somebody is there', async () => {
    let asked = 0;
    backend.reply = (request) => (++asked < 3 ? { status: 500 } : byName(request));
    const client = connectLibrary({ url: gateway.url, token: 'token of carol', presence: false });
    const ready = await client.ready;
    expect(ready.user).toBe('carol@web.example.com');
    expect(asked).toBe(3);
    client.close();
  }, 30_000);

  it('a backend that hangs keeps no client beyond the timeout', async () => {
    env.STANZAWIRE_AUTH_WEBHOOK_TIMEOUT = '200ms';
    expect(await reload()).toMatchObject({ changed: ['auth.webhook.timeout'] });
    backend.reply = () => undefined;
    expect(await outcome('token of alice')).toMatchObject({ code: 'resource-constraint', retry: true });
    delete env.STANZAWIRE_AUTH_WEBHOOK_TIMEOUT;
    await reload();
  });
});

describe('a reload', () => {
  it('changes the secret, the address, and back', async () => {
    const next = signingSecret();
    env.STANZAWIRE_AUTH_WEBHOOK_SECRET = next;
    env.STANZAWIRE_AUTH_WEBHOOK_URL = `${backend.url}/other`;
    expect(await reload()).toMatchObject({ changed: ['auth.webhook.url', 'auth.webhook.secret'] });
    await outcome('token of alice');
    env.STANZAWIRE_AUTH_WEBHOOK_SECRET = secret;
    env.STANZAWIRE_AUTH_WEBHOOK_URL = `${backend.url}/auth`;
    await reload();
    await outcome('token of alice');
    const seen = backend.all.map((one) => [one.path, isSigned(one, next), isSigned(one, secret)]);
    expect(seen).toEqual([
      ['/other', true, false],
      ['/auth', false, true],
    ]);
  });

  it('changes how long an answer counts, and how many are asked at once and may wait', async () => {
    const requests = async () => {
      backend.all.length = 0;
      await outcome('token of alice');
      await outcome('token of alice');
      return backend.all.length;
    };
    expect(await requests()).toBe(2);
    env.STANZAWIRE_AUTH_WEBHOOK_CACHE = '1m';
    env.STANZAWIRE_AUTH_WEBHOOK_CONCURRENCY = '1';
    env.STANZAWIRE_AUTH_WEBHOOK_QUEUE = '0';
    const changed = ['auth.webhook.cache', 'auth.webhook.concurrency', 'auth.webhook.queue'];
    expect(await reload()).toMatchObject({ changed });
    expect(await requests()).toBe(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    backend.reply = (request) => promise.then(() => byName(request));
    const first = outcome('token of bob');
    await expect.poll(() => backend.open, { timeout: 10_000 }).toBe(1);
    expect(await outcome('token of carol')).toMatchObject({ code: 'resource-constraint', retry: true });
    resolve();
    expect(await first).toBe('bob@web.example.com');
    env.STANZAWIRE_AUTH_WEBHOOK_CACHE = '0s';
    delete env.STANZAWIRE_AUTH_WEBHOOK_CONCURRENCY;
    delete env.STANZAWIRE_AUTH_WEBHOOK_QUEUE;
    expect(await reload()).toMatchObject({ changed });
  });

  it('turns it off, where there is another way in', async () => {
    const { STANZAWIRE_AUTH_WEBHOOK_URL: url = '' } = env;
    delete env.STANZAWIRE_AUTH_WEBHOOK_URL;
    delete env.STANZAWIRE_AUTH_WEBHOOK_SECRET;
    expect(JSON.stringify(await reload())).toContain('nobody could connect');
    env.STANZAWIRE_AUTH_GUEST_ENABLED = 'true';
    expect(await reload()).toMatchObject({ changed: expect.arrayContaining(['auth.webhook.url']) });
    expect(await outcome('token of alice')).toMatchObject({ code: 'token-invalid' });
    expect(backend.all).toEqual([]);
    delete env.STANZAWIRE_AUTH_GUEST_ENABLED;
    Object.assign(env, { STANZAWIRE_AUTH_WEBHOOK_URL: url, STANZAWIRE_AUTH_WEBHOOK_SECRET: secret });
    await reload();
    expect(await outcome('token of alice')).toBe('alice@web.example.com');
  });
});
