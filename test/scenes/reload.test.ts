/** Keys that a reload changes, seen from outside of a running gateway: before, after, and back again. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { allKeys, type Key } from '../../src/config/keys.ts';
import { LiveConfig, loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { el, serialize } from '../../src/xmpp/stanza.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { lastWords } from '../support/scene.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const apiKey = 'an-API-key-of-thirty-two-characters-or-more';
const env: Record<string, string> = { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey };
const lines: Record<string, unknown>[] = [];
let server: ScriptedServer;
let gateway: TestGateway;

beforeAll(async () => {
  server = await ScriptedServer.start();
  const log = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  gateway = await TestGateway.start(upstreamOf(server), env, log);
  const client = await gateway.login('waits', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
});

let key = apiKey;
async function reload(): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${gateway.internalUrl}/api/reload`, { method: 'POST', headers });
  return answer.json();
}

const ready = (see: (ready: NonNullable<JsonClient['ready']>) => unknown) => async () => {
  const client = await gateway.login('alice', { presence: false });
  await client.close();
  return client.ready && see(client.ready);
};
/** The code of the error that a token is refused with, or who it lets in. */
const tokenOf = (options: Partial<Parameters<typeof mintToken>[0]>) => async () => {
  const claims = { secret: tokenSecret, user: 'alice', userClaim: 'sub', scopeClaim: 'scope', ttlMs: 60_000 };
  return connectWith(await mintToken({ ...claims, ...options }));
};
async function connectWith(token?: string): Promise<unknown> {
  const client = await JsonClient.open(gateway.url);
  client.send({ type: 'connect', id: 1, data: { presence: false, ...(token ? { token } : {}) } });
  const { data, error } = await client.inbox.next(({ id }) => id === 1);
  await client.close();
  return error?.code ?? String(data?.user).replace(/-\w{12}@/, '-…@');
}
/** Is the second of two, which come together, refused? */
async function second(frame: object): Promise<unknown> {
  const client = await gateway.login('alice', { presence: false });
  client.burst({ ...frame, id: 'first' }, { ...frame, id: 'second' });
  const { type, error } = await client.inbox.next(({ id }) => id === 'second');
  await client.close();
  return error?.code ?? type;
}
const metric = (name: string) => async () => new RegExp(`^${name} (.*)$`, 'm').exec(await gateway.metrics())?.[1];

