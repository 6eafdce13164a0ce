/** Messages on their way out (PROTOCOL.md §6): pending, then sent or failed; a repeated id finds what became of it. */
import type { DatabaseSync } from 'node:sqlite';
import type { Sending, SentRecord } from './archive.ts';
import { rows } from './rows.ts';

interface Row {
  number: number;
  chat: string;
  digest: string;
  state: SentRecord['state'];
  result: string | null;
}

export class Sends {
  readonly #sql;

  constructor(db: DatabaseSync) {
    const row = '(account, id, chat, digest, stanza, at, state) VALUES (?, ?, ?, ?, ?, ?, ?)';
    this.#sql = {
      find: rows<Row>(db.prepare('SELECT number, chat, digest, state, result FROM sends WHERE account = ? AND id = ?')),
      note: db.prepare(`INSERT INTO sends ${row} ON CONFLICT DO NOTHING`),
      replace: db.prepare(`INSERT OR REPLACE INTO sends ${row}`),
      finish: db.prepare(`UPDATE sends SET state = 'sent', result = ?, stanza = '' WHERE number = ?`),
      fail: db.prepare(`UPDATE sends SET state = 'failed', stanza = '' WHERE number = ?`),
      // Rows are as old as their numbers are small.
      prune: db.prepare(
        'DELETE FROM sends WHERE number IN (SELECT number FROM sends ORDER BY number LIMIT ?) AND at < ?',
      ),
    };
  }

  begin(account: number, { id, chat, digest, stanza, at }: Sending): SentRecord | undefined {
    const row = [account, id, chat, digest, stanza, at, 'pending'] as const;
    if (this.#sql.note.run(...row).changes > 0) return undefined;
    const known = this.#sql.find.get(account, id);
    if (!known) return undefined;
    if (known.state === 'failed' || (known.state === 'pending' && known.digest === digest))
      this.#sql.replace.run(...row);
    const result = known.result === null ? {} : { result: JSON.parse(known.result) as Record<string, unknown> };
    return { digest: known.digest, state: known.state, ...result };
  }

  /** Archives it unless it is `sent` already, and notes its answer. */
  finish<T>(account: number, id: string, archive: () => { result: Record<string, unknown>; items: T[] }): T[] {
    const known = this.#sql.find.get(account, id);
    if (known?.state === 'sent') return [];
    const { result, items } = archive();
    if (known) this.#sql.finish.run(JSON.stringify(result), known.number);
    return items;
  }

  /** Was it `sent`, to that chat? */
  fail(account: number, id: string, chat: string): boolean {
    const known = this.#sql.find.get(account, id);
    if (known?.chat !== chat) return false;
    if (known.state !== 'failed') this.#sql.fail.run(known.number);
    return known.state === 'sent';
  }

  prune(before: number, max: number): number {
    return Number(this.#sql.prune.run(max, before).changes);
  }
}
