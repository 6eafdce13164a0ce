/** What a check works with: sockets and sessions of the accounts, all of them closed when it is over. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { closeCodes } from '../protocol/close.ts';
import { type Connect, type Ready, subprotocol } from '../protocol/frames.ts';
import { expect, Failure, Skip } from './check.ts';
import type { Frame, Schemas } from './rules.ts';
import { Session } from './session.ts';
import { type Recorder, Refused, Wire } from './wire.ts';

export type AccountName = 'a' | 'b' | 'c';

/** What the user of the suite gave, and what it found out. */
export interface Facts {
  readonly url: string;
  readonly origin: string | undefined;
  readonly timeoutMs: number;
  /** Absent where that account is a guest that has no token yet. */
  readonly tokens: Partial<Record<AccountName, string>>;
  readonly users: Partial<Record<AccountName, string>>;
  readonly expired: string | undefined;
  /** Makes tokens of the first account that last so long. */
  readonly sign: ((ttlMs: number) => Promise<string>) | undefined;
  readonly guests: boolean;
  /** Whose tokens have the scope `raw`. */
  readonly raw: readonly AccountName[];
  /** The first `ready`. */
  readonly ready: Ready;
  readonly server: string | undefined;
  readonly rooms: string | undefined;
  readonly upload: string | undefined;
  readonly pubsub: string | undefined;
}

/** How the upgrade is made; the defaults are those of a good client. */
export interface Upgrade {
  readonly protocols?: readonly string[];
  readonly headers?: Record<string, string>;
  readonly path?: (path: string) => string;
}

/** Together longer than the minute for which connects are counted. */
const mostAttempts = 20;
const pauseMs = 4000;
/** A gateway that has enough of our sockets says when to come again. */
const longestPause = 20;

export class Lab {
  readonly facts: Facts;
  readonly #recorder: Recorder;
  readonly #schemas: Schemas;
  readonly #wires: Wire[] = [];
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(facts: Facts, recorder: Recorder, schemas: Schemas) {
    this.facts = facts;
    this.#recorder = recorder;
    this.#schemas = schemas;
  }

  /** A socket on which nothing has been said. */
  async open(name: string = 'x', upgrade: Upgrade = {}): Promise<Wire> {
    const { url, origin, timeoutMs } = this.facts;
    const target = new URL(url);
    if (upgrade.path) target.pathname = upgrade.path(target.pathname);
    const opening = {
      url: target.href,
      protocols: upgrade.protocols ?? [subprotocol],
      headers: { ...(origin === undefined ? {} : { origin }), ...upgrade.headers },
      timeoutMs,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        const wire = await Wire.open(opening, `${name}${this.#wires.length + 1}`, this.#recorder, this.#schemas);
        this.#wires.push(wire);
        return wire;
      } catch (error) {
        const busy = error instanceof Refused && (error.status === 429 || error.status === 503);
        if (!busy || attempt === 3) throw error;
        await wait(Math.min(error.retryAfterS, longestPause) * 1000);
      }
    }
  }

  /** A session of that account. @throws Failure */
  async connect(account: AccountName = 'a', data: Connect = {}): Promise<Session> {
    const hello = { ...this.#token(account), presence: false as const, ...data };
    for (let attempt = 1; ; attempt++) {
      const wire = await this.open(account);
      try {
        return await this.session(wire, hello);
      } catch (error) {
        // §7: its account connects too often.
        if (wire.closeCode !== closeCodes['rate-limited'] || attempt === mostAttempts) throw error;
        await wait(pauseMs);
      }
    }
  }

  /** `connect` on an open socket, answered by `ready`. @throws Failure */
  async session(wire: Wire, data: Connect): Promise<Session> {
    const { error, data: ready } = await this.hello(wire, data);
    if (error) throw new Failure(`connect is refused with ${error.code}: ${error.message}`);
    return new Session(wire, ready as Ready);
  }

  /** `connect` on an open socket, and its answer. */
  hello(wire: Wire, data: unknown): Promise<Frame> {
    wire.send({ type: 'connect', id: 'connect', data });
    return wire.next((frame) => frame.id === 'connect', 'the answer to connect');
  }

  /** The same session on another socket, after a loss of the first that was no end of it. */
  async resume(account: AccountName, lost: Session, data: Connect = {}): Promise<Session> {
    return this.connect(account, { resume: { session: lost.id, seq: lost.wire.seq }, ...data });
  }

  /** Those that there are. */
  get accounts(): AccountName[] {
    return (['a', 'b', 'c'] as const).filter((name) => this.facts.users[name] !== undefined);
  }

  token(account: AccountName): string {
    const { token } = this.#token(account);
    if (token === undefined) throw new Skip(`account ${account} has no token`);
    return token;
  }

  /** A new token of the first account. */
  async sign(ttlMs: number): Promise<string> {
    if (!this.facts.sign) throw new Skip('tokens cannot be made');
    return this.facts.sign(ttlMs);
  }

  user(account: AccountName): string {
    const user = this.facts.users[account];
    if (user === undefined) throw new Skip(`there is no account ${account}`);
    return user;
  }

  /** A new text that nobody has used. */
  unique(prefix = 'conformance'): string {
    return `${prefix}-${randomUUID()}`;
  }

  /** Waits until the gateway closes with that code. */
  async closes(wire: Wire, code: number, timeoutMs?: number): Promise<void> {
    const actual = await wire.closed(timeoutMs);
    expect(actual === code, `the gateway closed with ${actual}, and should close with ${code}`);
  }

  /** Done when the check is over, whatever came of it; the last one first. */
  after(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup().catch(() => undefined);
    await Promise.all(this.#wires.map((wire) => wire.close()));
  }

  #token(account: AccountName): { token?: string } {
    const token = this.facts.tokens[account];
    return token === undefined ? {} : { token };
  }
}
