/** Small things that are kept of an account, by what they are for: JSON values by key. */
import type { DatabaseSync } from 'node:sqlite';
import { rows } from './rows.ts';
import type { StoredRecord } from './store.ts';

export class Records {
  readonly #sql;

  constructor(db: DatabaseSync) {
    this.#sql = {
      all: rows<{ key: string; value: string }>(
        db.prepare('SELECT key, value FROM records WHERE account = ? AND kind = ? ORDER BY number'),
      ),
      every: rows<{ number: number; kind: string; key: string; value: string }>(
        db.prepare('SELECT number, kind, key, value FROM records WHERE account = ?'),
      ),
      save: db.prepare(
        'INSERT INTO records (account, kind, key, value) VALUES (?, ?, ?, ?)' +
          ' ON CONFLICT (account, kind, key) DO UPDATE SET value = excluded.value',
      ),
      remove: db.prepare('DELETE FROM records WHERE account = ? AND kind = ? AND key = ?'),
      accounts: rows<{ jid: string }>(
        db.prepare('SELECT jid FROM accounts WHERE id IN (SELECT account FROM records WHERE kind = ?)'),
      ),
    };
  }

  all(account: number, kind: string): Map<string, unknown> {
    return new Map(this.#sql.all.all(account, kind).map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  every(account: number): StoredRecord[] {
    const found = this.#sql.every.all(account).sort((a, b) => a.number - b.number);
    return found.map(({ kind, key, value }) => ({ kind, key, value: JSON.parse(value) as unknown }));
  }

  save(account: number, kind: string, key: string, json: string): void {
    this.#sql.save.run(account, kind, key, json);
  }

  remove(account: number, kind: string, key: string): void {
    this.#sql.remove.run(account, kind, key);
  }

  accounts(kind: string): string[] {
    return this.#sql.accounts
      .all(kind)
      .map(({ jid }) => jid)
      .sort();
  }
}
