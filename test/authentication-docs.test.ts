/** Every snippet of docs/authentication.md, with a gateway that has the settings of the page. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allKeys } from '../src/config/keys.ts';
import { valueAt } from '../src/config/tree.ts';
import { KeyServer, makePair, type Pair, signWith } from './auth/support.ts';
import { Backend, signingSecret } from './support/backend.ts';
import { TestGateway, upstreamOf } from './support/gateway.ts';
import { JsonClient } from './support/json-client.ts';
import { fences } from './support/markdown.ts';
import { Program } from './support/process.ts';
import { ScriptedServer } from './support/scripted-server.ts';
import { maySkip } from './support/servers/each.ts';
import { freePorts } from './support/servers/ports.ts';

const fencesOf = (page: string) => fences(readFileSync(join(import.meta.dirname, '../docs', page), 'utf8'));
const blocks = fencesOf('authentication.md');
const snippet = (info: string, page = blocks): string => {
  const found = page.find((one) => one.info === info);
  if (!found) throw new Error(`the page has no ${info}`);
  return found.lines.join('\n');
};
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-authentication-docs-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The settings of the page that have this text, as variables. */
function settings(text: string): Record<string, string> {
  const block = blocks.find(({ info, lines }) => info === 'yaml' && lines.join('\n').includes(text));
  const tree: Record<string, unknown> = parse(block?.lines.join('\n') ?? '{}');
  const given = allKeys().flatMap(({ env, path }) => {
    const value = valueAt(tree, path);
    if (value === undefined) return [];
    return [[env, Array.isArray(value) ? value.join(',') : JSON.stringify(value).replace(/^"|"$/g, '')] as const];
  });
  expect(given.length).toBeGreaterThan(0);
  return Object.fromEntries(given);
}

async function start(env: Record<string, string>): Promise<TestGateway> {
  const server = await ScriptedServer.start();
  running.push(server);
  const gateway = await TestGateway.start(upstreamOf(server), { STANZAWIRE_AUTH_JWT_SECRET: '', ...env });
  running.push(gateway);
  return gateway;
}

/** Who the token lets in, and with which scopes; or the code of the refusal. */
async function outcome(gateway: TestGateway, token: string): Promise<string> {
  const client = await JsonClient.open(gateway.url);
  client.send({ type: 'connect', id: 1, data: { token, presence: false, raw: 'full' } });
  const first = await client.inbox.next(({ id }) => id === 1);
  if (first.error?.field === 'raw') {
    client.send({ type: 'connect', id: 2, data: { token, presence: false } });
    const second = await client.inbox.next(({ id }) => id === 2);
    await client.close();
    return String(second.data?.user);
  }
  await client.close();
  return first.error?.code ?? `${String(first.data?.user)} raw`;
}

const php = '/usr/bin/php';
/** What runs `tokenFor(user, secret)` of each language. */
const signers: Record<string, (user: string, secret: string) => string> = {
  'js jwt': (...args) => {
    const path = file('jwt.mjs', `${snippet('js jwt')}\nconsole.log(tokenFor(...process.argv.slice(2)));\n`);
    return execFileSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  },
  'python jwt': (...args) => {
    const path = file('jwt.py', `${snippet('python jwt')}\nimport sys\nprint(token_for(*sys.argv[1:]))\n`);
    return execFileSync('/usr/bin/python3', [path, ...args], { encoding: 'utf8' });
  },
  'php jwt': (...args) => {
    const path = file('jwt.php', `<?php\n${snippet('php jwt')}\necho token_for(...array_slice($argv, 1));\n`);
    return execFileSync(php, [path, ...args], { encoding: 'utf8' });
  },
};

