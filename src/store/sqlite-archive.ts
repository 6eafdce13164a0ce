/** The archive in the SQLite database: what can change in it, and the calls that change or read it. */
import type { DatabaseSync } from 'node:sqlite';
import type {
  Archive,
  ChatSettings,
  HistoryQuery,
  Item,
  NewItem,
  OwedReceipt,
  RoomPosition,
  Sending,
} from './archive.ts';
import { ArchiveClock } from './archive-id.ts';
import { rows } from './rows.ts';
import { Chats } from './sqlite-chats.ts';
import { Directory } from './sqlite-directory.ts';
import { History } from './sqlite-history.ts';
import { ItemWriter } from './sqlite-items.ts';
import { Receipts } from './sqlite-receipts.ts';
import { Records } from './sqlite-records.ts';
import { Removal } from './sqlite-removal.ts';
import { Retention } from './sqlite-retention.ts';
import { SearchIndex } from './sqlite-search.ts';
import { Sends } from './sqlite-sends.ts';
import { WaitingRoom } from './sqlite-waiting.ts';

/** What the archive needs of the transactions: `run` for what only reads, `change` for everything else. */
export interface Calls {
  run<T>(work: () => T): Promise<T>;
  change<K extends keyof ArchiveChanges>(
    name: K,
    ...args: Parameters<ArchiveChanges[K]>
  ): Promise<ReturnType<ArchiveChanges[K]>>;
}

export type ArchiveChanges = SqliteArchive['changes'];

export class SqliteArchive implements Archive {
  readonly clock: ArchiveClock;
  readonly changes;
  readonly removal: Pick<Removal, 'pending'>;
  readonly #calls: () => Calls;
  readonly #directory: Directory;
  readonly #waiting: WaitingRoom;
  readonly #history: History;
  readonly #chats: Chats;
  readonly #sends: Sends;

  /** `calls` is asked when there is something to do. */
  constructor(db: DatabaseSync, calls: () => Calls) {
    this.#calls = calls;
    const newest = 'SELECT max((SELECT last FROM clock), (SELECT coalesce(max(id), 0) FROM items)) AS last';
    const clock = new ArchiveClock(rows<{ last: number }>(db.prepare(newest)).get()?.last ?? 0);
    const directory = new Directory(db);
    const search = new SearchIndex(db);
    const waiting = new WaitingRoom(db);
    const history = new History(db, { directory, search });
    const chats = new Chats(db, { clock, directory, newest: (chat) => history.newestOf(chat) });
    this.clock = clock;
    this.#directory = directory;
    this.#waiting = waiting;
    this.#history = history;
    this.#chats = chats;
    const items = new ItemWriter(db, { clock, directory, search, waiting });
    const sends = new Sends(db);
    this.#sends = sends;
    const removal = new Removal(db, { clock, directory, search, sends });
    this.removal = removal;
    this.changes = changesOf({
      directory,
      waiting,
      items,
      chats,
      sends,
      receipts: new Receipts(db),
      records: new Records(db),
      retention: new Retention(db, { clock, directory, search, sends }),
      removal,
    });
  }

  /** After a rollback: nothing that is remembered of the database can be trusted. */
  forget(): void {
    this.#directory.forget();
    this.#waiting.forget();
    this.#sends.forget();
  }

  /** Before the commit: writes what was held back. */
  flush(): void {
    this.#directory.flush();
    this.#sends.flush();
  }

  append(account: string, item: NewItem): Promise<Item[]> {
    return this.#calls().change('append', account, item);
  }

  beginSend(account: string, sending: Sending): ReturnType<Archive['beginSend']> {
    return this.#calls().change('beginSend', account, sending);
  }

  finishSend(account: string, id: string, item: NewItem, result: Record<string, unknown>): Promise<Item[]> {
    return this.#calls().change('finishSend', account, id, item, result);
  }

  settleSend(account: string, id: string, result: Record<string, unknown>): Promise<void> {
    return this.#calls().change('settleSend', account, id, result);
  }

  failSend(account: string, id: string, chat: string): Promise<boolean> {
    return this.#calls().change('failSend', account, id, chat);
  }

  pruneSends(before: number, max: number): Promise<number> {
    return this.#calls().change('pruneSends', before, max);
  }

  history(account: string, query: HistoryQuery): ReturnType<Archive['history']> {
    return this.#calls().run(() => this.#history.page(this.#directory.account(account), query));
  }

