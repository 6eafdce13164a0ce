/** Retention in the SQLite archive: removes what is too old or too much, a few items at a time. */
import type { DatabaseSync } from 'node:sqlite';
import { type ArchiveClock, firstNumber } from './archive-id.ts';
import { rows } from './rows.ts';
import type { Directory } from './sqlite-directory.ts';
import type { SearchIndex } from './sqlite-search.ts';
import type { Sends } from './sqlite-sends.ts';

interface Row {
  number: number;
  account: number;
  chat: number;
  type: string;
  counted: number;
  ids: string | null;
  one: string;
  sent: string | null;
}

function prepare(db: DatabaseSync) {
  const columns = `id AS number, account, chat, type, counted, ids, data ->> 'id' AS one, sent`;
  return {
    old: rows<Row>(db.prepare(`SELECT ${columns} FROM items WHERE id < ? ORDER BY id LIMIT ?`)),
    full: rows<{ id: number; items: number }>(
      db.prepare('SELECT id, items FROM chats INDEXED BY chats_by_activity WHERE items > ? LIMIT 1'),
    ),
    oldest: rows<Row>(
      db.prepare(
        `SELECT ${columns} FROM items WHERE id IN (SELECT id FROM items WHERE chat = ?1 AND shown = 0 UNION ALL` +
          ' SELECT id FROM items WHERE chat = ?1 AND shown = 1 ORDER BY id LIMIT ?2)',
      ),
    ),
    remove: db.prepare('DELETE FROM items WHERE id = ?'),
    removeId: db.prepare('DELETE FROM item_ids WHERE account = ? AND id = ? AND item = ?'),
    removeReceipt: db.prepare('DELETE FROM receipts WHERE account = ? AND item = ?'),
    count: db.prepare('UPDATE chats SET items = items - 1, seen = max(seen, ?) WHERE id = ?'),
    removeChat: db.prepare(
      'DELETE FROM chats WHERE id = ? AND items = 0 AND muted = 0 AND pinned = 0 AND archived = 0' +
        ' AND room IS NULL',
    ),
    saveClock: db.prepare('UPDATE clock SET last = max(last, ?)'),
  };
}

export class Retention {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #clock: ArchiveClock;
  readonly #directory: Directory;
  readonly #search: SearchIndex;
  readonly #sends: Sends;

  constructor(
    db: DatabaseSync,
    parts: { clock: ArchiveClock; directory: Directory; search: SearchIndex; sends: Sends },
  ) {
    this.#sql = prepare(db);
    this.#clock = parts.clock;
    this.#directory = parts.directory;
    this.#search = parts.search;
    this.#sends = parts.sends;
  }

  prune({ before, perChat }: { before?: number; perChat?: number }, max: number): number {
    this.#directory.flush();
    let removed = 0;
    if (before !== undefined) removed += this.#remove(this.#sql.old.all(firstNumber(before), max));
    while (perChat !== undefined && removed < max) {
      const chat = this.#sql.full.get(perChat);
      if (!chat) break;
      removed += this.#remove(this.#sql.oldest.all(chat.id, Math.min(chat.items - perChat, max - removed)));
    }
    // The numbers of what is gone are not given again.
    if (removed > 0) this.#sql.saveClock.run(this.#clock.last);
    return removed;
  }

  #remove(items: Row[]): number {
    const chats = new Set<number>();
    for (const item of items) {
      const { number, account, chat, type, one, counted } = item;
      // Who sends it again within a day is still answered.
      if (item.sent !== null) this.#sends.keep(account, one, number, item.sent);
      this.#sql.remove.run(number);
      if (type === 'message' || type === 'message.edited') {
        const ids = item.ids === null ? [] : (JSON.parse(item.ids) as string[]);
        for (const id of new Set([one, ...ids])) this.#sql.removeId.run(account, id, number);
      }
      if (type === 'message') this.#search.remove(number);
      this.#sql.removeReceipt.run(account, number);
      // What is gone is not unread any more; all before it has gone too.
      this.#sql.count.run(counted, chat);
      chats.add(chat);
    }
    for (const chat of chats) if (this.#sql.removeChat.run(chat).changes > 0) this.#directory.forgetChats();
    return items.length;
  }
}
