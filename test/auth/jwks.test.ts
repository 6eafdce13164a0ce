import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KeySetTiming, keySet } from '../../src/auth/jwks.ts';
import { jwtVerifier, mintToken } from '../../src/auth/jwt.ts';
import { authWith, invalid, jwtDefaults, KeyServer, keptLog, makePair, signWith } from './support.ts';

const algorithms = ['RS256', 'ES256', 'EdDSA'];
const alice = { sub: 'alice' };
let server: KeyServer;

beforeEach(async () => {
  server = new KeyServer();
  await server.start();
});
afterEach(() => server.stop());

const setUp = (jwt = {}) => authWith({ jwt: { jwksUrl: server.url, algorithms, ...jwt } });

/** The verifier below the chain, with a clock of the test's choice. */
function verifierWith(timing: Partial<KeySetTiming>) {
  const { log, text } = keptLog();
  const verify = jwtVerifier({ ...jwtDefaults, algorithms }, algorithms, keySet(server.url, log, timing));
  return { verify: (token: string) => verify(token, new Date()), logged: text };
}

it.each(algorithms)('a token signed with a published %s key is accepted, and the keys are read once', async (alg) => {
  const pair = await makePair(alg, 'k1');
  server.keys = [pair.jwk, (await makePair('RS256', 'k2')).jwk];
  const { auth } = setUp();
  const token = await signWith(pair, { ...alice, scope: 'raw' });
  const claims = await Promise.all([1, 2, 3].map(() => auth.authenticate(token)));
  for (const claim of claims) expect(claim).toStrictEqual({ user: 'alice', scopes: new Set(['raw']) });
  expect(server.requests).toBe(1);
});

