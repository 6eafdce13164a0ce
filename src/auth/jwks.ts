/**
 * Public keys that the operator's login service publishes (RFC 7517 §5). A key id that is not known yet makes them be
 * read again; a key server that is down is not the token's fault, and known keys go on working for a while.
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type ExportedJWKSCache,
  errors,
  type JWTVerifyGetKey,
  jwksCache,
} from 'jose';
import type { Logger } from '../log.ts';
import { StanzaError } from '../protocol/errors.ts';

/** Milliseconds. */
export interface KeySetTiming {
  /** A key server that has not answered in this time is down. */
  timeout: number;
  /** Unknown key ids make the keys be read at most this often: anyone can make one up. */
  cooldown: number;
  /** Keys are read again when they are older. */
  maxAge: number;
  /** How old known keys may get while the key server is down. A key withdrawn meanwhile counts as long. */
  maxStale: number;
}

const defaults: KeySetTiming = { timeout: 5_000, cooldown: 5_000, maxAge: 600_000, maxStale: 3_600_000 };

/** Where the keys are published → how to get them. */
export type KeySets = (url: string) => JWTVerifyGetKey;

/** Remembers the last address: keys that are known stay known when all but the address is configured anew. */
export function keySets(log: Logger): KeySets {
  let last: { url: string; keys: JWTVerifyGetKey } | undefined;
  return (url) => {
    if (last?.url !== url) last = { url, keys: keySet(url, log) };
    return last.keys;
  };
}

/**
 * The published keys, read when first needed.
 * @throws StanzaError `resource-constraint` (retryable) when the key server is needed and cannot be asked.
 */
export function keySet(url: string, log: Logger, timing: Partial<KeySetTiming> = {}): JWTVerifyGetKey {
  const { timeout, cooldown, maxAge, maxStale } = { ...defaults, ...timing };
  const cache: Partial<ExportedJWKSCache> = {};
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeout,
    cooldownDuration: cooldown,
    cacheMaxAge: maxAge,
    [jwksCache]: cache as ExportedJWKSCache,
  });
  const report = outageLog(log);

  return async (header, token) => {
    try {
      const key = await remote(header, token);
      report();
      return key;
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      report(error);
      const { jwks, uat = 0 } = cache;
      if (jwks && Date.now() < uat + maxStale) {
        const known = await createLocalJWKSet(jwks)(header, token).catch(() => undefined);
        if (known) return known;
      }
      throw new StanzaError('resource-constraint', 'The key server cannot be reached', { retry: true });
    }
  };
}

/** Did the keys have the answer, so that the token is at fault? Everything else is about the key server. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/** One line when the key server goes and one when it is back, however many tokens come meanwhile. */
function outageLog(log: Logger): (error?: unknown) => void {
  let down = false;
  return (error) => {
    if (error !== undefined && !down) {
      const cause = error instanceof Error ? describe(error) : undefined;
      log.error(
        { event: 'jwks_unreachable', cause },
        'auth.jwt.jwksUrl cannot be read: check the address and the service',
      );
    }
    if (error === undefined && down) log.info({ event: 'jwks_reachable' }, 'auth.jwt.jwksUrl can be read again');
    down = error !== undefined;
  };
}

/** `fetch failed` says nothing; what it wraps does. */
function describe(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== ''
    ? `${error.message}: ${error.cause.message}`
    : error.message;
}
