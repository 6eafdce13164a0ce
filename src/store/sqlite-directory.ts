/** Numbers of accounts and chats in the SQLite database. What was looked up is remembered, within a bound. */
import type { DatabaseSync } from 'node:sqlite';
import { rows } from './rows.ts';
import { noAccount } from './store.ts';

const maxRemembered = 10_000;

/** A chat's row, as far as each new item needs it. `counted` is kept up to date by who writes it. */
export interface KnownChat {
  readonly id: number;
  counted: number;
}

export class Directory {
  readonly #account;
  readonly #chat;
  readonly #newChat;
  readonly #accounts = new Map<string, number>();
  readonly #chats = new Map<string, KnownChat>();

  constructor(db: DatabaseSync) {
    this.#account = rows<{ id: number }>(db.prepare('SELECT id FROM accounts WHERE jid = ?'));
    this.#chat = rows<KnownChat>(db.prepare('SELECT id, counted FROM chats WHERE account = ? AND jid = ?'));
    this.#newChat = db.prepare('INSERT INTO chats (account, jid, activity) VALUES (?, ?, ?)');
  }

  /** @throws StanzaError item-not-found */
  account(jid: string): number {
    const account = this.findAccount(jid);
    if (account === undefined) throw noAccount();
    return account;
  }

  findAccount(jid: string): number | undefined {
    return this.#accounts.get(jid) ?? remember(this.#accounts, jid, this.#account.get(jid)?.id);
  }

  findChat(account: number, jid: string): KnownChat | undefined {
    const key = `${account} ${jid}`;
    return this.#chats.get(key) ?? remember(this.#chats, key, this.#chat.get(account, jid));
  }

  /** The chat, made at this activity where it is new. */
  chat(account: number, jid: string, activity: () => number): KnownChat {
    const known = this.findChat(account, jid);
    if (known !== undefined) return known;
    return { id: Number(this.#newChat.run(account, jid, activity()).lastInsertRowid), counted: 0 };
  }

  /** After a rollback, and when chats were removed. */
  forget(): void {
    this.#accounts.clear();
    this.#chats.clear();
  }
}

function remember<T>(known: Map<string, T>, key: string, value: T | undefined): T | undefined {
  if (value === undefined) return undefined;
  if (known.size >= maxRemembered) known.clear();
  known.set(key, value);
  return value;
}
