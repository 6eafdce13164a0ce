/** Tokens that the operator's backend is asked about: a real HTTP server that answers, refuses, fails, hangs and lies. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuth } from '../../src/auth/auth.ts';
import { mintToken } from '../../src/auth/jwt.ts';
import type { WebhookOptions } from '../../src/auth/webhook.ts';
import { Poster } from '../../src/outbound/post.ts';
import { signedPost } from '../../src/outbound/signed-post.ts';
import { StanzaError } from '../../src/protocol/errors.ts';
import { Backend, isSigned, type Received, type Reply, signingSecret } from '../support/backend.ts';
import { expired, invalid, jwtDefaults, keptLog, noGuests } from './support.ts';

const start = Date.parse('2026-01-01T10:00:00.000Z');
const secret = signingSecret();
const jwtSecret = 'correct horse battery staple, thirty-two bytes and more';
const unanswered = { code: 'resource-constraint', message: 'Tokens cannot be checked at the moment', retry: true };
const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) });
const tokenOf = ({ event }: Received): unknown => event.data?.token;

let backend: Backend;
let poster: Poster;

beforeEach(async () => {
  backend = await Backend.start();
  backend.reply = (request) => json({ user: tokenOf(request) });
  poster = new Poster();
});
afterEach(async () => {
  poster.close();
  await backend.stop();
});

function setUp(webhook: Partial<WebhookOptions> = {}, more: { jwt?: boolean; guests?: boolean } = {}) {
  const { log, text } = keptLog();
  const clock = { now: start };
  const auth = createAuth({
    ...(more.jwt ? { jwt: { ...jwtDefaults, secret: () => jwtSecret } } : {}),
    webhook: {
      url: `${backend.url}/auth`,
      secret: () => secret,
      timeout: 5000,
      cache: 60_000,
      concurrency: 32,
      queue: 1000,
      post: signedPost(poster, 'test'),
      ...webhook,
    },
    guest: { ...noGuests, enabled: more.guests === true, key: new Uint8Array(32).fill(7) },
    log,
    now: () => clock.now,
  });
  const refusal = async (token: string): Promise<StanzaError> => {
    const outcome = await auth.authenticate(token).catch((error: unknown) => error);
    if (outcome instanceof StanzaError) return outcome;
    throw new Error(`not refused: ${JSON.stringify(outcome)} ${String(outcome)}`);
  };
  return { auth, refusal, clock, logged: text };
}

/** Resolves once the backend has that many requests without an answer. */
async function busy(count: number): Promise<void> {
  await expect.poll(() => backend.open, { timeout: 10_000 }).toBe(count);
}

/** A backend that answers when it is told to. */
function held(): { release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  backend.reply = async (request) => {
    await promise;
    return json({ user: tokenOf(request) });
  };
  return { release: resolve };
}

