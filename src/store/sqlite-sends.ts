/**
 * Messages on their way out (PROTOCOL.md §6): pending, then sent or failed; a repeated id finds what became of it. What was
 * sent is noted with its item in the archive, so this table has only what is pending, failed, or archived elsewhere; most is
 * pending for a moment and never written.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Sending, SentRecord } from './archive.ts';
import { firstNumber, formatArchiveId, timeOf } from './archive-id.ts';
import { rows } from './rows.ts';

interface Row {
  readonly chat: string;
  readonly digest: string;
  readonly at: number;
  readonly state: SentRecord['state'];
  readonly result: string | null;
}

interface Archived {
  readonly number: number;
  readonly sent: string;
  readonly data: string;
}

/** What the archive has of a message that was sent: the column `sent`. */
interface Sent {
  readonly digest: string;
  readonly at: number;
  readonly result: Record<string, unknown>;
}

interface Unwritten {
  readonly account: number;
  readonly id: string;
  /** Absent: there is to be none. */
  readonly row?: Row | undefined;
  /** The table has one, older than this. */
  readonly stored: boolean;
}

/** So long is a repeated message recognised. */
const keptMs = 24 * 3_600_000;

export class Sends {
  readonly #sql;
  /** By account and id, what the table does not have yet. */
  readonly #unwritten = new Map<string, Unwritten>();

  constructor(db: DatabaseSync) {
    this.#sql = {
      find: rows<Row>(db.prepare('SELECT chat, digest, at, state, result FROM sends WHERE account = ? AND id = ?')),
      archived: rows<Archived>(
        db.prepare(
          'SELECT i.id AS number, i.sent, i.data FROM item_ids x CROSS JOIN items i ON i.id = x.item' +
            ' WHERE x.account = ? AND x.id = ? AND x.item > ? AND i.sent IS NOT NULL ORDER BY x.item DESC LIMIT 1',
        ),
      ),
      write: db.prepare(
        'INSERT OR REPLACE INTO sends (account, id, chat, digest, at, state, result) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      remove: db.prepare('DELETE FROM sends WHERE account = ? AND id = ?'),
      // Rows are as old as their numbers are small.
      prune: db.prepare(
        'DELETE FROM sends WHERE number IN (SELECT number FROM sends ORDER BY number LIMIT ?) AND at < ?',
      ),
    };
  }

  begin(account: number, { id, chat, digest, at }: Sending): SentRecord | undefined {
    const { row, stored } = this.#look(account, id);
    const known = row ?? this.#archived(account, id, at);
    if (!known || known.state === 'failed' || (known.state === 'pending' && known.digest === digest)) {
      this.#set(account, id, { chat, digest, at, state: 'pending', result: null }, stored);
    }
    if (!known) return undefined;
    const result = known.result === null ? {} : { result: JSON.parse(known.result) as Record<string, unknown> };
    return { digest: known.digest, at: known.at, state: known.state, ...result };
  }

  /** Archives it, with what is to be noted, unless it is `sent` already. */
  finish<T>(account: number, id: string, result: Record<string, unknown>, archive: (sent?: string) => T[]): T[] {
    const { row: known, stored } = this.#look(account, id);
    if (known?.state === 'sent' || (!known && this.#archived(account, id, 0))) return [];
    if (!known) return archive();
    const items = archive(JSON.stringify({ digest: known.digest, at: known.at, result } satisfies Sent));
    // It waits for the message that it acts on.
    if (items.length === 0) this.#set(account, id, { ...known, state: 'sent', result: JSON.stringify(result) }, stored);
    // Left in the table, an earlier attempt's row would speak for this one.
    else if (stored) this.#unwritten.set(`${account} ${id}`, { account, id, stored });
    else this.#unwritten.delete(`${account} ${id}`);
    return items;
  }

  /** It was sent, and is archived elsewhere. */
  settle(account: number, id: string, result: Record<string, unknown>): void {
    const { row: known, stored } = this.#look(account, id);
    if (known && known.state !== 'sent') {
      this.#set(account, id, { ...known, state: 'sent', result: JSON.stringify(result) }, stored);
    }
  }

  /** Was it `sent`, to that chat? */
  fail(account: number, id: string, chat: string): boolean {
    const { row, stored } = this.#look(account, id);
    const known = row ?? this.#archived(account, id, 0);
    if (known?.chat !== chat) return false;
    if (known.state !== 'failed') this.#set(account, id, { ...known, state: 'failed' }, stored);
    return known.state === 'sent';
  }

  /** An item that was sent leaves the archive. */
  keep(account: number, id: string, number: number, sent: string): void {
    const { row, stored } = this.#look(account, id);
    if (row) return;
    const known = this.#archived(account, id, timeOf(number));
    if (known && JSON.parse(sent).digest === known.digest) this.#set(account, id, known, stored);
  }

  prune(before: number, max: number): number {
    this.flush();
    return Number(this.#sql.prune.run(max, before).changes);
  }

  /** Writes what was held back; before the commit. */
  flush(): void {
    for (const { account, id, row } of this.#unwritten.values()) {
      if (row) this.#sql.write.run(account, id, row.chat, row.digest, row.at, row.state, row.result);
      else this.#sql.remove.run(account, id);
    }
    this.#unwritten.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#unwritten.clear();
  }

  #look(account: number, id: string): Pick<Unwritten, 'row' | 'stored'> {
    const held = this.#unwritten.get(`${account} ${id}`);
    if (held) return held;
    const row = this.#sql.find.get(account, id);
    return { row, stored: row !== undefined };
  }

  /** What the archive knows of it, not older than a day at that time (epoch ms). */
  #archived(account: number, id: string, now: number): Row | undefined {
    const found = this.#sql.archived.get(account, id, firstNumber(Math.max(0, now - keptMs)));
    if (!found) return undefined;
    const { digest, at, result } = JSON.parse(found.sent) as Sent;
    const { id: one, chat } = JSON.parse(found.data) as { id: string; chat: string };
    const answer = { ...result, id: one, archiveId: formatArchiveId(found.number) };
    return { chat, digest, at, state: 'sent', result: JSON.stringify(answer) };
  }

  #set(account: number, id: string, row: Row, stored: boolean): void {
    this.#unwritten.set(`${account} ${id}`, { account, id, row, stored });
  }
}
