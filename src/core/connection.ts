/**
 * What a socket's client says about itself: authentication with its expiry, the session it opens, and the requests that
 * are about the session and not about XMPP (PROTOCOL.md §3, §4).
 */
import type { Claim } from '../auth/auth.ts';
import type { Session as SessionView } from '../extension.ts';
import { Disconnect } from '../protocol/close.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Connect, Ready } from '../protocol/frames.ts';
import type { Frame } from '../protocol/parse.ts';
import { escapeLocal } from '../xmpp/jid.ts';
import type { Outlet, Upgrade } from './dispatch.ts';
import type { VirtualServer } from './server.ts';
import type { Session } from './session.ts';

/** How long before its end a token's expiry is announced. */
const expiryNotice = 60_000;
/** The longest a timer can wait. */
const longestTimer = 2 ** 31 - 1;
/** What this version's clients may ask for in `connect.features`. */
const supported = ['ack', 'batch'];

export class Connection {
  readonly #server: VirtualServer;
  readonly #outlet: Outlet;
  readonly #upgrade: Upgrade;
  #session: Session | undefined;
  #features: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(server: VirtualServer, outlet: Outlet, upgrade: Upgrade) {
    this.#server = server;
    this.#outlet = outlet;
    this.#upgrade = upgrade;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get batches(): boolean {
    return this.#features.includes('batch');
  }

  /**
   * Authenticates, opens the session and writes `ready`; does neither once `wanted` says that the socket has gone.
   * @throws StanzaError token-invalid, token-expired, bad-request; Disconnect too-many-sessions
   */
  async connect({ id, data }: Frame, wanted: () => boolean): Promise<void> {
    const connect = this.#server.registry.check('connect', data);
    const claim = await this.#authenticate(connect.token ?? this.#upgrade.token);
    if (!wanted()) return;
    const session = await this.#server.openSession(claim, connect, this.#outlet);
    this.#session = session;
    if (!wanted()) return this.closed();
    this.#features = supported.filter((one) => connect.features?.includes(one));
    this.#server.metrics.frames.inc('out', 'ready');
    const ready = this.#ready(session, claim, connect);
    this.#outlet.write(JSON.stringify({ type: 'ready', id, data: ready }), 'reply');
    this.#watchExpiry(claim.expiresAt);
    this.#server.run('sessionOpen', session);
  }

  /** The handler of a request that is about the session itself. */
  handler(type: string): ((session: SessionView, data: never) => unknown) | undefined {
    if (type === 'auth.refresh') return (_session, data: { token: string }) => this.#refresh(data.token);
    if (type === 'session.end') {
      return () => {
        this.#ending = true;
      };
    }
    return undefined;
  }

  /** A reply has been written: what was to come after it comes now. */
  answered(): void {
    if (!this.#ending) return;
    this.#outlet.close(new Disconnect('normal', 'session ended'));
    this.closed();
  }

  /** `ack` and `pong` say what the client has processed. */
  acknowledge(frame: Frame): void {
    this.#server.registry.check(frame.type === 'ack' ? 'ack' : 'pong', frame.data);
  }

  closed(): void {
    clearTimeout(this.#timer);
    if (this.#session) this.#server.closeSession(this.#session);
    this.#session = undefined;
  }

  async #authenticate(token: string | undefined): Promise<Claim> {
    const start = performance.now();
    const method = token === undefined ? 'none' : 'jwt';
    const done = (result: string, how: 'jwt' | 'guest' | 'none' = method): void => {
      this.#server.metrics.authAttempts.inc(how, result);
      this.#server.metrics.authDuration.observe((performance.now() - start) / 1000, how, result);
    };
    try {
      const claim = await this.#server.auth.authenticate(token);
      done('ok', claim.guest ? 'guest' : method);
      return claim;
    } catch (error) {
      done(error instanceof StanzaError ? error.code : 'other');
      throw error;
    }
  }

  #ready(session: Session, claim: Claim, connect: Connect): Ready {
    const { limits, heartbeat, link, registry } = this.#server;
    return {
      session: session.id,
      resumed: false,
      // A session ends with its socket in this version, so there is never one to resume.
      ...(connect.resume ? { reason: 'unknown' as const } : {}),
      seq: session.seq,
      user: session.account.jid.bare,
      link,
      heartbeatMs: heartbeat,
      ...(claim.expiresAt ? { expiresAt: claim.expiresAt.toISOString() } : {}),
      resume: { windowMs: 0, maxEvents: 0 },
      limits: {
        frameBytes: limits.frame,
        batch: limits.batch,
        inFlight: limits.inFlight,
        rate: { perSecond: limits.rate, burst: limits.burst },
        historyMax: limits.historyMax,
        sendTimeoutMs: limits.sendTimeout,
      },
      features: [...this.#features],
      services: {},
      archive: {},
      ...(claim.guest?.token === undefined ? {} : { token: claim.guest.token }),
      ...registry.snapshots(session.wants, session.account),
    };
  }

  async #refresh(token: string): Promise<{ expiresAt?: string }> {
    const claim = await this.#authenticate(token);
    const session = this.#session;
    if (!session) throw new StanzaError('not-connected', 'The session has ended');
    if (escapeLocal(claim.user) !== session.account.jid.local) {
      throw new StanzaError('forbidden', 'The token is for another user', { field: 'token' });
    }
    session.scopes = claim.scopes;
    this.#watchExpiry(claim.expiresAt);
    return claim.expiresAt ? { expiresAt: claim.expiresAt.toISOString() } : {};
  }

  /** Announces the end of the token's life, then ends the socket. */
  #watchExpiry(expiresAt: Date | undefined): void {
    clearTimeout(this.#timer);
    if (!expiresAt) return;
    const left = expiresAt.getTime() - this.#server.now();
    if (left > expiryNotice) {
      const wait = Math.min(left - expiryNotice, longestTimer);
      this.#timer = setTimeout(() => this.#watchExpiry(expiresAt), wait);
    } else {
      this.#announceExpiry(expiresAt);
    }
  }

  #announceExpiry(expiresAt: Date): void {
    this.#session?.push({ type: 'auth.expiring', data: { expiresAt: expiresAt.toISOString() } });
    const left = Math.max(0, expiresAt.getTime() - this.#server.now());
    this.#timer = setTimeout(() => this.#outlet.close(new Disconnect('token-expired')), left);
  }
}
