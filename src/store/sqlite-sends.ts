/**
 * Messages on their way out (PROTOCOL.md §6): pending, then sent or failed; a repeated id finds what became of it. Most go
 * from one state to the next within a moment, so a row is written once, before the commit.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Sending, SentRecord } from './archive.ts';
import { rows } from './rows.ts';

interface Row {
  readonly chat: string;
  readonly digest: string;
  readonly at: number;
  readonly state: SentRecord['state'];
  readonly result: string | null;
}

interface Unwritten {
  readonly account: number;
  readonly id: string;
  readonly row: Row;
}

export class Sends {
  readonly #sql;
  /** By account and id, what the table does not have yet. */
  readonly #unwritten = new Map<string, Unwritten>();

  constructor(db: DatabaseSync) {
    this.#sql = {
      find: rows<Row>(db.prepare('SELECT chat, digest, at, state, result FROM sends WHERE account = ? AND id = ?')),
      write: db.prepare(
        'INSERT OR REPLACE INTO sends (account, id, chat, digest, at, state, result) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      // Rows are as old as their numbers are small.
      prune: db.prepare(
        'DELETE FROM sends WHERE number IN (SELECT number FROM sends ORDER BY number LIMIT ?) AND at < ?',
      ),
    };
  }

  begin(account: number, { id, chat, digest, at }: Sending): SentRecord | undefined {
    const known = this.#find(account, id);
    if (!known || known.state === 'failed' || (known.state === 'pending' && known.digest === digest)) {
      this.#set(account, id, { chat, digest, at, state: 'pending', result: null });
    }
    if (!known) return undefined;
    const result = known.result === null ? {} : { result: JSON.parse(known.result) as Record<string, unknown> };
    return { digest: known.digest, at: known.at, state: known.state, ...result };
  }

  /** Archives it unless it is `sent` already, and notes its answer. */
  finish<T>(account: number, id: string, archive: () => { result: Record<string, unknown>; items: T[] }): T[] {
    const known = this.#find(account, id);
    if (known?.state === 'sent') return [];
    const { result, items } = archive();
    if (known) this.#set(account, id, { ...known, state: 'sent', result: JSON.stringify(result) });
    return items;
  }

  /** It was sent, and is archived elsewhere. */
  settle(account: number, id: string, result: Record<string, unknown>): void {
    this.finish(account, id, () => ({ result, items: [] }));
  }

  /** Was it `sent`, to that chat? */
  fail(account: number, id: string, chat: string): boolean {
    const known = this.#find(account, id);
    if (known?.chat !== chat) return false;
    if (known.state !== 'failed') this.#set(account, id, { ...known, state: 'failed' });
    return known.state === 'sent';
  }

  prune(before: number, max: number): number {
    this.flush();
    return Number(this.#sql.prune.run(max, before).changes);
  }

  /** Writes what was held back; before the commit. */
  flush(): void {
    for (const { account, id, row } of this.#unwritten.values()) {
      this.#sql.write.run(account, id, row.chat, row.digest, row.at, row.state, row.result);
    }
    this.#unwritten.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#unwritten.clear();
  }

  #find(account: number, id: string): Row | undefined {
    return this.#unwritten.get(`${account} ${id}`)?.row ?? this.#sql.find.get(account, id);
  }

  #set(account: number, id: string, row: Row): void {
    this.#unwritten.set(`${account} ${id}`, { account, id, row });
  }
}
