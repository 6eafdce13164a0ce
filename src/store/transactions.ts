/**
 * The one way into the database. The calls of one turn of the event loop are carried out together in the order in which
 * they were made, in a transaction that stays open over many turns; what a turn changed is durable, and answered, once it
 * is in the journal. After a crash or a failure the journal's turns are done again.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StanzaError } from '../protocol/errors.ts';
import type { ArchiveClock } from './archive-id.ts';
import type { Change, Journal } from './journal.ts';
import { rows } from './rows.ts';
import { storeUnavailable } from './store.ts';

/**
 * What changes the database, by name. Done again on the same database with the same arguments and the same clock, a
 * change must come to the same result: it takes time and chance from its arguments only.
 */
export type Changes = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Who remembers what is in the database, or holds back what belongs there. */
interface Held {
  /** The transaction is about to be committed. */
  flush(): void;
  /** It was rolled back: what was remembered may be wrong. */
  forget(): void;
}

/** Told how many seconds a turn of the event loop or a commit took. */
export type Observe = (operation: 'turn' | 'commit', seconds: number) => void;

interface Work {
  readonly run: () => unknown;
  /** What goes into the journal; absent for what only reads. */
  readonly change?: Change;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

// https://sqlite.org/rescode.html: a fault of the one statement. All others are a fault of the file or the disk.
const ownFaults = new Set([18 /* TOOBIG */, 19 /* CONSTRAINT */, 20 /* MISMATCH */, 25 /* RANGE */]);

/** More in one turn, and the XMPP server would have nothing to do until the whole of a burst is written. */
const maxBatch = 100;
/** A commit costs little more for many changes than for one. */
const commitAfter = { changes: 4000, ms: 500 };
/** While the disk is full there is no use in trying more often. */
const retryMs = 100;

export class Transactions<C extends Changes> {
  readonly #db: DatabaseSync;
  readonly #journal: Journal | undefined;
  readonly #changes: C;
  readonly #clock: ArchiveClock;
  readonly #held: Held;
  readonly #observe: Observe | undefined;
  readonly #applied;
  readonly #setApplied;
  #queue: Work[] = [];
  /** The newest turn in the journal. */
  #turn: number;
  /** The newest turn that is committed. */
  #committed: number;
  /** Changes that are in the open transaction only. */
  #uncommitted = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The last failure to commit, by the clock of `performance`; until a commit succeeds nothing is changed. */
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #closed = false;

  /**
   * Does again what the journal still has. Without a journal each turn is committed.
   */
  constructor(
    db: DatabaseSync,
    parts: { journal: Journal | undefined; changes: C; clock: ArchiveClock; held: Held; observe?: Observe },
  ) {
    this.#db = db;
    this.#journal = parts.journal;
    this.#changes = parts.changes;
    this.#clock = parts.clock;
    this.#held = parts.held;
    this.#observe = parts.observe;
    this.#applied = rows<{ applied: number }>(db.prepare('SELECT applied FROM clock'));
    this.#setApplied = db.prepare('UPDATE clock SET applied = ?');
    this.#turn = this.#applied.get()?.applied ?? 0;
    this.#committed = this.#turn;
    this.#begin();
    this.#commit();
  }

  /** Did the last commit succeed? */
  get available(): boolean {
    return this.#failure === undefined && !this.#closed;
  }

  /** Reads, behind all changes made before. @throws StanzaError of the work, or resource-constraint */
  run<T>(work: () => T): Promise<T> {
    return this.#enqueue(work) as Promise<T>;
  }

  /**
   * Resolves to the change's result once it is durable. A change that throws is undone and rejects alone. A StanzaError is a
   * refusal and costs the others nothing: it is thrown before anything was written.
   */
  change<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): Promise<ReturnType<C[K]>> {
    return this.#enqueue(() => this.#changes[name]?.(...args), [name, ...args]) as Promise<ReturnType<C[K]>>;
  }

  /** Commits what waits and refuses what comes. */
  close(): void {
    while (this.#queue.length > 0) this.#flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#tryCommit();
  }

  #enqueue(run: () => unknown, change?: Change): Promise<unknown> {
    if (this.#closed) return Promise.reject(storeUnavailable());
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject, ...(change ? { change } : {}) });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    let batch = this.#queue.splice(0, maxBatch);
    while (batch.length > 0) batch = this.#turnOf(batch);
    if (this.#queue.length > 0 && !this.#closed) setImmediate(() => this.#flush());
  }