interface Probe {
  to: string;
  see: () => Promise<unknown>;
  before: unknown;
  after: unknown;
}
const probes: Record<string, Probe> = {
  'http.public.origins': {
    to: 'https://chat.example.com',
    see: async () => {
      const client = await JsonClient.open(gateway.url, { headers: { origin: 'https://chat.example.com' } });
      client.send({ type: 'connect', data: {} });
      return (await lastWords(client)).code;
    },
    before: 4003,
    after: 4001,
  },
  'http.public.requireOrigin': { to: 'true', see: () => closeOf('{}'), before: 4000, after: 4003 },
  'auth.jwt.secret': {
    to: 'another secret of thirty-two bytes, or more',
    see: tokenOf({ secret: 'another secret of thirty-two bytes, or more' }),
    before: 'token-invalid',
    after: 'alice@web.example.com',
  },
  'auth.jwt.issuer': { to: 'us', see: tokenOf({}), before: 'alice@web.example.com', after: 'token-invalid' },
  'auth.jwt.audience': { to: 'us', see: tokenOf({}), before: 'alice@web.example.com', after: 'token-invalid' },
  'auth.jwt.algorithms': {
    to: 'HS512',
    see: tokenOf({ algorithm: 'HS512' }),
    before: 'token-invalid',
    after: 'alice@web.example.com',
  },
  'auth.jwt.userClaim': {
    to: 'name',
    see: tokenOf({ userClaim: 'name' }),
    before: 'token-invalid',
    after: 'alice@web.example.com',
  },
  'auth.guest.enabled': {
    to: 'true',
    see: () => connectWith(),
    before: 'token-invalid',
    after: 'guest-…@web.example.com',
  },
  'accounts.unknown': {
    to: 'store',
    see: async () => {
      const id = crypto.randomUUID();
      const from = 'romeo@example.com';
      const message = { from, to: `${id}@web.example.com`, id, type: 'chat' };
      server.send(el('message', message, el('body', {}, 'hi')));
      server.send(
        el(
          'iq',
          { from, to: 'web.example.com', id: `after-${id}`, type: 'get' },
          el('ping', { xmlns: 'urn:xmpp:ping' }),
        ),
      );
      await server.next(({ attrs }) => attrs.id === `after-${id}`);
      return server.received.some(({ attrs }) => attrs.id === id && attrs.type === 'error');
    },
    before: true,
    after: false,
  },
  'accounts.routeLocally': {
    to: 'false',
    see: async () => {
      const [alice, bob] = [await gateway.login('alice'), await gateway.login('bob')];
      const body = crypto.randomUUID();
      await alice.request('message.send', { to: bob.user, body });
      await Promise.all([alice.close(), bob.close()]);
      return server.received.some((stanza) => serialize(stanza).includes(body));
    },
    before: false,
    after: true,
  },
  'sessions.resumeWindow': { to: '5s', see: ready((one) => one.resume?.windowMs), before: 60_000, after: 5000 },
  'sessions.maxEvents': { to: '7', see: ready((one) => one.resume?.maxEvents), before: 2000, after: 7 },
  'sessions.heartbeat': { to: '9s', see: ready((one) => one.heartbeatMs), before: 25_000, after: 9000 },
  'sessions.perAccount': {
    to: '1',
    see: async () => {
      const first = await gateway.login('alice', { presence: false });
      const last = await JsonClient.open(gateway.url);
      last.send({ type: 'connect', id: 1, data: { token: await gateway.token('alice') } });
      const seen = await Promise.race([
        last.closed,
        last.inbox.next(({ type }) => type === 'ready').then(() => 'ready'),
      ]);
      await Promise.all([first.close(), last.close()]);
      return seen;
    },
    before: 'ready',
    after: 4009,
  },
  'limits.frame': { to: '2KiB', see: () => closeOf(`"${'x'.repeat(3000)}"`), before: 4000, after: 1009 },
  'limits.batch': {
    to: '1',
    see: async () => {
      const client = await gateway.login('alice', { presence: false });
      client.send([{ type: 'ping' }, { type: 'ping', id: 'last' }]);
      return Promise.race([client.closed, client.inbox.next(({ id }) => id === 'last').then(() => client.close())]);
    },
    before: 1000,
    after: 4000,
  },
  'limits.burst': { to: '1', see: () => second({ type: 'ping' }), before: 'pong', after: 'rate-limited' },
  'limits.rate': { to: '1', see: ready((one) => one.limits?.rate.perSecond), before: 20, after: 1 },
  'limits.inFlight': {
    to: '1',
    see: () => second({ type: 'message.send', data: { to: 'romeo@example.com', body: 'hi' } }),
    before: 'ok',
    after: 'rate-limited',
  },
  'limits.stanza': {
    to: '10000',
    see: async () => {
      const client = await gateway.login('alice', { presence: false });
      const data = { to: 'romeo@example.com', body: 'x'.repeat(12_000) };
      const { type, error } = await client.answer({ type: 'message.send', data });
      await client.close();
      return error?.code ?? type;
    },
    before: 'ok',
    after: 'too-large',
  },
  'limits.historyMax': { to: '3', see: ready((one) => one.limits?.historyMax), before: 100, after: 3 },
  'limits.sendTimeout': { to: '4s', see: ready((one) => one.limits?.sendTimeoutMs), before: 30_000, after: 4000 },
  'limits.sockets': { to: '7', see: metric('stanzawire_sockets_limit'), before: '20000', after: '7' },
  'drain.time': { to: '7s', see: metric('stanzawire_drain_limit_seconds'), before: '0', after: '7' },
  'log.level': { to: 'debug', see: () => logs('socket_opened'), before: false, after: true },
  'log.levels.websocket': { to: 'debug', see: () => logs('socket_opened'), before: false, after: true },
  'log.levels.core': { to: 'warn', see: () => logs('socket_authenticated'), before: true, after: false },
};

async function closeOf(first: string): Promise<number> {
  const client = await JsonClient.open(gateway.url);
  client.send(first);
  return client.closed;
}
async function logs(event: string): Promise<boolean> {
  lines.length = 0;
  const client = await gateway.login('alice', { presence: false });
  await client.close();
  return lines.some((line) => line.event === event);
}

const envOf = (name: string): string => allKeys().find((one) => one.key === name)?.env ?? '';

