/** The list of accounts in the SQLite database. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredAccount, StoredAccounts, StoredAmounts, StoreStats } from './accounts.ts';
import { timeOf } from './archive-id.ts';
import { rows } from './rows.ts';
import type { ArchiveChanges, SqliteArchive } from './sqlite-archive.ts';

/** What it needs of the store. */
interface Calls {
  run<T>(work: () => T): Promise<T>;
  change<K extends keyof ArchiveChanges>(
    name: K,
    ...args: Parameters<ArchiveChanges[K]>
  ): Promise<ReturnType<ArchiveChanges[K]>>;
  readonly available: boolean;
}

/** Items, and pages of the index of words, in one step. */
const step = { items: 200, pages: 200 };

/** No JID has it: behind everything that begins alike. */
const behindAll = '\u{10ffff}';

export class SqliteAccounts implements StoredAccounts {
  readonly #transactions: () => Calls;
  readonly #flush: () => void;
  readonly #sql;
  readonly #removal: { readonly pending: boolean };
  /** How far the index of words is with the account that is being removed. */
  #scrubbing: 'first' | 'next' | 'done' = 'first';

  /** `archive.flush` writes what is held back of chats. */
  constructor(db: DatabaseSync, transactions: () => Calls, archive: Pick<SqliteArchive, 'flush' | 'removal'>) {
    this.#transactions = transactions;
    this.#flush = () => archive.flush();
    this.#removal = archive.removal;
    this.#sql = {
      count: rows<{ count: number }>(db.prepare("SELECT count(*) AS count FROM accounts WHERE instr(jid, '@') > 0")),
      pages: rows<{ page_count: number }>(db.prepare('PRAGMA page_count')),
      pageSize: rows<{ page_size: number }>(db.prepare('PRAGMA page_size')),
      list: rows<StoredAccount>(
        db.prepare(
          "SELECT jid, created FROM accounts WHERE jid > ? AND jid >= ? AND jid < ? AND instr(jid, '@') > 0" +
            ' ORDER BY jid LIMIT ?',
        ),
      ),
      one: rows<StoredAccount & { id: number }>(db.prepare('SELECT id, jid, created FROM accounts WHERE jid = ?')),
      amounts: rows<{ chats: number; items: number; activity: number }>(
        db.prepare(
          'SELECT count(*) AS chats, coalesce(sum(items), 0) AS items, coalesce(max(activity), 0) AS activity' +
            ' FROM chats WHERE account = ? AND items > 0',
        ),
      ),
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

  list({ prefix = '', after = '', max }: Parameters<StoredAccounts['list']>[0]): Promise<StoredAccount[]> {
    return this.#transactions().run(() => {
      const found = this.#sql.list.all(after, prefix, `${prefix}${behindAll}`, max);
      return found.map(({ jid, created }) => ({ jid, created }));
    });
  }

  remove(jid: string): Promise<boolean> {
    return this.#transactions().change('retireAccount', jid);
  }

  async purge(): Promise<boolean> {
    const calls = this.#transactions();
    if (!(await calls.run(() => this.#removal.pending))) return false;
    if ((await calls.change('purgeAccount', step.items)) > 0) return true;
    // While its row is there, a crash cannot leave words behind.
    if (this.#scrubbing !== 'done') {
      const goesOn = await calls.change('scrubSearch', this.#scrubbing === 'first', step.pages);
      this.#scrubbing = goesOn ? 'next' : 'done';
      return true;
    }
    this.#scrubbing = 'first';
    await calls.change('dropAccount');
    return true;
  }

  about(account: string): Promise<(StoredAccount & StoredAmounts) | undefined> {
    return this.#transactions().run(() => {
      const found = this.#sql.one.get(account);
      if (!found) return undefined;
      this.#flush();
      const { chats = 0, items = 0, activity = 0 } = this.#sql.amounts.get(found.id) ?? {};
      const lastActivity = activity === 0 ? {} : { lastActivity: timeOf(activity) };
      return { jid: found.jid, created: found.created, chats, items, ...lastActivity };
    });
  }
}
