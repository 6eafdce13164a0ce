import { decodeJwt, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { authWith, expired, invalid } from './support.ts';

const key = new Uint8Array(32).fill(7);
const secret = 'correct horse battery staple, thirty-two bytes and more';
const start = Date.parse('2026-01-01T10:00:00.000Z');
const hour = 3_600_000;

function setUp(guest = {}, clock = { now: start }) {
  return authWith({
    jwt: { secret: () => secret },
    guest: { enabled: true, ttl: hour, key, ...guest },
    now: () => clock.now,
  });
}

const jwtFor = (user: string) => mintToken({ secret, user, userClaim: 'sub', scopeClaim: 'scope', scopes: ['raw'] });

it('who comes without a token is a new guest with a token, a random name and no scope', async () => {
  const { auth } = setUp();
  const [one, two] = [await auth.authenticate(undefined), await auth.authenticate(undefined)];
  expect(one.user).toMatch(/^guest-[a-z2-7]{12}$/);
  expect(two.user).not.toBe(one.user);
  expect(one.scopes.size).toBe(0);
  expect(one.expiresAt).toEqual(new Date(start + hour));
  expect(one.guest?.token).toEqual(expect.any(String));
});

it('the token gives the same guest until it expires, and no other token', async () => {
  const clock = { now: start };
  const { auth, refusal } = setUp({}, clock);
  const first = await auth.authenticate(undefined);
  clock.now += hour - 1000;
  const again = await auth.authenticate(first.guest?.token);
  expect(again).toStrictEqual({ user: first.user, scopes: new Set(), expiresAt: first.expiresAt, guest: {} });
  clock.now += 1000;
  expect(await refusal(first.guest?.token)).toMatchObject(expired);
});

it('another process with the same key knows the guest; one with another key does not', async () => {
  const { user, guest } = await setUp().auth.authenticate(undefined);
  expect((await setUp().auth.authenticate(guest?.token)).user).toBe(user);
  expect(await setUp({ key: new Uint8Array(32).fill(8) }).refusal(guest?.token)).toMatchObject(invalid);
});

it('guest tokens count for nothing where guests are off or called otherwise', async () => {
  const { guest } = await setUp().auth.authenticate(undefined);
  expect(await setUp({ enabled: false }).refusal(guest?.token)).toMatchObject(invalid);
  expect(await setUp({ prefix: 'anon-' }).refusal(guest?.token)).toMatchObject(invalid);
  expect(await authWith({ guest: { key } }).refusal(guest?.token)).toMatchObject(invalid);
});

it('a guest token never has a scope, whatever it says', async () => {
  const token = await new SignJWT({ sub: 'guest-x', iss: 'stanzawire:guest', exp: start / 1000 + 60, scope: 'raw' })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key);
  expect((await setUp().auth.authenticate(token)).scopes.size).toBe(0);
});

it('neither the shared key signs guests nor the guest key users', async () => {
  const { refusal } = setUp();
  const asGuest = await mintToken({
    secret,
    user: 'guest-x',
    ttlMs: hour,
    issuer: 'stanzawire:guest',
    userClaim: 'sub',
    scopeClaim: 'scope',
    now: () => start,
  });
  const asUser = await new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).sign(key);
  expect(await refusal(asGuest)).toMatchObject(invalid);
  expect(await refusal(asUser)).toMatchObject(invalid);
});

it.each([
  { sub: 'alice', exp: start / 1000 + 60 },
  { sub: 'guest-x' },
  { exp: start / 1000 + 60 },
  { sub: 7, exp: start / 1000 + 60 },
])('a token of the guest key that is no guest token is refused: %j', async (payload) => {
  const token = await new SignJWT({ ...payload, iss: 'stanzawire:guest' } as Record<string, unknown>)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key);
  expect(await setUp().refusal(token)).toMatchObject(invalid);
});

const lookalikes = [
  'guest-alice',
  'Guest-alice',
  'GUEST-ALICE',
  'ｇｕｅｓｔ-alice',
  'gueſt-alice',
  'g\u00adu\u200best-alice',
  '\ufe0fguest-alice',
  'gue\u034fst-alice',
  ' guest-alice',
];

it.each(lookalikes)('a user called %j is refused where there are guests, and only there', async (user) => {
  const token = await jwtFor(user);
  expect(await setUp().refusal(token)).toMatchObject(invalid);
  expect((await setUp({ enabled: false }).auth.authenticate(token)).user).toBe(user);
});

it('a prefix of any spelling is kept for guests', async () => {
  const { auth, refusal } = setUp({ prefix: 'Gäste_' });
  expect((await auth.authenticate(undefined)).user).toMatch(/^Gäste_[a-z2-7]{12}$/);
  expect(await refusal(await jwtFor('GA\u0308STE_x'))).toMatchObject(invalid);
  expect((await auth.authenticate(await jwtFor('guest-x'))).user).toBe('guest-x');
});

it('users keep their names and scopes beside guests', async () => {
  const claim = await setUp().auth.authenticate(await jwtFor('alice'));
  expect(claim).toStrictEqual({ user: 'alice', scopes: new Set(['raw']) });
  expect((await setUp().auth.authenticate(await jwtFor('guestbook'))).user).toBe('guestbook');
});

it('an empty prefix would give guests any name', () => {
  for (const prefix of ['', ' ', '\u00ad']) expect(() => setUp({ prefix })).toThrow(/auth\.guest\.prefix/);
});

it('the token holds the name, the issuer and the expiry, and nothing else', async () => {
  const { user, guest } = await setUp().auth.authenticate(undefined);
  expect(decodeJwt(guest?.token ?? '')).toEqual({ sub: user, iss: 'stanzawire:guest', exp: (start + hour) / 1000 });
});