  /** Does the batch, or says which part of it is still to be done. */
  #turnOf(batch: Work[]): Work[] {
    const start = performance.now();
    const results: unknown[] = [];
    let begun = false;
    try {
      if (batch.some((work) => work.change)) this.#recover();
      this.#begin();
      begun = true;
      const clock = this.#clock.last;
      for (const work of batch) results.push(outcome(work));
      this.#keep(clock, batch);
    } catch (error) {
      this.#rollback();
      const culprit = begun ? batch[results.length] : undefined;
      if (culprit && isOwnFault(error)) {
        culprit.reject(error);
        return batch.filter((work) => work !== culprit);
      }
      for (const work of batch) work.reject(storeUnavailable(error));
      return [];
    }
    this.#took('turn', start);
    for (const [index, work] of batch.entries()) {
      const result = results[index];
      if (result instanceof StanzaError) work.reject(result);
      else work.resolve(result);
    }
    return [];
  }

  /** What failed to be committed comes first. @throws Error the disk's */
  #recover(): void {
    if (!this.#failure) return;
    if (performance.now() - this.#failure.at < retryMs) throw this.#failure.error;
    if (!this.#tryCommit()) throw this.#failure.error;
  }

  /** Where a transaction has to be begun, it is as if it had never been ended. */
  #begin(): void {
    if (this.#db.isTransaction) return;
    this.#db.exec('BEGIN IMMEDIATE');
    const now = this.#clock.last;
    for (const { number, clock, changes } of this.#journal?.after(this.#applied.get()?.applied ?? 0) ?? []) {
      this.#turn = number;
      this.#clock.last = clock;
      for (const [name, ...args] of changes) this.#again(name, args);
      this.#uncommitted += changes.length;
    }
    this.#clock.last = Math.max(now, this.#clock.last);
  }

  #again(name: string, args: unknown[]): void {
    const change = this.#changes[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!change)
      throw new Error(`its journal has a change "${name}" that this version does not know; run the newer one`);
    try {
      change(...args);
    } catch (error) {
      // It was refused the first time, too.
      if (!(error instanceof StanzaError)) throw error;
    }
  }

  /** The end of a turn: its changes into the journal, and now and then all of them into the database. */
  #keep(clock: number, batch: Work[]): void {
    const changes = batch.flatMap(({ change }) => (change ? [change] : []));
    if (changes.length > 0) {
      this.#journal?.append({ number: this.#turn + 1, clock, changes });
      this.#turn++;
      this.#uncommitted += changes.length;
    }
    if (!this.#journal || this.#uncommitted === 0) this.#commit();
    else if (this.#uncommitted >= commitAfter.changes) setImmediate(() => this.#tryCommit());
    else this.#commitLater();
  }

  /** What it commits is durable already: if it fails, it is done again with the next call, or in a while. */
  #tryCommit(): boolean {
    if (this.#turn === this.#committed && !this.#failure) return true;
    const start = performance.now();
    try {
      this.#begin();
      this.#commit();
      this.#took('commit', start);
      return true;
    } catch (error) {
      this.#rollback();
      this.#failure = { error, at: performance.now() };
      if (!this.#closed) this.#commitLater();
      return false;
    }
  }

  #commitLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tryCommit();
    }, commitAfter.ms).unref();
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.flush();
    if (this.#uncommitted > 0) this.#setApplied.run(this.#turn);
    this.#db.exec('COMMIT');
    if (this.#uncommitted > 0) this.#journal?.clear();
    this.#uncommitted = 0;
    this.#committed = this.#turn;
    this.#failure = undefined;
  }

  #took(operation: 'turn' | 'commit', start: number): void {
    this.#observe?.(operation, (performance.now() - start) / 1000);
  }

  /** SQLite has undone it by itself after some errors (a full disk, for one). */
  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // The next BEGIN says what is wrong with the file.
    }
    this.#uncommitted = 0;
    this.#held.forget();
    // What was undone with it is in the journal, and need not wait there for the next call.
    if (this.#turn > this.#committed && !this.#closed) this.#commitLater();
  }
}

function outcome(work: Work): unknown {
  try {
    return work.run();
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
}

function isOwnFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return true;
  // The low byte is the primary result code.
  return typeof error.errcode === 'number' && ownFaults.has(error.errcode & 0xff);
}