  message(account: string, chat: string, id: string): ReturnType<Archive['message']> {
    return this.#calls().run(() => this.#history.message(this.#directory.account(account), chat, id));
  }

  last(account: string): Promise<string | undefined> {
    return this.#calls().run(() => this.#history.last(this.#directory.account(account)));
  }

  chats(account: string, page: { readonly max: number; readonly after?: string }): ReturnType<Archive['chats']> {
    return this.#calls().run(() => this.#chats.page(this.#directory.account(account), page));
  }

  chat(account: string, chat: string): ReturnType<Archive['chat']> {
    return this.#calls().run(() => this.#chats.get(this.#directory.account(account), chat));
  }

  saveRoomPosition(account: string, room: string, position: RoomPosition): Promise<void> {
    return this.#calls().change('saveRoomPosition', account, room, position);
  }

  roomPositions(account: string): Promise<Map<string, RoomPosition>> {
    return this.#calls().run(() => this.#chats.rooms(this.#directory.account(account)));
  }

  removeRoomPosition(account: string, room: string): Promise<void> {
    return this.#calls().change('removeRoomPosition', account, room);
  }

  updateChat(account: string, chat: string, settings: ChatSettings): ReturnType<Archive['updateChat']> {
    return this.#calls().change('updateChat', account, chat, settings);
  }

  markRead(account: string, chat: string, id: string): ReturnType<Archive['markRead']> {
    return this.#calls().change('markRead', account, chat, id);
  }

  takeReceipts(account: string, archiveIds: readonly string[]): Promise<OwedReceipt[]> {
    return this.#calls().change('takeReceipts', account, archiveIds);
  }

  prune(rule: { readonly before?: number; readonly perChat?: number }, max: number): Promise<number> {
    return this.#calls().change('prune', rule, max);
  }
}

interface Parts {
  readonly directory: Directory;
  readonly waiting: WaitingRoom;
  readonly items: ItemWriter;
  readonly chats: Chats;
  readonly sends: Sends;
  readonly receipts: Receipts;
  readonly records: Records;
  readonly retention: Retention;
  readonly removal: Removal;
}

function changesOf({ directory, waiting, items, chats, sends, receipts, records, retention, removal }: Parts) {
  return {
    append: (account: string, item: NewItem): Item[] => {
      const number = directory.account(account);
      const archived = item.once && items.has(number, item) ? [] : items.append(number, item);
      const [first] = archived;
      if (!first || !item.records) return archived;
      const { archiveId, data } = first;
      for (const { kind, key, value } of item.records) {
        records.save(number, kind, key, JSON.stringify({ ...value, id: data.id, archiveId }));
      }
      return archived;
    },
    beginSend: (account: string, sending: Sending) => sends.begin(directory.account(account), sending),
    finishSend: (account: string, id: string, item: NewItem, result: Record<string, unknown>): Item[] => {
      const number = directory.account(account);
      return sends.finish(number, id, result, (sent) => items.append(number, item, sent));
    },
    settleSend: (account: string, id: string, result: Record<string, unknown>) =>
      sends.settle(directory.account(account), id, result),
    saveRoomPosition: (account: string, room: string, position: RoomPosition) =>
      chats.saveRoom(directory.account(account), room, position),
    removeRoomPosition: (account: string, room: string) => chats.removeRoom(directory.account(account), room),
    failSend: (account: string, id: string, chat: string) => sends.fail(directory.account(account), id, chat),
    pruneSends: (before: number, max: number) => sends.prune(before, max) + waiting.prune(before, max),
    updateChat: (account: string, chat: string, settings: ChatSettings) =>
      chats.update(directory.account(account), chat, settings),
    markRead: (account: string, chat: string, id: string) => chats.markRead(directory.account(account), chat, id),
    takeReceipts: (account: string, archiveIds: readonly string[]) =>
      receipts.take(directory.account(account), archiveIds),
    prune: (rule: { readonly before?: number; readonly perChat?: number }, max: number) => retention.prune(rule, max),
    retireAccount: (jid: string) => removal.retire(jid),
    purgeAccount: (max: number) => removal.purge(max),
    dropAccount: () => removal.drop(),
    scrubSearch: (first: boolean, pages: number) => removal.scrub(first, pages),
  };
}
