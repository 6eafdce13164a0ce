/**
 * What a socket's client says about itself: authentication with its expiry, the session it opens, and the requests that
 * are about the session and not about XMPP (PROTOCOL.md §3, §4).
 */
import type { Claim, Method } from '../auth/auth.ts';
import type { Session as SessionView } from '../extension.ts';
import { closeCodes, Disconnect } from '../protocol/close.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Connect, Ready, RequestData, RequestId } from '../protocol/frames.ts';
import type { Frame } from '../protocol/parse.ts';
import { escapeLocal } from '../xmpp/jid.ts';
import { refuseServerNamespaces } from '../xmpp/raw.ts';
import type { Account } from './account.ts';
import type { Outlet, Upgrade } from './edge.ts';
import { RateLimit } from './rate-limit.ts';
import type { VirtualServer } from './server.ts';
import type { Session } from './session.ts';
import type { Resumed } from './sessions.ts';

/** How long before its end a token's expiry is announced. */
const expiryNotice = 60_000;
/** The longest a timer can wait. */
const longestTimer = 2 ** 31 - 1;
/** `ack` and `pong` that say nothing new; honest clients send one now and then. */
const idleAcks = { rate: 100, burst: 1000 };
/** What this version's clients may ask for in `connect.features`. */
const supported = ['ack', 'batch', 'binary'];