describe('a token that is signed in', () => {
  const here = Object.entries(signers).filter(([name]) => !name.startsWith('php') || !maySkip(existsSync(php)));
  it.each(here)('%s lets its user in, and nobody with another key', async (_, sign) => {
    const secret = 'a key of ünusual letters, + / =, thirty-two bytes';
    const env = settings('/run/secrets/stanzawire/token');
    const gateway = await start({ ...env, STANZAWIRE_AUTH_JWT_SECRET_FILE: file('token', `${secret}\n`) });
    for (const user of ['alice', 'Änne "O/Neill" ?>']) {
      const local = user === 'alice' ? 'alice' : 'änne\\20\\22o\\2fneill\\22\\20?\\3e';
      expect(await outcome(gateway, sign(user, secret).trim())).toBe(`${local}@web.example.com`);
    }
    expect(await outcome(gateway, sign('alice', `${secret} `).trim())).toBe('token-invalid');
    const [, claims = ''] = sign('alice', secret).split('.');
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number };
    expect(Math.abs(exp - Date.now() / 1000 - 3600)).toBeLessThan(60);
  });

  it('the page of a client asks for another one before it ends', async () => {
    const secret = 'a secret of thirty-two bytes, or more';
    const env = settings('/run/secrets/stanzawire/token');
    const gateway = await start({ ...env, STANZAWIRE_AUTH_JWT_SECRET_FILE: file('token', secret) });
    const backend = await Backend.start();
    running.push(backend);
    const { mintToken } = await import('../src/auth/jwt.ts');
    const claims = { secret, user: 'alice', userClaim: 'sub', scopeClaim: 'scope', audience: 'stanzawire' };
    backend.reply = async () => {
      const ttlMs = backend.all.length === 1 ? 50_000 : 3600_000;
      return { status: 200, body: await mintToken({ ...claims, ttlMs }) };
    };
    const library = pathToFileURL(join(import.meta.dirname, '../src/client/connect.ts')).href;
    const text = snippet('js client').replace("'stanzawire/client'", `'${library}'`);
    expect(text).toContain("url: 'wss://chat.example.com/ws'");
    const page = text.replace('wss://chat.example.com/ws', gateway.url).replace("'/chat-token'", `'${backend.url}'`);
    const path = file('client.mjs', `${page}\nconsole.log((await client.ready).user);\n`);
    const program = new Program([], {}, [], { file: path });
    running.push({ stop: () => program.child.kill() });
    await expect.poll(() => program.tail(1), { timeout: 20_000 }).toBe('alice@web.example.com');
    await expect.poll(() => backend.all.length, { timeout: 20_000 }).toBe(2);
  }, 60_000);
});

describe('a token of Keycloak', () => {
  const issuer = 'https://id.example.com/realms/acme';
  /** As its access tokens are made. */
  const token = (key: Pair, more: Record<string, unknown> = {}) =>
    signWith(key, {
      exp: Math.floor(Date.now() / 1000) + 300,
      iat: Math.floor(Date.now() / 1000),
      auth_time: Math.floor(Date.now() / 1000),
      jti: 'onrtac:6a2cbe4e-9d51-4d0c-8f5a-3c9c7b8f2b10',
      iss: issuer,
      aud: ['stanzawire', 'account'],
      sub: 'f2a4bf8c-7b1f-4c7e-bd9b-5a1d4e0b3c11',
      typ: 'Bearer',
      azp: 'chat-page',
      sid: '0f0c7c1e-2b0a-4c55-b7a5-4f3e8a2f0c12',
      acr: '1',
      'allowed-origins': ['https://chat.example.com'],
      realm_access: { roles: ['offline_access', 'default-roles-acme'] },
      scope: 'openid email profile',
      email_verified: true,
      preferred_username: 'alice',
      ...more,
    });

  it('lets its user in by name, with the scope raw where it has it; one for another client does not', async () => {
    const keys = new KeyServer();
    await keys.start();
    running.push(keys);
    const [key, stranger] = [await makePair('RS256', 'realm-key'), await makePair('RS256', 'realm-key')];
    // A realm has a key for encryption beside it.
    const other = await makePair('RSA-OAEP', 'encryption');
    keys.keys = [{ ...other.jwk, use: 'enc' }, key.jwk];
    const env = settings('preferred_username');
    expect(env).toMatchObject({ STANZAWIRE_AUTH_JWT_JWKS_URL: `${issuer}/protocol/openid-connect/certs` });
    const gateway = await start({ ...env, STANZAWIRE_AUTH_JWT_JWKS_URL: keys.url });
    expect(await outcome(gateway, await token(key))).toBe('alice@web.example.com');
    expect(await outcome(gateway, await token(key, { scope: 'openid profile raw' }))).toBe('alice@web.example.com raw');
    const wrong = [
      await token(key, { aud: 'account' }),
      await token(key, { aud: 'chat-page', typ: 'ID' }),
      await token(key, { iss: 'https://id.example.com/realms/other' }),
      await token(key, { preferred_username: undefined }),
      await token(stranger),
    ];
    for (const one of wrong) expect(await outcome(gateway, one)).toBe('token-invalid');
    expect(await outcome(gateway, await token(key, { exp: 1 }))).toBe('token-expired');
  });
});

