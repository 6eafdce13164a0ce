import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { authWith, expired, invalid } from './support.ts';

const secret = 'correct horse battery staple, thirty-two bytes and more';
const now = Date.parse('2026-01-01T10:00:00.000Z');
const hour = 3_600_000;
const seconds = (ms: number) => Math.floor((now + ms) / 1000);

function setUp(jwt: Parameters<typeof authWith>[0]['jwt'] = {}, guest = {}) {
  return authWith({ jwt: { secret: () => secret, ...jwt }, guest, now: () => now });
}

const sign = (payload: Record<string, unknown>, key = secret, header: Record<string, unknown> = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', ...header }).sign(Buffer.from(key));

/** Made by hand, because no library would. */
function forge(header: unknown, payload: unknown, signature: (text: string) => string = () => ''): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${signature(text)}`;
}

const hmac =
  (key: string, hash = 'sha256') =>
  (text: string) =>
    createHmac(hash, key).update(text).digest('base64url');

it('a token of the shared key gives user, scopes and expiry', async () => {
  const token = await sign({ sub: 'alice', scope: 'raw  admin', exp: seconds(hour) });
  expect(await setUp().auth.authenticate(token)).toEqual({
    user: 'alice',
    scopes: new Set(['raw', 'admin']),
    expiresAt: new Date(now + hour),
  });
});

it('a token without exp never expires', async () => {
  const claim = await setUp().auth.authenticate(await sign({ sub: 'alice' }));
  expect(claim).toStrictEqual({ user: 'alice', scopes: new Set() });
});

it('an exp beyond the calendar is its last second', async () => {
  const { auth } = setUp();
  for (const exp of [now, 1e15, 1e300]) {
    const claim = await auth.authenticate(await sign({ sub: 'alice', exp }));
    expect(claim.expiresAt?.toISOString()).toMatch(/^\d{4}-/);
  }
});

it('a minted token is accepted, with every option', async () => {
  const names = { userClaim: 'uid', scopeClaim: 'perms', issuer: 'https://id.example.com', audience: 'chat' };
  const options = { secret, user: 'alice', ttlMs: 90_000, scopes: ['raw', 'x'], now: () => now, ...names };
  const { auth } = setUp({ ...names, algorithms: ['HS512', 'HS256'] });
  const claim = { user: 'alice', scopes: new Set(['raw', 'x']), expiresAt: new Date(now + 90_000) };
  expect(await auth.authenticate(await mintToken(options))).toEqual(claim);
  expect(await auth.authenticate(await mintToken({ ...options, algorithm: 'HS512' }))).toEqual(claim);
});

it('the shared key may be rotated: the old one ends at once', async () => {
  let current = secret;
  const { auth, refusal } = setUp({ secret: () => current });
  const old = await sign({ sub: 'alice' });
  await auth.authenticate(old);
  current = 'another secret, another secret, another secret';
  expect(await refusal(old)).toMatchObject(invalid);
  expect((await auth.authenticate(await sign({ sub: 'alice' }, current))).user).toBe('alice');
  current = secret;
  expect((await auth.authenticate(old)).user).toBe('alice');
});

it('an empty shared key checks nothing, says so in the log, and lets nobody in', async () => {
  const { refusal, logged } = setUp({ secret: () => '' });
  const error = await refusal(forge({ alg: 'HS256' }, { sub: 'alice' }, hmac('')));
  expect(error).toMatchObject({ code: 'resource-constraint', retry: true });
  expect(logged()).toContain('auth.jwt.secret is empty');
});

it('times count to the second: exp is exact, nbf has five seconds of tolerance', async () => {
  const { auth, refusal } = setUp();
  expect(await refusal(await sign({ sub: 'a', exp: seconds(0) }))).toMatchObject(expired);
  expect(await refusal(await sign({ sub: 'a', exp: seconds(-3000) }))).toMatchObject(expired);
  expect(await refusal(await sign({ sub: 'a', exp: seconds(-hour) }))).toMatchObject(expired);
  expect((await auth.authenticate(await sign({ sub: 'a', exp: seconds(1000) }))).user).toBe('a');
  expect((await auth.authenticate(await sign({ sub: 'a', nbf: seconds(5000) }))).user).toBe('a');
  expect(await refusal(await sign({ sub: 'a', nbf: seconds(6000) }))).toMatchObject(invalid);
});

it('an expired token that is also forged is invalid, not expired', async () => {
  const { refusal } = setUp({ issuer: 'us' });
  expect(await refusal(await sign({ sub: 'a', iss: 'us', exp: seconds(-hour) }, 'wrong key '.repeat(4)))).toMatchObject(
    invalid,
  );
  expect(await refusal(await sign({ sub: 'a', iss: 'them', exp: seconds(-hour) }))).toMatchObject(invalid);
});

it('issuer and audience are demanded when they are configured', async () => {
  const { auth, refusal } = setUp({ issuer: 'https://id.example.com', audience: 'chat' });
  const good = { sub: 'alice', iss: 'https://id.example.com', aud: 'chat' };
  expect((await auth.authenticate(await sign(good))).user).toBe('alice');
  expect((await auth.authenticate(await sign({ ...good, aud: ['shop', 'chat'] }))).user).toBe('alice');
  for (const change of [{ iss: 'https://id.example.com/' }, { iss: undefined }, { aud: 'shop' }, { aud: undefined }]) {
    expect(await refusal(await sign({ ...good, ...change })), JSON.stringify(change)).toMatchObject(invalid);
  }
});

const hs256 = { alg: 'HS256' };
const alice = { sub: 'alice' };
const forgeries: Record<string, string> = {
  'empty text': '',
  'no token at all': 'hello',
  'dots only': '..',
  'alg none': forge({ alg: 'none' }, alice),
  'alg NONE with a signature': forge({ alg: 'NONE' }, alice, hmac(secret)),
  'no alg': forge({}, alice, hmac(secret)),
  'alg as number': forge({ alg: 256 }, alice, hmac(secret)),
  'alg as array': forge({ alg: ['HS256'] }, alice, hmac(secret)),
  'alg null': forge({ alg: null }, alice, hmac(secret)),
  'alg of an inherited name': forge({ alg: 'constructor' }, alice, hmac(secret)),
  'an HMAC that is not configured': forge({ alg: 'HS512' }, alice, hmac(secret, 'sha512')),
  'an asymmetric alg without key set': forge({ alg: 'RS256' }, alice, hmac(secret)),
  'no signature': forge(hs256, alice),
  'the signature of another key': forge(hs256, alice, hmac('x'.repeat(32))),
  'a truncated signature': forge(hs256, alice, (text) => hmac(secret)(text).slice(0, 20)),
  'an unknown critical header': forge({ ...hs256, crit: ['x'], x: 1 }, alice, hmac(secret)),
  'an unencoded payload': forge({ ...hs256, crit: ['b64'], b64: false }, alice, hmac(secret)),
  'a header that is no object': forge([], alice, hmac(secret)),
  'a header that is no JSON': forge('{', alice, hmac(secret)),
  'a payload that is no object': forge(hs256, 'null', hmac(secret)),
  'a payload that is a list': forge(hs256, [alice], hmac(secret)),
  'exp as text': forge(hs256, { ...alice, exp: '9999999999' }, hmac(secret)),
  'nbf as text': forge(hs256, { ...alice, nbf: 'soon' }, hmac(secret)),
  'five parts': 'a.b.c.d.e',
  'a key of its own': forge({ ...hs256, jwk: { kty: 'oct', k: 'eHh4' } }, alice, hmac('xxx')),
  'more than a frame holds': forge(hs256, { ...alice, x: 'x'.repeat(20_000) }, hmac(secret)),
  'lone surrogates': '\ud800.\udfff.\ud800',
};

it.each(Object.entries(forgeries))('is refused with the one text: %s', async (_, token) => {
  const { refusal, logged } = setUp({}, { enabled: true });
  expect(await refusal(token)).toMatchObject(invalid);
  expect(logged()).toContain('token_refused');
});

it('no token is invalid where there are no guests', async () => {
  expect(await setUp().refusal(undefined)).toMatchObject(invalid);
});

it('random damage never gives anything but the one refusal', async () => {
  const { refusal } = setUp({}, { enabled: true });
  const token = await sign({ sub: 'alice', exp: seconds(hour) });
  for (let at = 0; at < token.length - 1; at++) {
    for (const put of ['.', '\0', '{', 'é']) {
      const damaged = token.slice(0, at) + put + token.slice(at + 1);
      if (damaged !== token) expect(await refusal(damaged), `${put} at ${at}`).toMatchObject(invalid);
    }
  }
});

it('the user claim is a text that is not empty, or an integer', async () => {
  const { auth, refusal } = setUp({ userClaim: 'uid' });
  for (const [uid, user] of [
    ['alice', 'alice'],
    [42, '42'],
    [-7, '-7'],
    ['x'.repeat(1023), 'x'.repeat(1023)],
  ] as const) {
    expect((await auth.authenticate(await sign({ uid, sub: 'other' }))).user).toBe(user);
  }
  for (const uid of ['', 'x'.repeat(1024), 1.5, 2 ** 53, true, null, undefined, ['alice'], { name: 'alice' }]) {
    expect(await refusal(await sign({ uid, sub: 'other' })), JSON.stringify(uid)).toMatchObject(invalid);
  }
});

it.each(['constructor', '__proto__', 'toString'])('a user claim named %s is not inherited', async (userClaim) => {
  expect(await setUp({ userClaim }).refusal(await sign({ sub: 'alice' }))).toMatchObject(invalid);
});

it('scopes are a list or a text with spaces; anything else grants nothing', async () => {
  const { auth } = setUp({ scopeClaim: 'perms' });
  const scopes = async (perms: unknown) => [...(await auth.authenticate(await sign({ sub: 'a', perms }))).scopes];
  expect(await scopes(['raw', 'x y', 7, '', null])).toEqual(['raw', 'x y']);
  expect(await scopes(' raw  x ')).toEqual(['raw', 'x']);
  for (const perms of [undefined, null, 7, true, { raw: true }, '']) expect(await scopes(perms)).toEqual([]);
});

it('neither errors nor the log hold a token, a payload or the secret', async () => {
  const { refusal, logged } = setUp({ issuer: 'us' });
  const tokens = [
    await sign({ sub: 'alice-the-user', iss: 'them' }),
    await sign({ sub: 'alice-the-user', iss: 'us' }, 'wrong '.repeat(8)),
    await sign({ sub: { deep: 'alice-the-user' }, iss: 'us' }),
    await sign({ sub: 'alice-the-user', iss: 'us', exp: seconds(-hour) }),
  ];
  const errors = await Promise.all(tokens.map(refusal));
  const said =
    logged() + errors.map((error) => `${JSON.stringify(error)} ${error.message} ${error.stack} ${String(error.cause)}`);
  for (const token of tokens) for (const part of token.split('.').slice(1)) expect(said).not.toContain(part);
  expect(said).not.toContain('alice-the-user');
  expect(said).not.toContain(secret);
});

it('a configuration that can accept nothing is refused at the start', () => {
  expect(() => setUp({ algorithms: ['RS256'] })).toThrow(/auth\.jwt\.algorithms: add HS256/);
  expect(() => authWith({ jwt: { jwksUrl: 'http://127.0.0.1/keys' } })).toThrow(/auth\.jwt\.algorithms: add .*RS256/);
  expect(() => authWith({ jwt: { jwksUrl: 'http://127.0.0.1/keys', algorithms: ['none'] } })).toThrow(/algorithms/);
});