it('a new key id is found by reading the keys again; a withdrawn key ends', async () => {
  const [old, next] = [await makePair('ES256', 'old'), await makePair('ES256', 'next')];
  server.keys = [old.jwk];
  const { verify } = verifierWith({ cooldown: 0 });
  expect((await verify(await signWith(old, alice))).user).toBe('alice');
  server.keys = [next.jwk];
  expect((await verify(await signWith(next, alice))).user).toBe('alice');
  expect(server.requests).toBe(2);
  await expect(verify(await signWith(old, alice))).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

it('made-up key ids do not make the gateway ask again and again', async () => {
  const pair = await makePair('ES256', 'k1');
  server.keys = [pair.jwk];
  const { auth, refusal } = setUp();
  await auth.authenticate(await signWith(pair, alice));
  for (let i = 0; i < 20; i++)
    expect(await refusal(await signWith(pair, alice, { kid: `x${i}` }))).toMatchObject(invalid);
  expect(server.requests).toBe(1);
});

it('a token without key id is tried with every key that fits', async () => {
  const [one, two, stranger] = [
    await makePair('RS256', '1'),
    await makePair('RS256', '2'),
    await makePair('RS256', '3'),
  ];
  server.keys = [one.jwk, two.jwk];
  const { auth, refusal } = setUp({ audience: 'chat' });
  for (const pair of [one, two]) {
    expect((await auth.authenticate(await signWith(pair, { ...alice, aud: 'chat' }, {}))).user).toBe('alice');
  }
  expect(await refusal(await signWith(two, alice, {}))).toMatchObject(invalid);
  expect(await refusal(await signWith(stranger, { ...alice, aud: 'chat' }, {}))).toMatchObject(invalid);
});

it('a signature of another key under a published id is refused', async () => {
  const [real, fake] = [await makePair('EdDSA', 'k1'), await makePair('EdDSA', 'k1')];
  server.keys = [real.jwk];
  expect(await setUp().refusal(await signWith(fake, alice))).toMatchObject(invalid);
});

it('an algorithm that is not configured is refused although its key is published', async () => {
  const pair = await makePair('RS512', 'k1');
  const { alg: _, ...jwk } = pair.jwk;
  server.keys = [jwk];
  expect(await setUp().refusal(await signWith(pair, alice))).toMatchObject(invalid);
  expect(server.requests).toBe(0);
});

it('the public key is no shared key: HS256 signed with it is refused, in every spelling', async () => {
  const { publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
  server.keys = [jwk];
  const pem = await exportSPKI(publicKey);
  const both = setUp({
    secret: () => 'a shared key, a shared key, a shared key',
    algorithms: [...algorithms, 'HS256'],
  });
  const only = setUp();
  const misconfigured = setUp({ algorithms: [...algorithms, 'HS256'] });
  for (const key of [pem, pem.trim(), JSON.stringify(jwk), jwk.n ?? '', '']) {
    const [header, payload] = [{ alg: 'HS256', kid: 'k1' }, alice].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
    for (const { refusal } of [both, only, misconfigured]) {
      expect(await refusal(`${header}.${payload}.${signature}`)).toMatchObject(invalid);
    }
  }
});

it('a published symmetric key verifies nothing', async () => {
  const jwk = { kty: 'oct', kid: 'k1', alg: 'HS256', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' };
  server.keys = [jwk];
  const token = await new SignJWT(alice).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(await importJWK(jwk));
  expect(await setUp({ algorithms: ['RS256', 'HS256'] }).refusal(token)).toMatchObject(invalid);
});

it('keys that a token brings along or points to are never used', async () => {
  const [real, own] = [await makePair('ES256', 'k1'), await makePair('ES256', 'own')];
  server.keys = [real.jwk];
  const stranger = new KeyServer();
  await stranger.start();
  stranger.keys = [own.jwk];
  const token = await new SignJWT(alice)
    .setProtectedHeader({ alg: 'ES256', kid: 'own', jku: stranger.url, jwk: own.jwk, x5u: stranger.url })
    .sign(own.privateKey);
  expect(await setUp().refusal(token)).toMatchObject(invalid);
  expect(stranger.requests).toBe(0);
  await stranger.stop();
});

it('shared key and key set work side by side', async () => {
  const pair = await makePair('RS256', 'k1');
  server.keys = [pair.jwk];
  const secret = 'a shared key, a shared key, a shared key';
  const { auth } = setUp({ secret: () => secret, algorithms: ['HS256', 'RS256'] });
  expect((await auth.authenticate(await signWith(pair, alice))).user).toBe('alice');
  const minted = await mintToken({ secret, user: 'bob', userClaim: 'sub', scopeClaim: 'scope' });
  expect((await auth.authenticate(minted)).user).toBe('bob');
});

const outages: Record<string, (server: KeyServer) => unknown> = {
  'does not listen': (server) => server.stop(),
  'answers 503': (server) => (server.status = 503),
  'answers a redirect': (server) => (server.status = 302),
  'answers no JSON': (server) => (server.body = '<html>'),
  'answers JSON without keys': (server) => (server.body = '{"keys":7}'),
  'answers never': (server) => (server.status = undefined),
};

it.each(Object.entries(outages))('a key server that %s is not the fault of the token', async (_, breakIt) => {
  const pair = await makePair('RS256', 'k1');
  await breakIt(server);
  const { verify, logged } = verifierWith({ timeout: 50 });
  const token = await signWith(pair, alice);
  for (let i = 0; i < 2; i++) {
    await expect(verify(token)).rejects.toMatchObject({
      code: 'resource-constraint',
      message: 'The key server cannot be reached',
      retry: true,
    });
  }
  expect(logged().match(/jwks_unreachable/g)).toHaveLength(1);
  expect(logged()).not.toContain(token.split('.')[1]);
});

it('the chain passes on that the key server is down, and works again when it is back', async () => {
  const pair = await makePair('RS256', 'k1');
  server.keys = [pair.jwk];
  const { auth, refusal, logged } = setUp();
  const { port } = server;
  await server.stop();
  const token = await signWith(pair, alice);
  expect(await refusal(token)).toMatchObject({ code: 'resource-constraint', retry: true, type: 'wait' });
  await server.start(port);
  expect((await auth.authenticate(token)).user).toBe('alice');
  expect(logged()).toContain('jwks_reachable');
});

it('known keys go on working while the key server is down, unknown ones have to wait', async () => {
  const [known, unknown] = [await makePair('RS256', 'k1'), await makePair('RS256', 'k2')];
  server.keys = [known.jwk];
  const { verify } = verifierWith({ maxAge: 0, cooldown: 0 });
  await verify(await signWith(known, alice));
  server.status = 500;
  expect((await verify(await signWith(known, alice))).user).toBe('alice');
  await expect(verify(await signWith(unknown, alice))).rejects.toMatchObject({ code: 'resource-constraint' });
});

it('known keys do not work for ever', async () => {
  const pair = await makePair('RS256', 'k1');
  server.keys = [pair.jwk];
  const { verify } = verifierWith({ maxAge: 0, cooldown: 0, maxStale: 0 });
  await verify(await signWith(pair, alice));
  server.status = 500;
  await expect(verify(await signWith(pair, alice))).rejects.toMatchObject({ code: 'resource-constraint' });
});
