/** Messages on their way out (PROTOCOL.md §6): pending, then sent or failed; a repeated id finds what became of it. */
import type { DatabaseSync } from 'node:sqlite';
import type { Sending, SentRecord } from './archive.ts';
import { rows } from './rows.ts';

interface Row {
  chat: string;
  digest: string;
  state: SentRecord['state'];
  result: string | null;
}

export class Sends {
  readonly #sql;

  constructor(db: DatabaseSync) {
    this.#sql = {
      find: rows<Row>(db.prepare('SELECT chat, digest, state, result FROM sends WHERE account = ? AND id = ?')),
      note: db.prepare(
        'INSERT OR REPLACE INTO sends (account, id, chat, digest, stanza, at, state)' +
          ` VALUES (?, ?, ?, ?, ?, ?, 'pending')`,
      ),
      finish: db.prepare(`UPDATE sends SET state = 'sent', result = ?, stanza = '' WHERE account = ? AND id = ?`),
      fail: db.prepare(`UPDATE sends SET state = 'failed', stanza = '' WHERE account = ? AND id = ?`),
      // Rows are as old as their numbers are small.
      prune: db.prepare(
        'DELETE FROM sends WHERE number IN (SELECT number FROM sends ORDER BY number LIMIT ?) AND at < ?',
      ),
    };
  }

  begin(account: number, sending: Sending): SentRecord | undefined {
    const { id, chat, digest, stanza, at } = sending;
    const known = this.#sql.find.get(account, id);
    const other = known?.state === 'pending' && known.digest !== digest;
    if (known?.state !== 'sent' && !other) this.#sql.note.run(account, id, chat, digest, stanza, at);
    if (!known) return undefined;
    const result = known.result === null ? {} : { result: JSON.parse(known.result) as Record<string, unknown> };
    return { digest: known.digest, state: known.state, ...result };
  }

  /** Is it still to be archived? */
  isOpen(account: number, id: string): boolean {
    return this.#sql.find.get(account, id)?.state !== 'sent';
  }

  finish(account: number, id: string, result: Record<string, unknown>): void {
    this.#sql.finish.run(JSON.stringify(result), account, id);
  }

  /** Was it `sent`, to that chat? */
  fail(account: number, id: string, chat: string): boolean {
    const known = this.#sql.find.get(account, id);
    if (known?.chat !== chat) return false;
    if (known.state !== 'failed') this.#sql.fail.run(account, id);
    return known.state === 'sent';
  }

  prune(before: number, max: number): number {
    return Number(this.#sql.prune.run(max, before).changes);
  }
}
