/**
 * Numbers of accounts and chats in the SQLite database. What was looked up is remembered, within a bound; what each message
 * changes of its chat is written once, before the commit or before somebody reads it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { rows } from './rows.ts';
import { noAccount } from './store.ts';

const maxRemembered = 10_000;

/** A chat's row, as far as each new item needs it. */
export interface KnownChat {
  readonly id: number;
  /** How many that count as unread there ever were. */
  counted: number;
  /** Items that its row does not count yet. */
  added: number;
  activity: number;
}

export class Directory {
  readonly #sql;
  readonly #accounts = new Map<string, number>();
  readonly #chats = new Map<string, KnownChat>();
  readonly #changed = new Set<KnownChat>();

  constructor(db: DatabaseSync) {
    this.#sql = {
      account: rows<{ id: number }>(db.prepare('SELECT id FROM accounts WHERE jid = ?')),
      chat: rows<KnownChat>(
        db.prepare('SELECT id, counted, 0 AS added, activity FROM chats WHERE account = ? AND jid = ?'),
      ),
      create: db.prepare('INSERT INTO chats (account, jid, activity) VALUES (?, ?, ?)'),
      write: db.prepare('UPDATE chats SET items = items + ?, counted = ?, activity = max(activity, ?) WHERE id = ?'),
    };
  }

  /** @throws StanzaError item-not-found */
  account(jid: string): number {
    const account = this.findAccount(jid);
    if (account === undefined) throw noAccount();
    return account;
  }

  findAccount(jid: string): number | undefined {
    const known = this.#accounts.get(jid);
    if (known !== undefined) return known;
    const found = this.#sql.account.get(jid)?.id;
    if (found === undefined) return undefined;
    if (this.#accounts.size >= maxRemembered) this.#accounts.clear();
    this.#accounts.set(jid, found);
    return found;
  }

  findChat(account: number, jid: string): KnownChat | undefined {
    const key = `${account} ${jid}`;
    return this.#chats.get(key) ?? this.#remember(key, this.#sql.chat.get(account, jid));
  }

  /** The chat, made at this activity where it is new. */
  chat(account: number, jid: string, activity: () => number): KnownChat {
    const known = this.findChat(account, jid);
    if (known !== undefined) return known;
    const now = activity();
    const id = Number(this.#sql.create.run(account, jid, now).lastInsertRowid);
    return this.#remember(`${account} ${jid}`, { id, counted: 0, added: 0, activity: now });
  }

  /** The chat has one more item. `activity`: its number, where it moves the chat up. */
  count(chat: KnownChat, { unread, activity }: { unread: boolean; activity?: number }): void {
    chat.added++;
    if (unread) chat.counted++;
    if (activity !== undefined) chat.activity = Math.max(chat.activity, activity);
    this.#changed.add(chat);
  }

  /** Writes what was held back: before the commit, and before the rows of chats are read or changed elsewhere. */
  flush(): void {
    for (const chat of this.#changed) {
      this.#sql.write.run(chat.added, chat.counted, chat.activity, chat.id);
      chat.added = 0;
    }
    this.#changed.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#accounts.clear();
    this.#chats.clear();
    this.#changed.clear();
  }

  /** When it is removed. */
  forgetAccount(jid: string): void {
    this.forgetChats();
    this.#accounts.delete(jid);
  }

  /** When chats were removed. */
  forgetChats(): void {
    this.flush();
    this.#chats.clear();
  }

  #remember<T extends KnownChat | undefined>(key: string, chat: T): T {
    if (chat === undefined) return chat;
    if (this.#chats.size >= maxRemembered) this.forgetChats();
    this.#chats.set(key, chat);
    return chat;
  }
}
