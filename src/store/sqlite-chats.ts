/** The conversations of the SQLite archive: unread counters, read positions, settings, order of activity. */
import type { DatabaseSync } from 'node:sqlite';
import { StanzaError } from '../protocol/errors.ts';
import type { Archive, Chat, ChatSettings, Item, RoomPosition } from './archive.ts';
import { type ArchiveClock, firstNumber, formatArchiveId, timeOf } from './archive-id.ts';
import { rows } from './rows.ts';
import type { Directory } from './sqlite-directory.ts';

type ReadMark = NonNullable<Chat['readUpTo']>;

interface Row {
  id: number;
  jid: string;
  activity: number;
  counted: number;
  seen: number;
  readNumber: number | null;
  readUpTo: string | null;
  muted: number;
  pinned: number;
  archived: number;
  room: string | null;
}

interface Message {
  number: number;
  counted: number;
  author: string;
  outgoing: number;
  ids: string | null;
  markable: number;
  time: string | null;
}

function prepare(db: DatabaseSync) {
  const chat =
    'SELECT id, jid, activity, counted, seen, read_number AS readNumber, read_up_to AS readUpTo, muted, pinned, archived, room' +
    ' FROM chats';
  return {
    chat: rows<Row>(db.prepare(`${chat} WHERE id = ?`)),
    page: rows<Row>(db.prepare(`${chat} WHERE account = ? AND activity < ? ORDER BY activity DESC LIMIT ?`)),
    count: rows<{ count: number }>(db.prepare('SELECT count(*) AS count FROM chats WHERE account = ?')),
    message: rows<Message>(
      db.prepare(
        `SELECT i.id AS number, i.counted, i.author, i.outgoing, i.ids, i.markable, i.data ->> 'time' AS time` +
          ' FROM item_ids x CROSS JOIN items i ON i.id = x.item' +
          ` WHERE x.account = ? AND x.id = ? AND x.chat = ? AND x.one = 1 AND i.type = 'message'`,
      ),
    ),
    read: db.prepare('UPDATE chats SET read_number = ?, read_up_to = ?, seen = max(seen, ?) WHERE id = ?'),
    set: db.prepare(
      'UPDATE chats SET muted = coalesce(?, muted), pinned = coalesce(?, pinned), archived = coalesce(?, archived)' +
        ' WHERE id = ?',
    ),
    room: db.prepare('UPDATE chats SET room = ?, activity = max(activity, ?) WHERE id = ?'),
    rooms: rows<{ jid: string; room: string }>(
      db.prepare('SELECT jid, room FROM chats INDEXED BY rooms_of_account WHERE account = ? AND room IS NOT NULL'),
    ),
    removeRoom: db.prepare('DELETE FROM chats WHERE id = ? AND room IS NOT NULL'),
    saveClock: db.prepare('UPDATE clock SET last = max(last, ?)'),
  };
}

export class Chats {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #clock: ArchiveClock;
  readonly #directory: Directory;
  readonly #newest: (chat: number) => Item | undefined;

  constructor(
    db: DatabaseSync,
    parts: { clock: ArchiveClock; directory: Directory; newest: (chat: number) => Item | undefined },
  ) {
    this.#sql = prepare(db);
    this.#clock = parts.clock;
    this.#directory = parts.directory;
    this.#newest = parts.newest;
  }

  get(account: number, jid: string): Chat | undefined {
    const row = this.#find(account, jid);
    return row && this.#show(row);
  }

  page(account: number, { max, after }: { max: number; after?: string }): Awaited<ReturnType<Archive['chats']>> {
    this.#directory.flush();
    let before = Number.MAX_SAFE_INTEGER;
    if (after !== undefined) {
      const row = this.#find(account, after);
      if (!row) throw new StanzaError('item-not-found', 'There is no such chat', { field: 'after' });
      before = row.activity;
    }
    const found = this.#sql.page.all(account, before, max + 1);
    const items = found.slice(0, max).map((row) => this.#show(row));
    return { items, complete: found.length <= max, count: this.#sql.count.get(account)?.count ?? 0 };
  }

  update(account: number, jid: string, { muted, pinned, archived }: ChatSettings): Chat {
    const { id } = this.#directory.chat(account, jid, () => {
      const activity = this.#clock.next();
      this.#sql.saveClock.run(activity);
      return activity;
    });
    this.#directory.flush();
    this.#sql.set.run(flag(muted), flag(pinned), flag(archived), id);
    const row = this.#sql.chat.get(id);
    if (!row) throw new Error('A chat was not made');
    return this.#show(row);
  }

  saveRoom(account: number, jid: string, position: RoomPosition): void {
    const { id } = this.#directory.chat(account, jid, () => 0);
    this.#directory.flush();
    // Rooms that were active in one millisecond are apart, too.
    const activity = firstNumber(position.activeAt ?? 0) + (id % 1024);
    this.#sql.room.run(JSON.stringify(position), activity, id);
  }

  rooms(account: number): Map<string, RoomPosition> {
    return new Map(this.#sql.rooms.all(account).map(({ jid, room }) => [jid, JSON.parse(room) as RoomPosition]));
  }

  removeRoom(account: number, jid: string): void {
    const chat = this.#directory.findChat(account, jid);
    if (chat && this.#sql.removeRoom.run(chat.id).changes > 0) this.#directory.forgetChats();
  }

  markRead(account: number, jid: string, id: string): Awaited<ReturnType<Archive['markRead']>> {
    const row = this.#find(account, jid);
    const message = row && this.#sql.message.get(account, id, row.id);
    if (!row || !message) throw new StanzaError('item-not-found', 'There is no such message', { field: 'id' });
    const { number, counted, author } = message;
    if (row.readNumber !== null && number <= row.readNumber) return undefined;
    const archiveId = formatArchiveId(number);
    const time = message.time ?? new Date(timeOf(number)).toISOString();
    const readUpTo = JSON.stringify({ id, archiveId, time } satisfies ReadMark);
    this.#sql.read.run(number, readUpTo, counted, row.id);
    const seen = Math.max(row.seen, counted);
    const ids = message.ids === null ? [id] : (JSON.parse(message.ids) as string[]);
    const marked = { ids, author, outgoing: message.outgoing === 1, markable: message.markable === 1 };
    return { chat: this.#show({ ...row, seen, readUpTo }), marked };
  }

  #find(account: number, jid: string): Row | undefined {
    const chat = this.#directory.findChat(account, jid);
    this.#directory.flush();
    return chat && this.#sql.chat.get(chat.id);
  }

  #show(row: Row): Chat {
    const settings = {
      ...(row.muted ? { muted: true } : {}),
      ...(row.pinned ? { pinned: true } : {}),
      ...(row.archived ? { archived: true } : {}),
    };
    if (row.room !== null) return { chat: row.jid, unread: 0, room: JSON.parse(row.room) as RoomPosition, ...settings };
    const last = this.#newest(row.id);
    return {
      chat: row.jid,
      unread: row.counted - row.seen,
      ...(row.readUpTo === null ? {} : { readUpTo: JSON.parse(row.readUpTo) as ReadMark }),
      ...(last ? { last } : {}),
      ...settings,
    };
  }
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}
