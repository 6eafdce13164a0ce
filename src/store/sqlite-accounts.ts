/** The list of accounts in the SQLite database. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredAccounts, StoreStats } from './accounts.ts';
import { rows } from './rows.ts';

/** What it needs of the transactions. */
interface Reads {
  run<T>(work: () => T): Promise<T>;
  readonly available: boolean;
}

export class SqliteAccounts implements StoredAccounts {
  readonly #transactions: () => Reads;
  readonly #sql;

  constructor(db: DatabaseSync, transactions: () => Reads) {
    this.#transactions = transactions;
    this.#sql = {
      count: rows<{ count: number }>(db.prepare('SELECT count(*) AS count FROM accounts')),
      pages: rows<{ page_count: number }>(db.prepare('PRAGMA page_count')),
      pageSize: rows<{ page_size: number }>(db.prepare('PRAGMA page_size')),
    };
  }

  stats(): Promise<StoreStats> {
    const reads = this.#transactions();
    return reads.run(() => ({
      accounts: this.#sql.count.get()?.count ?? 0,
      bytes: (this.#sql.pages.get()?.page_count ?? 0) * (this.#sql.pageSize.get()?.page_size ?? 0),
      available: reads.available,
    }));
  }
}
