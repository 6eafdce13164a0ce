/**
 * The operator's own tokens: JSON Web Tokens (RFC 7519), signed with a shared key or with one of a published set. Which
 * algorithm goes with which key is fixed here, never taken from the token (RFC 8725 §3.1).
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify, SignJWT } from 'jose';
import type { Logger } from '../log.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Claim, JwtOptions } from './auth.ts';

/** A token → its claim, or an error of jose's that says why not. */
export type Verify = (token: string, now: Date) => Promise<Claim>;

/** Of the clock that `nbf` was written by. */
const clockToleranceSeconds = 5;
/** 9999-12-31T23:59:59Z: no RFC 3339 time is later. */
const lastSecond = 253_402_300_799;
const maxUserLength = 1023;

/** One key source and the algorithms that go with it. */
export function jwtVerifier(options: JwtOptions, algorithms: string[], key: JWTVerifyGetKey): Verify {
  return async (token, now) => {
    const payload = await verifiedPayload(token, key, {
      algorithms,
      clockTolerance: clockToleranceSeconds,
      currentDate: now,
      ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
      ...(options.audience === undefined ? {} : { audience: options.audience }),
    });
    return readClaim(payload, options, now);
  };
}

/** A token that names no key id may fit several published keys: while they rotate, each is tried. */
async function verifiedPayload(token: string, key: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const candidate of error) {
      const result = await jwtVerify(token, candidate, options).catch((reason: unknown) => {
        if (!(reason instanceof errors.JWSSignatureVerificationFailed)) throw reason;
      });
      if (result) return result.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** A verified payload → what it claims. */
export function readClaim(payload: JWTPayload, names: Pick<JwtOptions, 'userClaim' | 'scopeClaim'>, now: Date): Claim {
  const { exp } = payload;
  // The session ends at `exp` to the second, so a token within the tolerance would be of no use.
  if (exp !== undefined && exp * 1000 <= now.getTime()) throw new errors.JWTExpired('expired', payload, 'exp');
  const user = readUser(own(payload, names.userClaim));
  if (user === undefined) {
    throw new errors.JWTClaimValidationFailed('not a user name', payload, names.userClaim, 'invalid');
  }
  const scopes = readScopes(own(payload, names.scopeClaim));
  return exp === undefined ? { user, scopes } : { user, scopes, expiresAt: toDate(exp) };
}

export function toDate(seconds: number): Date {
  return new Date(Math.min(seconds, lastSecond) * 1000);
}

/** Never what an object inherits, whatever the claim is named. */
function own(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined;
}

/** What can name a user. */
export function readUser(value: unknown): string | undefined {
  // Beyond the safe integers two numbers would become one user.
  const user = Number.isSafeInteger(value) ? String(value) : value;
  return typeof user === 'string' && user !== '' && user.length <= maxUserLength ? user : undefined;
}

/** Text with spaces, or an array. */
export function readScopes(value: unknown): Set<string> {
  const list: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return new Set(list.filter((scope) => typeof scope === 'string' && scope !== '').map(String));
}

/** The shared key as it is now; made anew only when its text has changed. */
export function sharedKey(secret: () => string, log: Logger): () => KeyObject {
  let last: { text: string; key: KeyObject } | undefined;
  return () => {
    const text = secret();
    if (text === '') {
      // An empty key would let anyone sign. A file that is being rewritten is empty for a moment.
      log.error({ event: 'secret_empty' }, 'auth.jwt.secret is empty: no token can be checked');
      throw new StanzaError('resource-constraint', 'Tokens cannot be checked at the moment', { retry: true });
    }
    if (last?.text !== text) last = { text, key: createSecretKey(text, 'utf8') };
    return last.key;
  };
}

export interface MintOptions {
  secret: string;
  user: string;
  /** Absent: the token never expires. */
  ttlMs?: number;
  scopes?: readonly string[];
  issuer?: string;
  audience?: string;
  userClaim: string;
  scopeClaim: string;
  /** HS256 when absent. */
  algorithm?: string;
  /** Epoch milliseconds; for tests. */
  now?: () => number;
}

/** A token as the operator's own service would sign it: for tests, demos, and `stanzawire token`. */
export async function mintToken(options: MintOptions): Promise<string> {
  const now = options.now?.() ?? Date.now();
  const scopes = options.scopes ?? [];
  const token = new SignJWT({
    [options.userClaim]: options.user,
    ...(scopes.length > 0 ? { [options.scopeClaim]: scopes.join(' ') } : {}),
  })
    .setProtectedHeader({ alg: options.algorithm ?? 'HS256', typ: 'JWT' })
    .setIssuedAt(Math.floor(now / 1000));
  if (options.ttlMs !== undefined) token.setExpirationTime(Math.ceil((now + options.ttlMs) / 1000));
  if (options.issuer !== undefined) token.setIssuer(options.issuer);
  if (options.audience !== undefined) token.setAudience(options.audience);
  return token.sign(createSecretKey(options.secret, 'utf8'));
}

/** Signs tokens as the configuration wants them; undefined where it has no key that signs. */
export function signerOf(
  jwt: (Omit<MintOptions, 'secret' | 'user'> & { secret?: () => string; algorithms?: string[] }) | undefined,
): ((request: Pick<MintOptions, 'user' | 'ttlMs' | 'scopes'>) => Promise<string>) | undefined {
  const { secret, issuer, audience, userClaim, scopeClaim, algorithms = [] } = jwt ?? {};
  if (!secret || !userClaim || !scopeClaim) return undefined;
  return (request) =>
    mintToken({
      ...request,
      secret: secret(),
      userClaim,
      scopeClaim,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
      ...(algorithms[0] === undefined ? {} : { algorithm: algorithms[0] }),
    });
}
