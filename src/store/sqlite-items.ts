/**
 * How items come into the SQLite archive: a message gets its one id, an action finds its message, waits for it or changes
 * its state. All of it inside of the caller's transaction.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StanzaError } from '../protocol/errors.ts';
import type { Item, ItemData, NewItem } from './archive.ts';
import { type ArchiveClock, formatArchiveId, parseArchiveId, timeOf } from './archive-id.ts';
import { type Action, type FoldState, fold, isOverdue } from './fold.ts';
import { rows } from './rows.ts';
import type { Directory, KnownChat } from './sqlite-directory.ts';
import type { SearchIndex } from './sqlite-search.ts';
import type { WaitingRoom } from './sqlite-waiting.ts';

/** A client could not name a message by an id that is longer. */
const maxIdLength = 1024;
/** So many messages with the same id are looked at for the one with the right author. */
const maxSameId = 100;
/** As long as ids of messages on their way out are kept. */
const repeatMs = 24 * 3_600_000;

interface Target {
  number: number;
  type: string;
  ref: number | null;
  author: string;
  outgoing: number;
  one: string;
  state: string | null;
}

interface Place {
  readonly account: number;
  readonly chat: KnownChat;
}

interface More {
  readonly ids: ItemData;
  readonly ref?: number | null;
  readonly sent?: string | null | undefined;
}

interface Named {
  readonly number: number;
  readonly id: string;
}