describe('a reload changes', () => {
  it.each(Object.entries(probes))('%s, and back', { timeout: 30_000 }, async (name, { to, see, before, after }) => {
    const variable = envOf(name);
    expect(await see()).toEqual(before);
    env[variable] = to;
    expect(await reload()).toMatchObject({ changed: [name] });
    expect(await see()).toEqual(after);
    delete env[variable];
    expect(await reload()).toMatchObject({ changed: [name] });
    expect(await see()).toEqual(before);
  });

  it('the key of the API itself', async () => {
    env.STANZAWIRE_HTTP_INTERNAL_API_KEY = `${apiKey}-again`;
    expect(await reload()).toMatchObject({ changed: ['http.internal.apiKey'] });
    expect(
      (await fetch(`${gateway.internalUrl}/api/status`, { headers: { authorization: `Bearer ${apiKey}` } })).status,
    ).toBe(401);
    key = `${apiKey}-again`;
    expect(await reload()).toMatchObject({ changed: [] });
  });

  it('what the XMPP server is told at the next handshake', async () => {
    const secret = 'another component secret';
    env.STANZAWIRE_XMPP_SECRET = secret;
    expect(await reload()).toMatchObject({ changed: ['xmpp.secret'] });
    Reflect.set(server, 'secret', secret);
    const client = await gateway.login('alice', { presence: false });
    server.drop('fin');
    await client.next('state', ({ link }) => link === 'up', 20_000);
    await client.close();
  }, 30_000);

  it('nothing where the configuration cannot be used, and says why', async () => {
    env.STANZAWIRE_LIMITS_RATE = 'often';
    const answer = JSON.stringify(await reload());
    expect(answer).toContain('limits.rate');
    expect(await metric('stanzawire_config_last_reload_successful')()).toBe('0');
    delete env.STANZAWIRE_LIMITS_RATE;
    await reload();
    expect(await metric('stanzawire_config_last_reload_successful')()).toBe('1');
    expect(await metric('stanzawire_config_reloads_total{result="failed"}'.replace(/[{}]/g, '\\$&'))()).toBe('1');
  });
});

/** A value that is right for the key, and not the one it has. */
function another({ key, kind, schema, default: usual, example, write }: Key): string {
  const { minimum }: { minimum?: unknown } = schema;
  const unit = kind === 'duration' ? 'ms' : '';
  if (kind === 'flag') return String(usual !== true);
  if (key === 'accounts.answers') return 'time';
  if (key === 'mode') return 'sidecar';
  if (kind === 'integer' || kind === 'size' || kind === 'duration') return `${Number(minimum) + 1}${unit}`;
  if (write?.startsWith('one of '))
    return (
      write
        .replace('one of ', '')
        .split(', ')
        .find((one) => one !== usual) ?? ''
    );
  return String(example ?? 'another');
}

/** Whose values depend on others. */
const special: Record<string, string> = {
  'xmpp.service': 'xmpp://127.0.0.1:9',
  'xmpp.domain': 'other.example.com',
  'xmpp.server': 'other.example.org',
  'http.public.host': '127.0.0.2',
  'http.public.path': '/other',
  'http.internal.host': '127.0.0.2',
  'readiness.requireLink': 'false',
  'store.url': 'sqlite:/does/not/matter',
  'auth.jwt.algorithms': 'HS512',
  'limits.outbound': '512KiB',
  'push.services': 'fcm.googleapis.com',
  extensions: 'some-package',
};

test('every key is either changed by a reload, as it is marked, or named as one that needs a restart', () => {
  const skipped = ['auth.jwt.jwksUrl', 'push.privateKey'];
  const keys = allKeys().filter(({ kind, key }) => kind !== 'file' && !skipped.includes(key));
  for (const one of keys) {
    const start: Record<string, string> = {
      STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
      STANZAWIRE_XMPP_SECRET: 'secret',
      STANZAWIRE_AUTH_JWT_SECRET: tokenSecret,
      STANZAWIRE_PUSH_CONTACT: 'mailto:someone@example.com',
      STANZAWIRE_XMPP_SERVER: 'example.com',
    };
    const live = new LiveConfig(() => loadConfig({ env: start }));
    const at = () => one.path.reduce<unknown>((tree, name) => Object(tree)[name], live.config);
    const before = JSON.stringify(at());
    start[one.env] = special[one.key] ?? (one.kind === 'secret' ? 'x'.repeat(64) : another(one));
    const { changed, needRestart } = live.reload(() => undefined);
    // What another key is derived from changes that too.
    expect(one.reload ? changed : needRestart, one.key).toContain(one.key);
    expect(one.reload ? needRestart : changed, one.key).not.toContain(one.key);
    if (one.kind !== 'secret') expect(JSON.stringify(at()) !== before, one.key).toBe(one.reload === true);
  }
});
