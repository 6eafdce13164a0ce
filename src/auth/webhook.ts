/**
 * Tokens that only the operator's backend knows: it is asked by a signed POST. Who it refuses is refused; where it gives no
 * answer that says anything, nobody is let in, and clients come again.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from '../log.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Claim } from './auth.ts';
import { Breaker } from './breaker.ts';
import { readScopes, readUser } from './jwt.ts';
import { Slots } from './slots.ts';

/** A POST with the signature of Standard Webhooks, without redirects, its answer bounded. @throws Error without an answer */
export type SignedPost = (request: {
  url: string;
  secret: string;
  id: string;
  body: string;
  timeoutMs: number;
}) => Promise<{ readonly status: number; readonly body: string; readonly retryAfterMs?: number }>;

export interface WebhookOptions {
  url: string;
  /** Asked for at every use, so that it may be rotated. */
  secret: () => string;
  /** Milliseconds, waiting for a turn included. */
  timeout: number;
  /** Milliseconds that an answer counts. */
  cache: number;
  concurrency: number;
  queue: number;
  post: SignedPost;
}

/** The backend has said no. The message is for the log. */
export class TokenRefused extends Error {
  readonly expired: boolean;

  constructor(message: string, expired = false) {
    super(message);
    this.expired = expired;
  }
}

/** The backend has said nothing that counts; `down` = most likely it would say nothing to others either. */
class Unanswered extends Error {
  readonly down: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { down = false, retryAfterMs }: { down?: boolean; retryAfterMs?: number } = {}) {
    super(message);
    this.down = down;
    this.retryAfterMs = retryAfterMs;
  }
}

interface Known {
  readonly claim: Claim;
  readonly until: number;
}

/** About 3 MB of names; what was learned first goes first. */
const maxKnown = 10_000;
/** A backend, or a proxy before it, that has no time for anybody. */
const downStatus: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class WebhookAuth {
  readonly #options: WebhookOptions;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #slots: Slots;
  readonly #breaker: Breaker;
  /** By hash: no token outlives its check. Refusals are not kept, so that tries cannot push out the users. */
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<string, Promise<Claim>>();
  #failing = false;

  constructor(options: WebhookOptions, { log, now }: { log: Logger; now: () => number }) {
    this.#options = options;
    this.#log = log;
    this.#now = now;
    this.#slots = new Slots(options.concurrency, options.queue);
    this.#breaker = new Breaker(now);
  }

  /** @throws TokenRefused; StanzaError `resource-constraint` (retryable) where the backend has no answer */
  verify(token: string): Promise<Claim> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(key);
    if (known && this.#now() < known.until) return Promise.resolve(known.claim);
    this.#known.delete(key);
    const before = this.#underWay.get(key);
    if (before) return before;
    const asked = this.#ask(token, key).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  async #ask(token: string, key: string): Promise<Claim> {
    try {
      const claim = await this.#inTurn(token);
      this.#keep(key, claim);
      return claim;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      const { message: cause, retryAfterMs } = error;
      this.#log.debug({ event: 'token_unchecked', cause }, 'a token could not be checked');
      const details = { retry: true, ...(retryAfterMs ? { retryAfterMs } : {}) };
      throw new StanzaError('resource-constraint', 'Tokens cannot be checked at the moment', details);
    }
  }

  async #inTurn(token: string): Promise<Claim> {
    const deadline = performance.now() + this.#options.timeout;
    // Before the queue: while the backend is down, nobody waits for it.
    this.#refuseWhileDown();
    await this.#slots.take(this.#options.timeout).catch((error: Error) => {
      throw new Unanswered(error.message);
    });
    try {
      if (!this.#breaker.admit()) throw new Unanswered('left alone: it did not answer');
      return await this.#once(token, Math.max(1, Math.ceil(deadline - performance.now())));
    } finally {
      this.#slots.give();
    }
  }

  #refuseWhileDown(): void {
    const { waitMs } = this.#breaker;
    if (waitMs > 0) throw new Unanswered('left alone: it did not answer', { retryAfterMs: waitMs });
  }

  async #once(token: string, timeoutMs: number): Promise<Claim> {
    try {
      const claim = await this.#exchange(token, timeoutMs);
      this.#answered();
      return claim;
    } catch (error) {
      if (error instanceof Unanswered) this.#unanswered(error);
      else if (error instanceof TokenRefused) this.#answered();
      else this.#breaker.unclear();
      throw error;
    }
  }

  async #exchange(token: string, timeoutMs: number): Promise<Claim> {
    const { url, secret, timeout, post } = this.#options;
    const id = `msg_${randomUUID().replaceAll('-', '')}`;
    const timestamp = new Date(this.#now()).toISOString();
    const body = JSON.stringify({ type: 'auth', timestamp, data: { token } });
    const answer = await post({ url, secret: secret(), id, body, timeoutMs }).catch((error: Error) => {
      // Who has waited long for its turn had little time: that is not the backend's fault.
      throw new Unanswered(error.message, { down: timeoutMs * 2 >= timeout });
    });
    if (answer.status === 401 || answer.status === 403) throw refusalOf(answer);
    if (answer.status !== 200) {
      const { retryAfterMs } = answer;
      const again = retryAfterMs === undefined ? {} : { retryAfterMs };
      throw new Unanswered(`status ${answer.status}`, { down: downStatus.has(answer.status), ...again });
    }
    return readAnswer(answer.body, this.#now());
  }

  #answered(): void {
    this.#breaker.up();
    if (!this.#failing) return;
    this.#failing = false;
    this.#log.info({ event: 'auth_webhook_recovered' }, 'auth.webhook.url answers again');
  }

  /** One line for an outage. */
  #unanswered({ message: cause, down, retryAfterMs }: Unanswered): void {
    if (down) this.#breaker.down(retryAfterMs);
    else this.#breaker.unclear();
    if (this.#failing) return;
    this.#failing = true;
    this.#log.error(
      { event: 'auth_webhook_failing', cause },
      `auth.webhook.url does not say whose a token is: ${cause}`,
    );
  }

  #keep(key: string, claim: Claim): void {
    const until = Math.min(this.#now() + this.#options.cache, claim.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
    if (until <= this.#now()) return;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= maxKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { claim, until });
  }
}

function refusalOf({ status, body }: { readonly status: number; readonly body: string }): TokenRefused {
  const code = fieldsOf(body)?.code;
  return new TokenRefused(`the backend answered ${status}`, code === 'token-expired');
}

/** @throws Unanswered for what is not an answer; TokenRefused where it has ended already */
function readAnswer(body: string, now: number): Claim {
  const fields = fieldsOf(body);
  if (!fields) throw new Unanswered('an answer that is no JSON object, or too long');
  const user = readUser(fields.user);
  if (user === undefined) throw new Unanswered('an answer without a user name (user: text, 1 to 1023 characters)');
  const scopes = readScopes(fields.scopes);
  const { expiresAt } = fields;
  if (expiresAt === undefined || expiresAt === null) return { user, scopes };
  const end = typeof expiresAt === 'string' && rfc3339.test(expiresAt) ? new Date(expiresAt) : undefined;
  if (!end || Number.isNaN(end.getTime())) throw new Unanswered('an answer whose expiresAt is no RFC 3339 time');
  if (end.getTime() <= now) throw new TokenRefused('the backend said that it has ended', true);
  return { user, scopes, expiresAt: end };
}

/** What `Date` reads beyond it depends on the time zone of the machine. */
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function fieldsOf(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
