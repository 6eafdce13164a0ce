/**
 * The end of an account in the SQLite database. It is gone at once, under its JID; what it leaves is removed a little at a
 * time, and overwritten, also after a crash: until nothing is left its number goes by a name that no JID can have.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ArchiveClock } from './archive-id.ts';
import { rows } from './rows.ts';
import type { Directory } from './sqlite-directory.ts';
import type { SearchIndex } from './sqlite-search.ts';
import type { Sends } from './sqlite-sends.ts';

interface Row {
  readonly number: number;
  readonly type: string;
  readonly ids: string | null;
  readonly one: string;
}

/** A colon is in no localpart and in no domain. */
const gone = 'removed:';
const behindGone = 'removed;';

function prepare(db: DatabaseSync) {
  const named = (table: string) => db.prepare(`DELETE FROM ${table} WHERE account = ?`);
  return {
    byName: [named('roster'), named('blocked'), named('rooms')],
    records: named('records'),
    rename: db.prepare('UPDATE accounts SET jid = ?, created = 0 WHERE id = ?'),
    next: rows<{ id: number }>(db.prepare('SELECT id FROM accounts WHERE jid >= ? AND jid < ? LIMIT 1')),
    items: rows<Row>(
      db.prepare("SELECT id AS number, type, ids, data ->> 'id' AS one FROM items WHERE account = ? LIMIT ?"),
    ),
    removeItem: db.prepare('DELETE FROM items WHERE id = ?'),
    removeId: db.prepare('DELETE FROM item_ids WHERE account = ? AND id = ? AND item = ?'),
    removeReceipt: db.prepare('DELETE FROM receipts WHERE account = ? AND item = ?'),
    rest: [named('item_ids'), named('receipts'), named('waiting'), named('sends'), named('chats')],
    account: db.prepare('DELETE FROM accounts WHERE id = ?'),
    saveClock: db.prepare('UPDATE clock SET last = max(last, ?)'),
  };
}

export class Removal {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #parts: { clock: ArchiveClock; directory: Directory; search: SearchIndex; sends: Sends };

  constructor(
    db: DatabaseSync,
    parts: { clock: ArchiveClock; directory: Directory; search: SearchIndex; sends: Sends },
  ) {
    this.#db = db;
    this.#sql = prepare(db);
    this.#parts = parts;
  }

  /** From now on there is no such account. False where there was none. */
  retire(jid: string): boolean {
    const { directory, sends } = this.#parts;
    const account = directory.findAccount(jid);
    if (account === undefined) return false;
    directory.forgetAccount(jid);
    sends.flush();
    this.#overwriting(() => {
      for (const remove of this.#sql.byName) remove.run(jid);
      this.#sql.records.run(account);
      this.#sql.rename.run(`${gone}${account}`, account);
    });
    return true;
  }

  /** Is something of a retired account left? */
  get pending(): boolean {
    return this.#next() !== undefined;
  }

  /** Removes so many items of a retired account, at most. Returns how many; 0 = it has none any more. */
  purge(max: number): number {
    const account = this.#next();
    if (account === undefined) return 0;
    return this.#overwriting(() => {
      const items = this.#sql.items.all(account, max);
      for (const item of items) this.#remove(account, item);
      // The numbers of what is gone are not given again.
      this.#sql.saveClock.run(this.#parts.clock.last);
      return items.length;
    });
  }

  /** The last step: what is left of a retired account that has no items. */
  drop(): void {
    const account = this.#next();
    if (account === undefined) return;
    this.#overwriting(() => {
      this.#parts.sends.flush();
      this.#parts.directory.forgetChats();
      for (const remove of this.#sql.rest) remove.run(account);
      this.#sql.account.run(account);
    });
  }

  /** Takes words of what was removed out of the index. False where none were left. */
  scrub(first: boolean, pages: number): boolean {
    return this.#overwriting(() => this.#parts.search.merge(first, pages));
  }

  #next(): number | undefined {
    return this.#sql.next.get(gone, behindGone)?.id;
  }

  #remove(account: number, { number, type, ids, one }: Row): void {
    this.#sql.removeItem.run(number);
    const known = ids === null ? [] : (JSON.parse(ids) as string[]);
    for (const id of new Set([one, ...known])) this.#sql.removeId.run(account, id, number);
    if (type === 'message') this.#parts.search.remove(number);
    this.#sql.removeReceipt.run(account, number);
  }

  /** What is deleted is overwritten with zeros: too slow for every day. */
  #overwriting<T>(work: () => T): T {
    this.#db.exec('PRAGMA secure_delete = ON');
    try {
      return work();
    } finally {
      this.#db.exec('PRAGMA secure_delete = OFF');
    }
  }
}
