/**
 * All sessions of the process, by id: opened, detached when their socket goes, resumed, and ended at the end of their
 * window (PROTOCOL.md §3).
 */
import { randomBytes } from 'node:crypto';
import type { Claim } from '../auth/auth.ts';
import type { Config } from '../config.ts';
import type { SessionEnd } from '../notices.ts';
import { Disconnect } from '../protocol/close.ts';
import type { Connect, Ready } from '../protocol/frames.ts';
import type { Account } from './account.ts';
import type { Outlet } from './edge.ts';
import { EventLog, LogMemory } from './event-log.ts';
import { RateLimit } from './rate-limit.ts';
import type { VirtualServer } from './server.ts';
import { Session } from './session.ts';

/** Ids of sessions whose window is over, so that their clients can be told why. */
const maxExpired = 10_000;

export interface Resumed {
  readonly session: Session;
  /** How many numbered events are replayed. */
  readonly replaying: number;
}

export class Sessions {
  readonly #server: VirtualServer;
  readonly #config: Config['sessions'];
  readonly #limits: Pick<Config['limits'], 'outbound' | 'resumeTotal'>;
  readonly #handshakes: { readonly rate: number; readonly burst: number };
  readonly #sessions = new Map<string, Session>();
  readonly #memory = new LogMemory(
    () => this.#sessions.values().map(({ log }) => log),
    () => this.#limits.resumeTotal,
  );
  readonly #windows = new Map<Session, NodeJS.Timeout>();
  readonly #expired = new Set<string>();
  /** How often each account that is in memory may still connect. */
  readonly #connects = new WeakMap<Account, RateLimit>();
  /** The users go offline with the process: a session ends with its socket. */
  #ending = false;

  constructor(
    server: VirtualServer,
    config: Config['sessions'],
    limits: Pick<Config['limits'], 'outbound' | 'resumeTotal'>,
  ) {
    this.#server = server;
    this.#config = config;
    this.#limits = limits;
    const { perAccount } = server.limits;
    this.#handshakes = {
      get rate() {
        return perAccount.handshakes / 60;
      },
      get burst() {
        return perAccount.handshakes;
      },
    };
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values();
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  has({ id }: Session): boolean {
    return this.#sessions.has(id);
  }

  get attached(): number {
    return this.#sessions.size - this.#windows.size;
  }

  get detached(): number {
    return this.#windows.size;
  }

  /** What the events of all sessions take that are kept for resumes. */
  get keptBytes(): number {
    return this.#memory.bytes;
  }

  get announced(): NonNullable<Ready['resume']> {
    return { windowMs: this.#config.resumeWindow, maxEvents: this.#config.maxEvents };
  }

  /** Counts that a client of the account connects. @throws Disconnect rate-limited */
  admit(account: Account): void {
    const rate = this.#connects.get(account) ?? new RateLimit(this.#handshakes, this.#server.now);
    this.#connects.set(account, rate);
    if (rate.take() > 0) throw new Disconnect('rate-limited', 'the account connects too often');
  }

  /** A new session of the account; events wait in it until start(). @throws Disconnect too-many-sessions */
  open(account: Account, claim: Claim, connect: Connect): Session {
    if (account.sessions.size >= this.#config.perAccount) this.#makeRoom(account);
    const session = new Session({
      id: `s_${randomBytes(18).toString('base64url')}`,
      account,
      connect,
      scopes: claim.scopes,
      // A replay is written at once, and must not look like a slow reader.
      log: new EventLog(this.#memory, { maxEvents: this.#config.maxEvents, maxBytes: this.#limits.outbound / 2 }),
      now: this.#server.now(),
    });
    this.#sessions.set(session.id, session);
    account.sessions.add(session);
    return session;
  }

  /** The session that a client wants back, where it can have all that it missed; else why not. */
  find(account: Account, { session: id, seq }: NonNullable<Connect['resume']>): Resumed | NonNullable<Ready['reason']> {
    const session = this.#sessions.get(id);
    if (!session) return this.#expired.has(id) ? 'expired' : 'unknown';
    if (session.account !== account) return 'other-user';
    const replaying = session.after(seq);
    if (replaying !== undefined) return { session, replaying };
    return 'gap';
  }

  /** The session has a successor, open already, so contacts see nothing; nobody can use it any more. */
  supersede(account: Account, id: string): void {
    const session = this.#sessions.get(id);
    if (session?.account !== account) return;
    this.close(session, new Disconnect('replaced', 'the client began a new session'), 'replaced');
  }

  /** Takes a session over from its old socket, if it still has one, and stops the clock. */
  claim(session: Session): void {
    const { outlet } = session;
    session.detach();
    outlet?.close(new Disconnect('replaced', 'the session goes on at another socket'));
    this.#stopWindow(session);
  }

  /** A socket has gone: its session waits for another, unless that one is here already. */
  socketGone(session: Session, outlet: Outlet): void {
    if (session.outlet !== outlet || !this.#sessions.has(session.id)) return;
    session.detach();
    const window = this.#ending ? 0 : this.#config.resumeWindow;
    if (window === 0) {
      this.end(session, this.#ending ? 'shutdown' : 'expired');
      return;
    }
    const timer = setTimeout(() => this.#expire(session), window);
    this.#windows.set(session, timer);
  }

  end(session: Session, how: SessionEnd = 'ended'): void {
    if (!this.#sessions.delete(session.id)) return;
    if (session.started) this.#server.notices?.sessionClosed(session.news, how);
    session.log.end();
    this.#stopWindow(session);
    const { account } = session;
    account.sessions.delete(session);
    account.idleSince = this.#server.now();
    this.#server.run('sessionClose', session);
  }

  /** From now on no session waits for its client: those that do end, the others with their sockets. */
  endDetached(): void {
    this.#ending = true;
    for (const session of this.#windows.keys()) this.end(session, 'shutdown');
  }

  /** Ends the session, and its socket with it. */
  close(session: Session, why: Disconnect, how?: SessionEnd): void {
    const { outlet } = session;
    this.end(session, how);
    outlet?.close(why);
  }

  /** Ends all sessions of the account. Returns how many there were. */
  closeAll(account: Account, why: Disconnect): number {
    const all = [...account.sessions];
    for (const session of all) this.close(session, why);
    return all.length;
  }

  /** The process ends: no window ends any more. */
  stop(): void {
    for (const timer of this.#windows.values()) clearTimeout(timer);
    const { notices } = this.#server;
    if (notices) for (const { news } of this.#sessions.values()) notices.sessionClosed(news, 'shutdown');
  }

  #expire(session: Session): void {
    this.#expired.add(session.id);
    if (this.#expired.size > maxExpired) for (const id of this.#expired.keys().take(1)) this.#expired.delete(id);
    this.end(session, 'expired');
  }

  /** The detached session that waits longest goes. */
  #makeRoom(account: Account): void {
    for (const session of this.#windows.keys()) {
      if (session.account !== account) continue;
      this.#expire(session);
      return;
    }
    throw new Disconnect('too-many-sessions', `An account has at most ${this.#config.perAccount} sessions`);
  }

  #stopWindow(session: Session): void {
    clearTimeout(this.#windows.get(session));
    this.#windows.delete(session);
  }
}
