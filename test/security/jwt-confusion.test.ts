/** Tokens that try to be verified by other means than the operator's: each is refused at the socket, with one answer. */
import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyServer, makePair, type Pair, signWith } from '../auth/support.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
/** One gateway with a shared secret, one with a key set. */
let shared: TestGateway;
let published: TestGateway;
const keys = new KeyServer();
/** What an attacker would like to have asked for keys. */
const evil = new KeyServer();
let rsa: Pair;
let evilRsa: Pair;

const issuer = 'https://id.example.com';
const checks = { STANZAWIRE_AUTH_JWT_ISSUER: issuer, STANZAWIRE_AUTH_JWT_AUDIENCE: 'chat' };
const now = (): number => Math.floor(Date.now() / 1000);
const good = () => ({ sub: 'alice', iss: issuer, aud: 'chat', exp: now() + 600 });

beforeAll(async () => {
  [rsa, evilRsa] = await Promise.all([makePair('RS256', 'k1'), makePair('RS256', 'k1')]);
  keys.keys = [rsa.jwk];
  evil.keys = [evilRsa.jwk];
  await Promise.all([keys.start(), evil.start()]);
  server = await ScriptedServer.start();
  shared = await TestGateway.start(upstreamOf(server), checks);
  published = await TestGateway.start(upstreamOf(server), {
    ...checks,
    STANZAWIRE_AUTH_JWT_SECRET: '',
    STANZAWIRE_AUTH_JWT_JWKS_URL: keys.url,
  });
});
afterAll(async () => {
  await Promise.all([shared.stop(), published.stop(), keys.stop(), evil.stop()]);
  await server.stop();
});

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token by hand: any header, any payload, signed with HS256 and that key. */
function forge(header: unknown, payload: unknown = good(), key: string | Uint8Array = tokenSecret): string {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** What a token gets: the user it made, or code and close code. */
async function outcome(gateway: TestGateway, token: string): Promise<string> {
  const client = await JsonClient.open(gateway.url);
  client.send({ type: 'connect', id: 1, data: { token, presence: false } });
  const frame = await client.inbox.next(({ type }) => type === 'ready' || type === 'error', 20_000);
  if (frame.error) return `${frame.error.code} ${frame.error.message} ${await client.closed}`;
  await client.close();
  return String(frame.data?.user);
}

const refused = 'token-invalid The token is not valid 4001';
const hs = { alg: 'HS256', typ: 'JWT' };

describe('a token of the shared secret', () => {
  it('is good as it should be', async () => {
    expect(await outcome(shared, forge(hs))).toBe(`alice@${shared.domain}`);
  });

  it.each<[string, () => string]>([
    ['alg none, without a signature', () => `${part({ alg: 'none' })}.${part(good())}.`],
    ['alg none, with the right signature', () => forge({ alg: 'none' })],
    ['alg None', () => `${part({ alg: 'None' })}.${part(good())}.`],
    ['alg nOnE', () => `${part({ alg: 'nOnE' })}.${part(good())}.`],
    ['alg hs256', () => forge({ alg: 'hs256' })],
    ['alg HS512 named, HS256 signed', () => forge({ alg: 'HS512' })],
    ['alg RS256 named, HS256 signed', () => forge({ alg: 'RS256' })],
    ['alg missing', () => forge({ typ: 'JWT' })],
    ['alg null', () => forge({ alg: null })],
    ['alg a list', () => forge({ alg: ['HS256'] })],
    ['alg an object', () => forge({ alg: { toString: 'HS256' } })],
    ['alg empty', () => forge({ alg: '' })],
    ['the signature left out', () => forge(hs).replace(/[^.]*$/, '')],
    [
      'the signature of another payload',
      () => `${part(hs)}.${part({ ...good(), sub: 'bob' })}.${forge(hs).split('.')[2]}`,
    ],
    ['an empty key', () => forge(hs, good(), '')],
    ['a key of zeros', () => forge(hs, good(), new Uint8Array(32))],
    ['crit that is not understood', () => forge({ ...hs, crit: ['exp'], exp: now() + 60 })],
    ['crit with an unknown name', () => forge({ ...hs, crit: ['urn:x'], 'urn:x': 1 })],
    ['crit empty', () => forge({ ...hs, crit: [] })],
    ['b64 false (RFC 7797)', () => forge({ ...hs, b64: false, crit: ['b64'] })],
    ['a header that is no object', () => forge('[]')],
    ['a header that is no JSON', () => forge('{"alg":"HS256"')],
    ['a payload that is a list', () => forge(hs, [])],
    ['a payload that is null', () => forge(hs, 'null')],
    ['a payload that is no JSON', () => forge(hs, '{')],
    ['five parts, as of an encrypted token', () => `${forge(hs)}.x.y`],
    ['two parts', () => forge(hs).split('.').slice(0, 2).join('.')],
    ['white space', () => forge(hs).replace('.', ' .')],
    ['base64 that is not url-safe', () => forge(hs).replace('.', '+.')],
    ['one that no part is of', () => '../../../etc/passwd'],
    ['nothing', () => ''],
  ])('with %s is refused', async (_, token) => {
    const found = await outcome(shared, token());
    // An empty token is a field that is wrong, not a token.
    if (token() === '') expect(found).toMatch(/^(token-invalid|bad-request) /);
    else expect(found).toMatch(new RegExp(`^${refused}$`));
  });

  it.each<[string, () => object]>([
    ['no issuer', () => ({ ...good(), iss: undefined })],
    ['another issuer', () => ({ ...good(), iss: 'https://evil.example' })],
    ['the issuer and more', () => ({ ...good(), iss: `${issuer}/` })],
    ['a list of issuers', () => ({ ...good(), iss: [issuer] })],
    ['no audience', () => ({ ...good(), aud: undefined })],
    ['another audience', () => ({ ...good(), aud: 'mail' })],
    ['the audience in another case', () => ({ ...good(), aud: 'Chat' })],
    ['the audience within a text', () => ({ ...good(), aud: 'chat mail' })],
    ['a time before which it does not count', () => ({ ...good(), nbf: now() + 60 })],
    ['nbf as text', () => ({ ...good(), nbf: '0' })],
    ['exp as text', () => ({ ...good(), exp: `${now() + 600}` })],
    ['exp that is no number', () => ({ ...good(), exp: null })],
    ['exp as an object', () => ({ ...good(), exp: {} })],
    ['no user', () => ({ ...good(), sub: undefined })],
    ['an empty user', () => ({ ...good(), sub: '' })],
    ['a user who is true', () => ({ ...good(), sub: true })],
    ['a user who is a list', () => ({ ...good(), sub: ['alice'] })],
    ['a user who is an object', () => ({ ...good(), sub: { toString: 'alice' } })],
    ['a user who is half a number', () => ({ ...good(), sub: 1.5 })],
    ['a user who is too great a number', () => ({ ...good(), sub: 2 ** 60 })],
    ['a user of white space', () => ({ ...good(), sub: ' ' })],
    ['the issuer of our guests', () => ({ ...good(), iss: 'stanzawire:guest' })],
  ])('with %s is refused', async (_, payload) => {
    expect(await outcome(shared, forge(hs, payload()))).toMatch(/^token-invalid .* 4001$/);
  });

  it('that has expired is that, to the second, and only if its signature is right', async () => {
    const expired = { ...good(), exp: now() - 1 };
    expect(await outcome(shared, forge(hs, expired))).toBe('token-expired The token has expired 4002');
    expect(await outcome(shared, forge(hs, expired, 'another key of thirty-two bytes or so'))).toBe(refused);
  });

  it('of 16 KiB never reaches a verifier: the socket is closed with 1009', async () => {
    const client = await JsonClient.open(shared.url);
    const token = forge(hs, { ...good(), pad: 'x'.repeat(16_384) });
    client.send({ type: 'connect', id: 1, data: { token } });
    expect(await client.closed).toBe(1009);
    const headers = { authorization: `Bearer ${forge(hs, { ...good(), pad: 'x'.repeat(15_000) })}` };
    const inHeader = await JsonClient.open(shared.url, { headers });
    inHeader.send({ type: 'connect', id: 1, data: {} });
    expect(await inHeader.inbox.next()).toMatchObject({ error: { code: 'token-invalid' } });
  });

  it('with a claim twice is what every JSON parser makes of it: the last one', async () => {
    const payload = JSON.stringify(good()).replace('{', '{"sub":"admin",');
    expect(await outcome(shared, forge(hs, payload))).toBe(`alice@${shared.domain}`);
    const proto = JSON.stringify(good()).replace('"sub":"alice"', '"__proto__":{"sub":"admin","scope":"raw"}');
    expect(await outcome(shared, forge(hs, proto))).toMatch(/^token-invalid/);
  });
});

describe('a token of the key set', () => {
  const header = (more: object) => ({ alg: 'RS256', kid: 'k1', ...more });
  const bySelf = (more: object, pair = evilRsa) =>
    new SignJWT(good()).setProtectedHeader(header(more) as never).sign(pair.privateKey);

  it('is good as it should be', async () => {
    expect(await outcome(published, await signWith(rsa, good()))).toBe(`alice@${published.domain}`);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['signed with HS256 and the public key as PEM', () => forge({ alg: 'HS256', kid: 'k1' }, good(), `${rsa.jwk.n}`)],
    ['signed with HS256 and the public key as JSON', () => forge({ alg: 'HS256' }, good(), JSON.stringify(rsa.jwk))],
    [
      'signed with HS256 and the modulus',
      () => forge({ alg: 'HS256' }, good(), Buffer.from(`${rsa.jwk.n}`, 'base64url')),
    ],
    ['signed by another key under the same id', () => signWith(evilRsa, good())],
    ['alg none', () => `${part({ alg: 'none', kid: 'k1' })}.${part(good())}.`],
    ['its key in jwk', () => bySelf({ jwk: evilRsa.jwk })],
    ['its key set in jku', () => bySelf({ jku: evil.url })],
    ['its certificate in x5u', () => bySelf({ x5u: evil.url })],
    ['its certificate in x5c', () => bySelf({ x5c: ['MIIB'] })],
    ['a kid that is a path', () => bySelf({ kid: '../../../../dev/null' })],
    ['a kid that is an address', () => bySelf({ kid: evil.url })],
    ['a kid of SQL', () => bySelf({ kid: "k1' OR '1'='1" })],
    ['a kid that is a list', () => forge({ alg: 'RS256', kid: ['k1'] })],
    ['a kid that is __proto__', () => bySelf({ kid: '__proto__' })],
    [
      'another algorithm of its key',
      () => bySelf({ alg: 'PS256' }, rsa).catch(() => forge({ alg: 'PS256', kid: 'k1' })),
    ],
  ])('with %s is refused', async (_, token) => {
    expect(await outcome(published, await token())).toBe(refused);
  });

  it('never made the gateway ask anybody but the configured key server', () => {
    expect(evil.requests).toBe(0);
    expect(keys.requests).toBeGreaterThan(0);
  });
});