describe('the backend of the webhook', () => {
  const check = fencesOf('webhooks.md');
  const backends: Record<string, () => string[]> = {
    'js webhook': () => {
      file('is-from-gateway.mjs', snippet('js node', check));
      return [process.execPath, file('backend.mjs', snippet('js webhook'))];
    },
    'python webhook': () => {
      file('is_from_gateway.py', snippet('python', check));
      return ['/usr/bin/python3', file('backend.py', snippet('python webhook'))];
    },
  };

  it.each(Object.entries(backends))(
    '%s knows alice, refuses others, and strangers’ requests',
    async (_, write) => {
      const secret = signingSecret();
      const [port = 0] = await freePorts(1);
      const program = new Program([], { PORT: String(port), WEBHOOK_SECRET: secret }, [], { command: write() });
      running.push({ stop: () => program.child.kill() });
      const url = `http://127.0.0.1:${port}/hooks/stanzawire-auth`;
      const ask = () => fetch(url, { method: 'POST', body: '{"data":{"token":"a-session-of-alice"}}' });
      const status = () => ask().then((answer) => answer.status, String);
      await expect.poll(status, { timeout: 20_000 }).toBe(400);
      const env = settings('stanzawire-auth');
      expect(env.STANZAWIRE_AUTH_WEBHOOK_URL).toContain('/hooks/stanzawire-auth');
      const more = { STANZAWIRE_AUTH_WEBHOOK_URL: url, STANZAWIRE_AUTH_WEBHOOK_CACHE: '0s' };
      const withKey = (key: string) =>
        start({ ...env, ...more, STANZAWIRE_AUTH_WEBHOOK_SECRET_FILE: file('auth', key) });
      const gateway = await withKey(secret);
      const client = await JsonClient.connect(gateway.url, { token: 'a-session-of-alice', presence: false });
      expect(client.user).toBe('alice@web.example.com');
      expect(Date.parse(client.ready?.expiresAt ?? '') - Date.now()).toBeGreaterThan(3000_000);
      await client.close();
      expect(await outcome(gateway, 'a-session-of-bob')).toBe('token-invalid');
      const other = await withKey(signingSecret());
      expect(await outcome(other, 'a-session-of-alice')).toBe('resource-constraint');
    },
    60_000,
  );

  it('gets what the page shows', () => {
    expect(JSON.parse(snippet('json'))).toEqual({
      type: 'auth',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { token: 'a-session-of-alice' },
    });
  });
});

it('guests are let in with the settings of the page', async () => {
  const gateway = await start(settings('guest:'));
  const client = await JsonClient.connect(gateway.url, { presence: false });
  expect(client.user).toMatch(/^guest-[a-z2-7]{12}@/);
  await client.close();
});

it('every block of the page is run here', () => {
  const known = ['yaml', 'json', 'js client', ...Object.keys(signers), 'js webhook', 'python webhook'];
  expect([...new Set(blocks.map(({ info }) => info))].sort()).toEqual(known.sort());
});