describe('what is asked', () => {
  it('is one signed POST with the token in its body, and nowhere else', async () => {
    await setUp().auth.authenticate('opaque-1');
    const [request] = backend.all;
    if (!request) throw new Error('nothing came');
    expect(request.event).toEqual({ type: 'auth', timestamp: '2026-01-01T10:00:00.000Z', data: { token: 'opaque-1' } });
    expect(request.path).toBe('/auth');
    expect(isSigned(request, secret)).toBe(true);
    expect(isSigned(request, signingSecret())).toBe(false);
    expect(JSON.stringify(request.headers)).not.toContain('opaque-1');
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.id).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  it('is signed with the secret that is in force then, with both while one takes the place of the other', async () => {
    const secrets = { now: secret };
    const { auth } = setUp({ secret: () => secrets.now });
    await auth.authenticate('one');
    const next = signingSecret();
    secrets.now = `${next} ${secret}`;
    await auth.authenticate('two');
    const [one, two] = backend.all;
    if (!one || !two) throw new Error('two requests were to come');
    expect([isSigned(one, next), isSigned(two, next), isSigned(two, secret)]).toEqual([false, true, true]);
  });
});

describe('an answer that lets in', () => {
  it.each<[what: string, answer: object, claim: object]>([
    ['names a user', { user: 'alice' }, { user: 'alice', scopes: new Set() }],
    ['names a number', { user: 7, more: { of: 'this' } }, { user: '7', scopes: new Set() }],
    ['has scopes', { user: 'alice', scopes: ['raw', 'x'] }, { user: 'alice', scopes: new Set(['raw', 'x']) }],
    ['has them as text', { user: 'alice', scopes: 'raw x' }, { user: 'alice', scopes: new Set(['raw', 'x']) }],
    [
      'has an end, in any zone',
      { user: 'alice', scopes: null, expiresAt: '2026-01-01T13:00:00+02:00' },
      { user: 'alice', scopes: new Set(), expiresAt: new Date('2026-01-01T11:00:00Z') },
    ],
  ])('%s', async (_what, answer, claim) => {
    backend.reply = () => json(answer);
    expect(await setUp().auth.authenticate('opaque')).toStrictEqual(claim);
  });

  it('counts for a while, and not beyond the end of the token', async () => {
    backend.reply = (request) =>
      json({
        user: 'alice',
        ...(tokenOf(request) === 'short' ? { expiresAt: new Date(start + 5000).toISOString() } : {}),
      });
    const { auth, clock } = setUp();
    const times = async (token: string) => {
      const before = backend.all.length;
      await auth.authenticate(token);
      return backend.all.length - before;
    };
    expect([await times('long'), await times('long'), await times('short'), await times('short')]).toEqual([
      1, 0, 1, 0,
    ]);
    clock.now += 4999;
    expect([await times('long'), await times('short')]).toEqual([0, 0]);
    clock.now += 1;
    backend.reply = () => json({ user: 'alice' });
    expect([await times('long'), await times('short')]).toEqual([0, 1]);
    clock.now = start + 60_000;
    expect(await times('long')).toBe(1);
  });

  it('is asked for each time where nothing is kept', async () => {
    const { auth } = setUp({ cache: 0 });
    await auth.authenticate('one');
    await auth.authenticate('one');
    expect(backend.all).toHaveLength(2);
  });

  it('is asked for once by many who come with the same token', async () => {
    const { release } = held();
    const { auth } = setUp({ cache: 0 });
    const many = Array.from({ length: 50 }, () => auth.authenticate('same'));
    await busy(1);
    release();
    expect(new Set((await Promise.all(many)).map(({ user }) => user))).toEqual(new Set(['same']));
    expect(backend.all).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it.each([401, 403])('with %i is that of any bad token', async (status) => {
    backend.reply = () => ({ status, body: 'planted: no such user' });
    const { refusal, logged } = setUp();
    expect(await refusal('opaque-secret')).toMatchObject(invalid);
    expect(logged()).toContain('token_refused');
    expect(logged()).not.toMatch(/planted|opaque-secret/);
  });

  it('may say that the token has ended; an end that is over says so too', async () => {
    backend.reply = () => json({ code: 'token-expired' }, 401);
    expect(await setUp().refusal('opaque')).toMatchObject(expired);
    backend.reply = () => json({ user: 'alice', expiresAt: '2026-01-01T10:00:00Z' });
    expect(await setUp().refusal('opaque')).toMatchObject(expired);
  });

  it('is not remembered: who is let in later comes in', async () => {
    backend.reply = () => ({ status: 403 });
    const { auth, refusal } = setUp();
    await refusal('opaque');
    backend.reply = () => json({ user: 'alice' });
    expect((await auth.authenticate('opaque')).user).toBe('alice');
  });
});

describe('no answer that counts lets anybody in:', () => {
  const end = 'x'.repeat(70_000);
  const wrong: Record<string, Reply> = {
    'an error': json({ user: 'alice' }, 500),
    nothing: { status: 204 },
    'a page that is not there': json({ user: 'alice' }, 404),
    'another success': json({ user: 'alice' }, 201),
    'no JSON': { status: 200, body: '<html>alice</html>' },
    'half of it': { status: 200, body: '{"user":"alice"' },
    'a list': json([{ user: 'alice' }]),
    null: json(null),
    text: json('alice'),
    'no user': json({ name: 'alice' }),
    'an empty user': json({ user: '' }),
    'a user that is an object': json({ user: { name: 'alice' } }),
    'a user that is too long': json({ user: 'a'.repeat(1024) }),
    'a user of another kind': json({ user: true }),
    'a number that two users share': json({ user: 2 ** 53 }),
    'an end that is a number': json({ user: 'alice', expiresAt: 1_800_000_000 }),
    'an end that is no time': json({ user: 'alice', expiresAt: 'tomorrow' }),
    'an end without a zone': json({ user: 'alice', expiresAt: '2027-01-01T10:00:00' }),
    'an end on no day': json({ user: 'alice', expiresAt: '2027-02-31T10:00:00+99:99' }),
    'more than is read': { status: 200, body: JSON.stringify({ user: 'alice', end }) },
    'a prototype': { status: 200, body: '{"__proto__":{"user":"alice"}}' },
  };

  it.each(Object.entries(wrong))('%s', async (_what, reply) => {
    backend.reply = () => reply;
    const { refusal, logged } = setUp();
    for (let i = 0; i < 2; i++) expect(await refusal('opaque-secret')).toMatchObject(unanswered);
    expect(logged().match(/auth_webhook_failing/g)).toHaveLength(1);
    expect(logged()).not.toMatch(/opaque-secret|alice/);
  });

  it('a redirect, which is not followed', async () => {
    const other = await Backend.start();
    other.reply = () => json({ user: 'alice' });
    for (const status of [301, 302, 307, 308]) {
      backend.reply = () => ({ status, headers: { location: other.url } });
      expect(await setUp().refusal('opaque')).toMatchObject(unanswered);
    }
    expect(other.all).toEqual([]);
    await other.stop();
  });

  it('silence, and an answer that never ends, after the timeout', async () => {
    backend.reply = () => undefined;
    expect(await setUp({ timeout: 100 }).refusal('opaque')).toMatchObject(unanswered);
    backend.reply = () => ({ status: 200, headers: { 'content-length': '1000' }, body: '{"user":"alice"}' });
    expect(await setUp({ timeout: 100 }).refusal('opaque')).toMatchObject(unanswered);
  });

  it('nobody there; once somebody is, it goes on', async () => {
    await backend.stop();
    const { auth, refusal, logged } = setUp();
    expect(await refusal('opaque')).toMatchObject(unanswered);
    backend = await Backend.start({ port: backend.port });
    backend.reply = () => json({ user: 'alice' });
    expect((await auth.authenticate('opaque')).user).toBe('alice');
    expect(logged()).toContain('auth_webhook_recovered');
  });

  it('what it lets in meanwhile is let in: known tokens do not wait for it', async () => {
    const { auth, refusal } = setUp();
    await auth.authenticate('alice');
    backend.reply = () => ({ status: 503 });
    expect(await refusal('bob')).toMatchObject(unanswered);
    expect((await auth.authenticate('alice')).user).toBe('alice');
  });
});

describe('a backend that is down', () => {
  const fail = async (one: ReturnType<typeof setUp>, times: number) => {
    for (let i = 0; i < times; i++) expect(await one.refusal(`token-${i}`)).toMatchObject(unanswered);
  };

  it('is left alone after five failures in a row, then tried by one at a time, with growing pauses', async () => {
    backend.reply = () => ({ status: 503 });
    const one = setUp();
    await fail(one, 20);
    expect(backend.all).toHaveLength(5);
    expect((await one.refusal('x')).details).toMatchObject({ retryAfterMs: 1000 });
    one.clock.now += 1000;
    await fail(one, 20);
    expect(backend.all).toHaveLength(6);
    one.clock.now += 1999;
    await fail(one, 1);
    expect(backend.all).toHaveLength(6);
    one.clock.now += 1;
    const { release } = held();
    const first = one.auth.authenticate('first');
    await busy(1);
    expect(await one.refusal('second')).toMatchObject(unanswered);
    release();
    expect((await first).user).toBe('first');
    expect((await one.auth.authenticate('second')).user).toBe('second');
  });

  it('says itself how long, up to half a minute', async () => {
    backend.reply = () => ({ status: 429, headers: { 'retry-after': '10' } });
    const one = setUp();
    await fail(one, 5);
    one.clock.now += 9999;
    await fail(one, 1);
    expect(backend.all).toHaveLength(5);
    one.clock.now += 1;
    backend.reply = () => ({ status: 503, headers: { 'retry-after': '86400' } });
    await fail(one, 1);
    one.clock.now += 30_000;
    backend.reply = () => json({ user: 'alice' });
    expect((await one.auth.authenticate('x')).user).toBe('alice');
  });

  it('is not down for all when some tokens make it fail, or when it refuses', async () => {
    backend.reply = () => ({ status: 500 });
    const one = setUp();
    await fail(one, 20);
    expect(backend.all).toHaveLength(20);
    backend.reply = (request) => (String(tokenOf(request)).startsWith('bad') ? { status: 503 } : { status: 401 });
    for (let i = 0; i < 20; i++) await one.refusal(i % 4 === 0 ? `good-${i}` : `bad-${i}`);
    expect(backend.all).toHaveLength(40);
  });
});

describe('many tokens at once', () => {
  it('are asked about so many at a time, in turn', async () => {
    const { release } = held();
    const { auth } = setUp({ concurrency: 3 });
    const all = Array.from({ length: 12 }, (_, i) => auth.authenticate(`user-${i}`));
    await busy(3);
    release();
    expect((await Promise.all(all)).map(({ user }) => user)).toEqual(all.map((_, i) => `user-${i}`));
    expect(backend.most).toBe(3);
  });

  it('that are too many are told to come again, at once', async () => {
    const { release } = held();
    const { auth, refusal, logged } = setUp({ concurrency: 1, queue: 1 });
    const inside = [auth.authenticate('one'), auth.authenticate('two')];
    await busy(1);
    expect(await refusal('three')).toMatchObject(unanswered);
    expect(logged()).toContain('token_unchecked');
    release();
    expect((await Promise.all(inside)).map(({ user }) => user)).toEqual(['one', 'two']);
    expect(backend.all).toHaveLength(2);
  });

  it('wait for their turn no longer than for an answer', async () => {
    backend.reply = () => undefined;
    const { refusal } = setUp({ concurrency: 1, timeout: 300 });
    const both = await Promise.all([refusal('one'), refusal('two')]);
    for (const one of both) expect(one).toMatchObject(unanswered);
  });
});

describe('beside other ways', () => {
  const mint = (user: string) => mintToken({ secret: jwtSecret, user, userClaim: 'sub', scopeClaim: 'scope' });

  it('a JWT is for the keys, right or wrong; all else is for the backend', async () => {
    const { auth, refusal } = setUp({}, { jwt: true });
    expect((await auth.authenticate(await mint('signed'))).user).toBe('signed');
    const forged = `${(await mint('signed')).slice(0, -4)}AAAA`;
    expect(await refusal(forged)).toMatchObject(invalid);
    expect(backend.all).toEqual([]);
    for (const token of ['opaque', 'a.b.c', '{"sub":"alice"}', 'eyJhbGciOiJIUzI1NiJ9']) {
      expect((await auth.authenticate(token)).user).toBe(token);
    }
    expect(backend.all).toHaveLength(4);
    expect([auth.method(forged), auth.method('opaque')]).toEqual(['jwt', 'webhook']);
  });

  it('without keys of its own the gateway asks about a JWT too', async () => {
    backend.reply = () => json({ user: 'alice' });
    const { auth } = setUp();
    expect((await auth.authenticate(await mint('bob'))).user).toBe('alice');
  });

  it('guests keep their tokens, their names, and their place', async () => {
    const { auth, refusal } = setUp({}, { guests: true });
    const { scopes: _, ...guest } = await auth.authenticate(undefined);
    expect((await auth.authenticate(guest.guest?.token)).user).toBe(guest.user);
    expect(backend.all).toEqual([]);
    expect((await auth.authenticate('opaque')).user).toBe('opaque');
    for (const user of [guest.user, 'guest-x', 'GUEST-x', 'ｇｕｅｓｔ-x']) {
      backend.reply = () => json({ user });
      expect(await refusal(`token of ${user}`)).toMatchObject(invalid);
    }
  });

  it('no token at all is not asked about, nor one that is too long', async () => {
    const { auth, refusal } = setUp();
    await expect(auth.authenticate(undefined)).rejects.toMatchObject(invalid);
    expect(await refusal('x'.repeat(16_385))).toMatchObject(invalid);
    expect(await refusal('')).toMatchObject(unanswered);
    expect(backend.all).toHaveLength(1);
  });
});