export class Connection {
  readonly #server: VirtualServer;
  readonly #outlet: Outlet;
  readonly #upgrade: Upgrade;
  #session: Session | undefined;
  #features: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ending = false;
  #method: Method = 'none';
  /** Made with the first `ack` or `pong` that says nothing new. */
  #idleAcks: RateLimit | undefined;

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
    const account = await this.#server.accounts.open(claim);
    this.#server.sessions.admit(account);
    if ((connect.raw ?? 'none') !== 'none' && !claim.scopes.has('raw')) {
      throw new StanzaError('forbidden', 'The token does not grant the scope "raw"', { field: 'raw' });
    }
    if (connect.iq) this.#checkClaims(connect.iq, claim.scopes);
    if (!wanted()) return;
    this.#features = supported.filter((one) => connect.features?.includes(one));
    const found = connect.resume && this.#server.sessions.find(account, connect.resume);
    if (connect.resume) this.#server.metrics.sessionResumes.inc(typeof found === 'object' ? 'ok' : String(found));
    if (typeof found === 'object') this.#resume(id, found, claim, connect, connect.resume?.seq ?? 0);
    else if (!(await this.#open(id, account, claim, connect, found, wanted))) return;
    this.#watchExpiry(claim.expiresAt);
    this.#connected(connect, found);
  }

  #connected({ client }: Connect, found: Resumed | Ready['reason']): void {
    const { log } = this.#server;
    const { socket, address } = this.#upgrade;
    const who = { user: this.#session?.account.jid.bare, method: this.#method, client };
    const session = typeof found === 'object' ? { resumed: true } : { resumed: false, reason: found };
    log.info({ event: 'socket_authenticated', socket, address, ...who, ...session }, 'a client has connected');
  }

  /** The handler of a request that is about the session itself. */
  handler(type: string): ((session: SessionView, data: never) => unknown) | undefined {
    return Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
  }

  readonly #handlers: Record<string, (session: SessionView, data: never) => unknown> = {
    'auth.refresh': (_session, { token }: RequestData<'auth.refresh'>) => this.#refresh(token),
    'session.list': (session) => {
      const own = [...(this.#session?.account.sessions ?? [])];
      return { items: own.map((one) => one.describe(session)) };
    },
    'session.update': ({ scopes }, { active, iq }: RequestData<'session.update'>) => {
      if (iq) this.#checkClaims(iq, scopes);
      if (iq) this.#session?.claim(iq);
      if (active !== undefined) this.#session?.setActive(active);
    },
    'session.end': (session, data: RequestData<'session.end'>) => this.#endSession(data.session ?? session.id),
  };

  /** A reply has been written: what was to come after it comes now. */
  answered(): void {
    if (!this.#ending) return;
    this.#outlet.close(new Disconnect('normal', 'session ended'));
    this.closed(closeCodes.normal);
  }

  /** `ack` and `pong` say what the client has processed. @throws Disconnect rate-limited for a flood of them without news */
  acknowledge(frame: Frame): void {
    const { seq } = this.#server.registry.check(frame.type === 'ack' ? 'ack' : 'pong', frame.data);
    if (seq !== undefined && this.#session?.acknowledge(seq)) return;
    this.#idleAcks ??= new RateLimit(idleAcks, this.#server.now);
    if (this.#idleAcks.take() > 0)
      throw new Disconnect('rate-limited', 'too many acks of what is acknowledged already');
  }

  /** A client that closes with 1000 ends its session; any other loss keeps it for its window. */
  closed(code: number): void {
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    if (code === closeCodes.normal && session.outlet === this.#outlet) this.#server.sessions.end(session);
    else this.#server.sessions.socketGone(session, this.#outlet);
  }

  async #open(
    id: RequestId | undefined,
    account: Account,
    claim: Claim,
    connect: Connect,
    reason: Ready['reason'],
    wanted: () => boolean,
  ): Promise<boolean> {
    const { sessions, registry } = this.#server;
    const session = sessions.open(account, claim, connect);
    try {
      // What happens from here on waits in the session, so that the snapshots and the events after them fit.
      const snapshots = await registry.snapshots(session.wants, account);
      const last = await account.archive.last(account.jid.bare);
      if (!wanted()) {
        sessions.end(session);
        return false;
      }
      // Ended from outside before it had begun.
      if (!sessions.has(session)) throw new Disconnect('forbidden', 'the session was ended');
      const archive = last === undefined ? {} : { last };
      const first = { ...this.#firstReady(claim), ...(reason ? { reason } : {}), archive, ...snapshots };
      this.#ready(id, { ...this.#common(session, claim), resumed: false, seq: session.seq, ...first });
    } catch (error) {
      sessions.end(session);
      throw error;
    }
    this.#session = session;
    session.start(this.#outlet);
    this.#server.notices?.sessionOpened(session.news);
    this.#server.run('sessionOpen', session);
    if (reason === 'gap' && connect.resume) sessions.supersede(account, connect.resume.session);
    return true;
  }

  #resume(
    id: RequestId | undefined,
    { session, replaying }: Resumed,
    claim: Claim,
    connect: Connect,
    seq: number,
  ): void {
    this.#server.sessions.claim(session);
    session.scopes = claim.scopes;
    this.#session = session;
    this.#ready(id, { ...this.#common(session, claim), resumed: true, seq, replaying });
    session.resume(this.#outlet, seq, connect);
  }

  #ready(id: RequestId | undefined, data: Ready): void {
    this.#server.metrics.frames.inc('out', 'ready');
    this.#outlet.write(JSON.stringify({ type: 'ready', id, data }), 'reply');
  }

  /** @throws StanzaError forbidden; conflict for a namespace that is not free */
  #checkClaims(namespaces: readonly string[], scopes: ReadonlySet<string>): void {
    if (namespaces.length > 0 && !scopes.has('raw')) {
      throw new StanzaError('forbidden', 'The token does not grant the scope "raw"', { field: 'iq' });
    }
    for (const [i, xmlns] of namespaces.entries()) {
      const field = `iq.${i}`;
      refuseServerNamespaces(xmlns, field);
      if (this.#server.registry.answers(xmlns)) {
        throw new StanzaError('conflict', `The gateway itself answers ${xmlns}`, { field });
      }
    }
  }

  #endSession(id: string): void {
    const session = [...(this.#session?.account.sessions ?? [])].find((one) => one.id === id);
    if (!session) throw new StanzaError('item-not-found', 'The account has no such session', { field: 'session' });
    if (session === this.#session) {
      this.#ending = true;
      return;
    }
    this.#server.sessions.close(session, new Disconnect('normal', 'ended by another session'));
  }

  async #authenticate(token: string | undefined): Promise<Claim> {
    const start = performance.now();
    const method = this.#server.auth.method(token);
    this.#method = method;
    const done = (result: string): void => {
      this.#server.metrics.authAttempts.inc(method, result);
      this.#server.metrics.authDuration.observe((performance.now() - start) / 1000, method);
    };
    try {
      const claim = await this.#server.auth.authenticate(token);
      done('ok');
      return claim;
    } catch (error) {
      const code = error instanceof StanzaError ? error.code : 'other';
      done(code);
      const { socket, address } = this.#upgrade;
      this.#server.log.info({ event: 'socket_refused', socket, address, code }, 'a token was refused');
      // A token that has expired was a right one: whole offices come back with theirs in the morning.
      if (error instanceof StanzaError && error.code === 'token-invalid') this.#upgrade.failedLogin?.();
      throw error;
    }
  }

  /** What every `ready` says. */
  #common(session: Session, claim: Claim): Pick<Ready, 'session' | 'user' | 'link' | 'heartbeatMs' | 'expiresAt'> {
    return {
      session: session.id,
      user: session.account.jid.bare,
      link: this.#server.link,
      heartbeatMs: this.#server.config.sessions.heartbeat,
      ...(claim.expiresAt ? { expiresAt: claim.expiresAt.toISOString() } : {}),
    };
  }

  /** What the first `ready` of a session says beside. */
  #firstReady(claim: Claim): Partial<Ready> {
    const { limits, registry, sessions } = this.#server;
    return {
      resume: sessions.announced,
      limits: {
        frameBytes: this.#outlet.frameBytes,
        batch: limits.batch,
        inFlight: limits.inFlight,
        rate: { perSecond: limits.rate, burst: limits.burst },
        historyMax: limits.historyMax,
        sendTimeoutMs: limits.sendTimeout,
      },
      features: [...this.#features],
      services: registry.services(this.#server),
      ...(claim.guest?.token === undefined ? {} : { token: claim.guest.token }),
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
