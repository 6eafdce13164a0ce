/** The archive in the SQLite database: every call is a piece of work of the transaction of this turn. */
import type { DatabaseSync } from 'node:sqlite';
import type { Archive, ChatSettings, HistoryQuery, Item, NewItem, OwedReceipt, Sending } from './archive.ts';
import { ArchiveClock, formatArchiveId, parseArchiveId } from './archive-id.ts';
import { rows } from './rows.ts';
import { Chats } from './sqlite-chats.ts';
import { Directory } from './sqlite-directory.ts';
import { History } from './sqlite-history.ts';
import { ItemWriter } from './sqlite-items.ts';
import { Retention } from './sqlite-retention.ts';
import { SearchIndex } from './sqlite-search.ts';
import { Sends } from './sqlite-sends.ts';
import { WaitingRoom } from './sqlite-waiting.ts';

type Run = <T>(work: () => T) => Promise<T>;

interface Owed {
  item: number;
  jid: string;
  id: string;
}

export class SqliteArchive implements Archive {
  readonly #run: Run;
  readonly #directory: Directory;
  readonly #waiting: WaitingRoom;
  readonly #items: ItemWriter;
  readonly #sends: Sends;
  readonly #history: History;
  readonly #chats: Chats;
  readonly #retention: Retention;
  readonly #receipts;

  constructor(db: DatabaseSync, run: Run) {
    this.#run = run;
    const newest = 'SELECT max((SELECT last FROM clock), (SELECT coalesce(max(id), 0) FROM items)) AS last';
    const clock = new ArchiveClock(rows<{ last: number }>(db.prepare(newest)).get()?.last ?? 0);
    const directory = new Directory(db);
    const search = new SearchIndex(db);
    const waiting = new WaitingRoom(db);
    this.#directory = directory;
    this.#waiting = waiting;
    this.#items = new ItemWriter(db, { clock, directory, search, waiting });
    this.#sends = new Sends(db);
    const history = new History(db, { directory, search });
    this.#history = history;
    this.#chats = new Chats(db, { clock, directory, newest: (chat) => history.newestOf(chat) });
    this.#retention = new Retention(db, { clock, directory, search });
    this.#receipts = {
      owed: rows<Owed>(
        db.prepare(
          'SELECT item, jid, id FROM receipts WHERE account = ? AND item IN (SELECT value FROM json_each(?)) ORDER BY item',
        ),
      ),
      settle: db.prepare('DELETE FROM receipts WHERE account = ? AND item = ?'),
    };
  }

  /** After a rollback: nothing that is remembered of the database can be trusted. */
  forget(): void {
    this.#directory.forget();
    this.#waiting.forget();
  }

  append(account: string, item: NewItem): Promise<Item[]> {
    return this.#run(() => {
      const number = this.#directory.account(account);
      return item.once && this.#items.has(number, item) ? [] : this.#items.append(number, item);
    });
  }

  beginSend(account: string, sending: Sending): ReturnType<Archive['beginSend']> {
    return this.#run(() => this.#sends.begin(this.#directory.account(account), sending));
  }

  finishSend(account: string, id: string, item: NewItem, result: Record<string, unknown>): Promise<Item[]> {
    return this.#run(() => {
      const number = this.#directory.account(account);
      return this.#sends.finish(number, id, () => {
        const items = this.#items.append(number, item);
        const archived = items[0];
        const ids = archived ? { id: archived.data.id, archiveId: archived.archiveId } : {};
        return { result: { ...result, ...ids }, items };
      });
    });
  }

  failSend(account: string, id: string, chat: string): Promise<boolean> {
    return this.#run(() => this.#sends.fail(this.#directory.account(account), id, chat));
  }

  pruneSends(before: number, max: number): Promise<number> {
    return this.#run(() => this.#sends.prune(before, max) + this.#waiting.prune(before, max));
  }

  history(account: string, query: HistoryQuery): ReturnType<Archive['history']> {
    return this.#run(() => this.#history.page(this.#directory.account(account), query));
  }

  last(account: string): Promise<string | undefined> {
    return this.#run(() => this.#history.last(this.#directory.account(account)));
  }

  chats(account: string, page: { readonly max: number; readonly after?: string }): ReturnType<Archive['chats']> {
    return this.#run(() => this.#chats.page(this.#directory.account(account), page));
  }

  chat(account: string, chat: string): ReturnType<Archive['chat']> {
    return this.#run(() => this.#chats.get(this.#directory.account(account), chat));
  }

  updateChat(account: string, chat: string, settings: ChatSettings): ReturnType<Archive['updateChat']> {
    return this.#run(() => this.#chats.update(this.#directory.account(account), chat, settings));
  }

  markRead(account: string, chat: string, id: string): ReturnType<Archive['markRead']> {
    return this.#run(() => this.#chats.markRead(this.#directory.account(account), chat, id));
  }

  takeReceipts(account: string, archiveIds: readonly string[]): Promise<OwedReceipt[]> {
    return this.#run(() => {
      const number = this.#directory.account(account);
      const owed = this.#receipts.owed.all(number, JSON.stringify(archiveIds.map((id) => parseArchiveId(id) ?? 0)));
      for (const { item } of owed) this.#receipts.settle.run(number, item);
      return owed.map(({ item, jid, id }) => ({ archiveId: formatArchiveId(item), to: jid, id }));
    });
  }

  prune(rule: { readonly before?: number; readonly perChat?: number }, max: number): Promise<number> {
    return this.#run(() => this.#retention.prune(rule, max));
  }
}
