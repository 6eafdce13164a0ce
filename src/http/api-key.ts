/**
 * Who may use the API: whoever has its one key. It is compared without telling how much of it was right, and failed attempts
 * are counted by address.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { StanzaError } from '../protocol/errors.ts';

/** Shorter keys could be guessed. */
const minLength = 32;
/** So many failed attempts a minute are looked at one by one. */
const maxFailures = 10;
const windowMs = 60_000;
/** Addresses that failed; the oldest is forgotten. */
const maxAddresses = 1000;

interface Failures {
  since: number;
  count: number;
}

export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly status: 401 | 403 | 429;
      readonly error: StanzaError;
      /** The log has heard enough of this address. */
      readonly quiet: boolean;
    };

export class ApiKey {
  readonly #key: () => string | undefined;
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  /** `key` is read at each request: it may change. */
  constructor(key: () => string | undefined, now: () => number = () => performance.now()) {
    this.#key = key;
    this.#now = now;
  }

  check(authorization: string | undefined, address: string): Verdict {
    const key = this.#key() ?? '';
    if (key.length < minLength) return refused(403, this.#off(key));
    const [, given] = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '') ?? [];
    // Whoever has the right key is never locked out by somebody else at the same address who has not.
    if (given !== undefined && isSame(given, key)) return { ok: true };
    const { count, leftMs } = this.#failed(address);
    if (count <= maxFailures) {
      const how = 'send the header Authorization: Bearer KEY, with the key that http.internal.apiKey has';
      return refused(401, new StanzaError('not-authorized', `The API wants its key: ${how}`));
    }
    const error = new StanzaError('rate-limited', 'Too many attempts with a wrong key', { retryAfterMs: leftMs });
    return { ...refused(429, error), quiet: count > maxFailures + 1 };
  }

  #off(key: string): StanzaError {
    const message =
      key === ''
        ? 'The API is off: set http.internal.apiKey or http.internal.apiKeyFile'
        : `The API is off: http.internal.apiKey has ${key.length} characters, and needs ${minLength} at least`;
    return new StanzaError('forbidden', message);
  }

  #failed(address: string): { count: number; leftMs: number } {
    const now = this.#now();
    const known = this.#failures.get(address);
    const failures = known && now - known.since < windowMs ? known : { since: now, count: 0 };
    failures.count++;
    this.#failures.delete(address);
    this.#failures.set(address, failures);
    if (this.#failures.size > maxAddresses) for (const one of this.#failures.keys().take(1)) this.#failures.delete(one);
    return { count: failures.count, leftMs: Math.ceil(failures.since + windowMs - now) };
  }
}

function refused(status: 401 | 403 | 429, error: StanzaError) {
  return { ok: false, status, error, quiet: false } as const;
}

/** Hashes, so that the lengths are the same. */
function isSame(given: string, key: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', key, 'buffer'));
}
