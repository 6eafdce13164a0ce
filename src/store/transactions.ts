/**
 * Group commit: the work of one turn of the event loop is one SQLite transaction, so that a disk write is paid once; a
 * burst is several, a turn each. The queue is as long as what the requests under way produce, which are bounded.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StanzaError } from '../protocol/errors.ts';
import { storeUnavailable } from './store.ts';

interface Work {
  run: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

// https://sqlite.org/rescode.html: a fault of the one statement. All others are a fault of the file or the disk.
const ownFaults = new Set([18 /* TOOBIG */, 19 /* CONSTRAINT */, 20 /* MISMATCH */, 25 /* RANGE */]);

/** More at once, and the XMPP server would have nothing to do until the whole of a burst is committed. */
const maxBatch = 100;

export class Transactions {
  readonly #db: DatabaseSync;
  readonly #undone: () => void;
  #queue: Work[] = [];
  #closed = false;

  /** `undone` is called when a transaction was rolled back: what was remembered of the database may be wrong. */
  constructor(db: DatabaseSync, undone: () => void = () => {}) {
    this.#db = db;
    this.#undone = undone;
  }

  /**
   * Runs synchronous work inside the next transaction, in the order of the calls; resolves after the commit. Work that
   * throws is undone and rejects alone, so it may run more than once: it must not change anything but the database. A
   * StanzaError is a refusal and costs the others nothing: it is thrown before anything was written.
   */
  run<T>(work: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(storeUnavailable());
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run: work, resolve: (value) => resolve(value as T), reject });
      if (this.#queue.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Commits what waits and refuses what comes. */
  close(): void {
    while (this.#queue.length > 0) this.#flush();
    this.#closed = true;
  }

  #flush(): void {
    let batch = this.#queue.splice(0, maxBatch);
    while (batch.length > 0) batch = this.#commit(batch);
    if (this.#queue.length > 0 && !this.#closed) setImmediate(() => this.#flush());
  }

  /** Commits the batch, or says which part of it is still to be done. */
  #commit(batch: Work[]): Work[] {
    const results: unknown[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const work of batch) results.push(outcome(work));
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#rollback();
      const culprit = batch[results.length];
      if (culprit && isOwnFault(error)) {
        culprit.reject(error);
        return batch.filter((work) => work !== culprit);
      }
      for (const work of batch) work.reject(storeUnavailable(error));
      return [];
    }
    for (const [index, work] of batch.entries()) {
      const result = results[index];
      if (result instanceof StanzaError) work.reject(result);
      else work.resolve(result);
    }
    return [];
  }

  /** SQLite has undone it by itself after some errors (a full disk, for one). */
  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // The next BEGIN says what is wrong with the file.
    }
    this.#undone();
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
