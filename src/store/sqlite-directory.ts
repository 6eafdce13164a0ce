/** Numbers of accounts and chats in the SQLite database. What was looked up is remembered, within a bound. */
import type { DatabaseSync } from 'node:sqlite';
import { rows } from './rows.ts';
import { noAccount } from './store.ts';

const maxRemembered = 10_000;

interface Id {
  id: number;
}

export class Directory {
  readonly #account;
  readonly #chat;
  readonly #newChat;
  readonly #accounts = new Map<string, number>();
  readonly #chats = new Map<string, number>();

  constructor(db: DatabaseSync) {
    this.#account = rows<Id>(db.prepare('SELECT id FROM accounts WHERE jid = ?'));
    this.#chat = rows<Id>(db.prepare('SELECT id FROM chats WHERE account = ? AND jid = ?'));
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

  findChat(account: number, jid: string): number | undefined {
    const key = `${account} ${jid}`;
    return this.#chats.get(key) ?? remember(this.#chats, key, this.#chat.get(account, jid)?.id);
  }

  /** The chat, made at this activity where it is new. */
  chat(account: number, jid: string, activity: () => number): number {
    const known = this.findChat(account, jid);
    if (known !== undefined) return known;
    return Number(this.#newChat.run(account, jid, activity()).lastInsertRowid);
  }

  /** After a rollback, and when chats were removed. */
  forget(): void {
    this.#accounts.clear();
    this.#chats.clear();
  }
}

function remember(known: Map<string, number>, key: string, id: number | undefined): number | undefined {
  if (id === undefined) return undefined;
  if (known.size >= maxRemembered) known.clear();
  known.set(key, id);
  return id;
}
