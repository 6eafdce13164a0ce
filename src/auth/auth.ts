/**
 * Who is it? Tokens become claims here: signed tokens of the operator's own (JWT), those that its backend knows (webhook),
 * and the gateway's guests. Core makes the account's address of a claim.
 */
import { decodeProtectedHeader, errors } from 'jose';
import type { Logger } from '../log.ts';
import { StanzaError } from '../protocol/errors.ts';
import { createGuests } from './guest.ts';
import { type KeySets, keySets } from './jwks.ts';
import { jwtVerifier, sharedKey, type Verify } from './jwt.ts';
import { TokenRefused, WebhookAuth, type WebhookOptions } from './webhook.ts';

/** What a token proved. */
export interface Claim {
  /** Not empty, at most 1023 characters; not yet an address. */
  user: string;
  scopes: ReadonlySet<string>;
  /** Absent: the token never expires. */
  expiresAt?: Date;
  /** Of guests only; `token`, for its later connects, only when it is a new one. */
  guest?: { token?: string };
}

/** Who decides about a token; `none` = there is none, and nobody is let in without. */
export type Method = 'jwt' | 'webhook' | 'guest' | 'none';

export interface Authenticator {
  /** Without a look at whether it is right: for metrics and the log. */
  method(token: string | undefined): Method;
  /**
   * @throws StanzaError `token-expired`; `token-invalid`, with one text for every cause; `resource-constraint` (retryable)
   * when the token cannot be checked now, because the keys cannot be had or the backend does not answer.
   */
  authenticate(token: string | undefined): Promise<Claim>;
}

export interface JwtOptions {
  /** The shared key of HS256, HS384 and HS512; asked for at every use, so that it may be rotated. */
  secret?: () => string;
  /** Where the public keys of all other algorithms are published (RFC 7517 §5). */
  jwksUrl?: string;
  issuer?: string;
  audience?: string;
  /** The only algorithms that are accepted, whatever a token says of itself. */
  algorithms: string[];
  userClaim: string;
  /** A space-separated string (RFC 8693 §4.2) or an array. */
  scopeClaim: string;
}

export interface GuestOptions {
  enabled: boolean;
  prefix: string;
  /** Milliseconds. */
  ttl: number;
  /** What guest tokens are signed with. */
  key: Uint8Array;
}

export interface AuthOptions {
  jwt?: JwtOptions;
  webhook?: WebhookOptions;
  guest: GuestOptions;
  log: Logger;
  /** Kept from one configuration to the next; its own when absent. */
  keySets?: KeySets;
  /** Epoch milliseconds; for tests. */
  now?: () => number;
}

/** What a `connect` frame may carry. */
const maxTokenLength = 16_384;

/**
 * The chain: no token → a new guest; a guest's token → that guest; a signed one → the operator's keys, where there are any;
 * any other → the operator's backend. What one has refused, no other is asked about.
 * @throws Error naming the setting that makes no sense.
 */
export function createAuth(options: AuthOptions): Authenticator {
  const { log, now = Date.now } = options;
  const guests = options.guest.enabled ? createGuests(options.guest) : undefined;
  const verifyJwt = options.jwt && tokenVerifier(options.jwt, options.keySets ?? keySets(log), log);
  const webhook = options.webhook && new WebhookAuth(options.webhook, { log, now });

  function method(token: string | undefined): Method {
    if (token === undefined) return guests ? 'guest' : 'none';
    if (guests?.claims(token)) return 'guest';
    return webhook && !(verifyJwt && isSigned(token)) ? 'webhook' : 'jwt';
  }

  async function check(token: string | undefined, time: Date): Promise<Claim> {
    if (token === undefined) {
      if (guests) return guests.create(time);
      throw new errors.JWTInvalid('no token');
    }
    if (token.length > maxTokenLength) throw new errors.JWTInvalid('too long');
    const by = method(token);
    if (guests && by === 'guest') return guests.verify(token, time);
    const claim = await (webhook && by === 'webhook' ? webhook.verify(token) : bySignature(token, time));
    if (guests?.reserves(claim.user)) throw new errors.JWTInvalid('the user name is kept for guests');
    return claim;
  }

  function bySignature(token: string, time: Date): Promise<Claim> {
    if (!verifyJwt) throw new errors.JWTInvalid('no keys are configured');
    return verifyJwt(token, time);
  }

  return {
    // What is too long is not read.
    method: (token) => (token !== undefined && token.length > maxTokenLength ? 'none' : method(token)),
    async authenticate(token) {
      try {
        return await check(token, new Date(now()));
      } catch (error) {
        throw refusal(error, log);
      }
    },
  };
}

/** Shared key and published keys side by side; each takes its own kind of algorithm, so neither passes for the other. */
function tokenVerifier(jwt: JwtOptions, published: KeySets, log: Logger): Verify {
  const isShared = (algorithm: string) => algorithm.startsWith('HS');
  const shared = jwt.algorithms.filter(isShared);
  const ofKeySet = jwt.algorithms.filter((algorithm) => !isShared(algorithm) && algorithm !== 'none');
  const secret = jwt.secret && sharedKey(jwt.secret, log);
  const bySecret = secret && jwtVerifier(jwt, shared, secret);
  const byKeySet = jwt.jwksUrl === undefined ? undefined : jwtVerifier(jwt, ofKeySet, published(jwt.jwksUrl));
  if (bySecret && shared.length === 0) throw new Error('auth.jwt.algorithms: add HS256, which auth.jwt.secret needs');
  if (byKeySet && ofKeySet.length === 0) {
    throw new Error('auth.jwt.algorithms: add what auth.jwt.jwksUrl has keys for, e.g. RS256, ES256 or EdDSA');
  }
  return (token, time) => {
    const verify = isShared(algorithmOf(token)) ? bySecret : byKeySet;
    if (!verify) throw new errors.JOSEAlgNotAllowed('no key for this kind of algorithm');
    return verify(token, time);
  };
}

/** Does it look like a JWT? */
function isSigned(token: string): boolean {
  try {
    return algorithmOf(token) !== '';
  } catch {
    return false;
  }
}

function algorithmOf(token: string): string {
  try {
    const { alg }: { alg?: unknown } = decodeProtectedHeader(token);
    if (typeof alg === 'string') return alg;
  } catch {
    // Not a token at all: the same as one without an algorithm.
  }
  throw new errors.JWSInvalid('no header that names an algorithm');
}

/** One text for every cause, so that nothing is learned by trying; the cause goes to the log, the token nowhere. */
function refusal(error: unknown, log: Logger): unknown {
  if (!(error instanceof errors.JOSEError || error instanceof TokenRefused)) return error;
  const expired = error instanceof TokenRefused ? error.expired : error instanceof errors.JWTExpired;
  if (expired) return new StanzaError('token-expired', 'The token has expired');
  // jose's errors carry the payload: only their code and message are taken.
  const code = error instanceof errors.JOSEError ? error.code : 'ERR_BACKEND_REFUSED';
  log.debug({ event: 'token_refused', code, cause: error.message }, 'a token was refused');
  return new StanzaError('token-invalid', 'The token is not valid');
}