function prepare(db: DatabaseSync) {
  const target = `SELECT i.id AS number, i.type, i.ref, i.author, i.outgoing, i.state, i.data ->> 'id' AS one FROM`;
  // Nothing with RETURNING: that takes a savepoint, at which FTS5 writes out what it holds back for the transaction.
  return {
    displayed: db.prepare('UPDATE chats SET displayed = max(displayed, ?) WHERE id = ?'),
    insert: db.prepare(
      'INSERT INTO items (id, account, chat, shown, type, author, outgoing, counted, ref, ids, markable, data, sent)' +
        ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    state: db.prepare('UPDATE items SET state = ? WHERE id = ?'),
    hide: db.prepare('UPDATE items SET shown = 0 WHERE id = ?'),
    addId: db.prepare('INSERT INTO item_ids (account, id, item, chat, one) VALUES (?, ?, ?, ?, ?)'),
    releaseId: db.prepare('UPDATE item_ids SET one = 0 WHERE account = ? AND id = ? AND item = ?'),
    holder: rows<{ item: number }>(
      db.prepare('SELECT item FROM item_ids WHERE account = ? AND id = ? AND chat = ? AND one = 1 LIMIT 1'),
    ),
    byNumber: rows<Target>(db.prepare(`${target} items i WHERE i.id = ?`)),
    byId: rows<Target>(
      db.prepare(
        `${target} item_ids x CROSS JOIN items i ON i.id = x.item WHERE x.account = ? AND x.id = ? AND x.chat = ?` +
          ' ORDER BY x.item DESC LIMIT ?',
      ),
    ),
    body: rows<{ body: string | null }>(db.prepare("SELECT data ->> 'body' AS body FROM items WHERE id = ?")),
    owe: db.prepare('INSERT INTO receipts (account, item, jid, id) VALUES (?, ?, ?, ?)'),
  };
}

export class ItemWriter {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #clock: ArchiveClock;
  readonly #directory: Directory;
  readonly #search: SearchIndex;
  readonly #waiting: WaitingRoom;

  constructor(
    db: DatabaseSync,
    parts: { clock: ArchiveClock; directory: Directory; search: SearchIndex; waiting: WaitingRoom },
  ) {
    this.#sql = prepare(db);
    this.#clock = parts.clock;
    this.#directory = parts.directory;
    this.#search = parts.search;
    this.#waiting = parts.waiting;
  }

  /**
   * The item, and what had waited for it; nothing where the item has to wait. `sent` is kept with it.
   */
  append(account: number, item: NewItem, sent?: string): Item[] {
    const archived: Item[] = [];
    const queue = [item];
    for (const next of queue) {
      const noted = next === item ? sent : undefined;
      const done = next.type === 'message' ? this.#message(account, next, noted) : this.#action(account, next, noted);
      if (!done) continue;
      archived.push(done);
      if (isNamed(next)) queue.push(...this.#waiting.release(account, next));
    }
    return archived;
  }

  /** Is this message of that author here already, and not older than a day? */
  has(account: number, item: NewItem): boolean {
    const chat = this.#directory.findChat(account, item.chat);
    if (chat === undefined) return false;
    return (item.ids ?? []).some((id) => {
      const found = this.#find({ account, chat }, id, item.author);
      return found !== undefined && timeOf(found.position) > item.now - repeatMs;
    });
  }

  #message(account: number, item: NewItem, sent?: string): Item {
    const number = this.#clock.next(item.now);
    const isNew = this.#directory.findChat(account, item.chat) === undefined;
    const chat = this.#directory.chat(account, item.chat, () => number);
    const place = { account, chat };
    const named = this.#name(place, number, item);
    const archived = this.#write(place, named, item, { ids: { id: named.id }, sent });
    if (item.text) this.#search.add(account, chat.id, named.number, item.text);
    return isNew ? { ...archived, newChat: true } : archived;
  }

  #action(account: number, item: NewItem, sent?: string): Item | undefined {
    const { target, type } = item;
    if (!target || type === 'message') throw new TypeError('An action needs the message that it acts on');
    // XEP-0308 §5: a correction counts only if it comes from the author.
    const author = type === 'message.edited' ? item.author : target.author;
    const chat = this.#directory.findChat(account, item.chat);
    const found = chat && this.#found({ account, chat }, target, author);
    if (!chat || !found) {
      if (item.strict && chat && this.#find({ account, chat }, target.id, undefined)) {
        throw new StanzaError('forbidden', 'It acts on the message of somebody else');
      }
      this.#waiting.add(account, {
        ...item,
        strict: false,
        target: author === undefined ? target : { ...target, author },
      });
      return undefined;
    }
    const { message, position } = found;
    const state = JSON.parse(message.state ?? '{}') as FoldState;
    if (type === 'reaction' && isOverdue(state, item.author, item.data)) {
      if (item.strict) throw new StanzaError('conflict', 'There are newer reactions');
      return undefined;
    }
    const place = { account, chat };
    const number = this.#clock.next(item.now);
    const named = isNamed(item) ? this.#name(place, number, item) : { number, id: message.one };
    const failed = type === 'message.failed' && position !== message.number;
    const ids = failed ? this.#idsOf(position, message) : idsOf(item, named, message);
    const archived = this.#write(place, named, item, { ids, ref: message.number, sent });
    // XEP-0333 §4.1: a marker covers everything up to its message.
    const displayed = type === 'receipt' && item.data.status === 'displayed' && message.outgoing === 1;
    if (displayed) this.#sql.displayed.run(position, chat.id);
    const { author: by, data } = item;
    const edit = failed ? { edit: position } : {};
    this.#fold(place, message, { type, number: named.number, author: by, data, ...edit }, item.text);
    return archived;
  }

  /** An edit that failed has an id of its own, as when it was sent. */
  #idsOf(edit: number, { one }: Target): ItemData {
    return { id: this.#sql.byNumber.get(edit)?.one, replace: one };
  }

  #fold({ account, chat }: Place, message: Target, action: Action, text: string | undefined): void {
    const before = JSON.parse(message.state ?? '{}') as FoldState;
    const after = fold(before, { author: message.author, outgoing: message.outgoing === 1 }, action);
    if (after === before) return;
    this.#sql.state.run(JSON.stringify(after), message.number);
    if (after.edit === before.edit && after.retracted === before.retracted) return;
    this.#search.remove(message.number);
    const said = action.edit === undefined ? text : this.#sql.body.get(after.edit ?? message.number)?.body;
    if (said && !after.retracted) this.#search.add(account, chat.id, message.number, said);
  }

  /** Stores the row and its ids, and counts it in its chat. */
  #write(place: Place, { number, id }: Named, item: NewItem, { ids, ref = null, sent = null }: More): Item {
    const { account, chat } = place;
    const { type, author, outgoing, unread = false, receipt, markable = false } = item;
    const archiveId = formatArchiveId(number);
    const data = { ...this.#answering(place, item), ...ids, archiveId };
    const message = type === 'message';
    this.#directory.count(chat, { unread, ...(message ? { activity: number } : {}) });
    const own = isNamed(item) ? (item.ids ?? []) : [id];
    const others = own.length === 1 && own[0] === id ? null : JSON.stringify(own);
    const columns = [type, author, Number(outgoing), chat.counted, ref, others, Number(markable)] as const;
    this.#sql.insert.run(number, account, chat.id, Number(message), ...columns, JSON.stringify(data), sent);
    if (isNamed(item)) {
      for (const one of new Set([id, ...own])) this.#sql.addId.run(account, one, number, chat.id, Number(one === id));
    }
    if (receipt) this.#sql.owe.run(account, number, receipt.to, receipt.id);
    return { archiveId, type, chat: item.chat, data };
  }

  /** The data, with the one id of the message that is answered. */
  #answering(place: Place, { data, reply }: NewItem): ItemData {
    const answered = reply === undefined ? undefined : this.#find(place, reply, undefined)?.message.one;
    return answered === undefined ? data : { ...data, reply: { ...(data.reply as ItemData), id: answered } };
  }

  /** The one id (PROTOCOL.md §6): the first that is free in the chat, else the archive id. */
  #name({ account, chat }: Place, number: number, item: NewItem): Named {
    for (const id of item.ids ?? []) {
      if (id === '' || id.length > maxIdLength) continue;
      const holder = this.#sql.holder.get(account, id, chat.id)?.item;
      if (holder === undefined || this.#giveWay(account, id, holder, item)) return { number, id };
    }
    // Somebody may have guessed it.
    let free = number;
    while (this.#sql.holder.get(account, formatArchiveId(free), chat.id)) free = this.#clock.next();
    return { number: free, id: formatArchiveId(free) };
  }

  /** A message of ours that failed and is sent again keeps its id: the failed one leaves the folded view. */
  #giveWay(account: number, id: string, holder: number, item: NewItem): boolean {
    if (!item.outgoing || item.type !== 'message') return false;
    const old = this.#sql.byNumber.get(holder);
    if (old?.type !== 'message' || !old.outgoing || !old.state) return false;
    if ((JSON.parse(old.state) as FoldState).failed === undefined) return false;
    this.#sql.releaseId.run(account, id, holder);
    this.#sql.hide.run(holder);
    this.#search.remove(holder);
    return true;
  }

  /** What an action acts on: the message at its place, or by its id. */
  #found(place: Place, { id, archiveId }: NonNullable<NewItem['target']>, author: string | undefined) {
    const position = archiveId === undefined ? undefined : parseArchiveId(archiveId);
    if (position === undefined) return this.#find(place, id, author);
    const message = this.#sql.byNumber.get(position);
    return message && { message, position };
  }

  /** The newest message with that id of that author; by the id of an edit, the message that was edited. */
  #find(
    { account, chat }: Place,
    id: string,
    author: string | undefined,
  ): { message: Target; position: number } | undefined {
    for (const item of this.#sql.byId.all(account, id, chat.id, maxSameId)) {
      if (author !== undefined && item.author !== author) continue;
      const message = item.ref === null ? item : this.#sql.byNumber.get(item.ref);
      if (message) return { message, position: item.number };
    }
    return undefined;
  }
}

function idsOf(item: NewItem, { id }: Named, { one }: Target): ItemData {
  return isNamed(item) ? { id, replace: one } : { id: one };
}

/** Has it ids of its own, that others can refer to? */
function isNamed({ type }: NewItem): boolean {
  return type === 'message' || type === 'message.edited';
}
