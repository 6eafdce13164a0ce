/** Actions that came before the message they act on: they wait for it, within bounds, in the order in which they came. */
import type { DatabaseSync } from 'node:sqlite';
import type { NewItem } from './archive.ts';
import { rows } from './rows.ts';

const maxWaiting = 1000;
const maxAgeMs = 24 * 3600_000;

export type WaitingItem = NewItem & { readonly target: NonNullable<NewItem['target']> };

interface Row {
  id: number;
  at: number;
  item: string;
}

export class WaitingRoom {
  readonly #sql;
  /** Nothing waits, for anybody: most of the time that saves the look at the table. */
  #empty = false;

  constructor(db: DatabaseSync) {
    this.#sql = {
      add: db.prepare('INSERT INTO waiting (account, chat, target, at, item) VALUES (?, ?, ?, ?, ?)'),
      trim: db.prepare(
        'DELETE FROM waiting WHERE id = (SELECT id FROM waiting WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
      ),
      found: rows<Row>(
        db.prepare('SELECT id, at, item FROM waiting WHERE account = ? AND chat = ? AND target = ? ORDER BY id'),
      ),
      remove: db.prepare('DELETE FROM waiting WHERE id = ?'),
      prune: db.prepare('DELETE FROM waiting WHERE id IN (SELECT id FROM waiting ORDER BY id LIMIT ?) AND at < ?'),
      any: db.prepare('SELECT 1 FROM waiting LIMIT 1'),
    };
  }

  /** Where too many wait already, the account's oldest goes. */
  add(account: number, item: WaitingItem): void {
    this.#sql.add.run(account, item.chat, item.target.id, item.now, JSON.stringify(item));
    this.#sql.trim.run(account, maxWaiting);
    this.#empty = false;
  }

  /** Takes out what waits for a message of this author with one of these ids; what is too old is dropped. */
  release(account: number, message: NewItem): NewItem[] {
    if (!message.ids?.length || this.#isEmpty()) return [];
    const { chat, author, now } = message;
    const found = [...new Set(message.ids)].flatMap((id) => this.#sql.found.all(account, chat, id));
    const released: NewItem[] = [];
    for (const row of found.sort((a, b) => a.id - b.id)) {
      const item = JSON.parse(row.item) as WaitingItem;
      if (item.target.author !== undefined && item.target.author !== author) continue;
      this.#sql.remove.run(row.id);
      if (row.at > now - maxAgeMs) released.push({ ...item, now });
    }
    return released;
  }

  prune(before: number, max: number): number {
    return Number(this.#sql.prune.run(max, before).changes);
  }

  /** After a rollback. */
  forget(): void {
    this.#empty = false;
  }

  #isEmpty(): boolean {
    this.#empty ||= !this.#sql.any.get();
    return this.#empty;
  }
}
