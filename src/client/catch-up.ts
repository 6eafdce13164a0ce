/**
 * Catching up from the archives after a session was lost (PROTOCOL.md §5): one cursor for the account's own and one for
 * each room. Everything that is archived passes through here once, however it came, and in the order of its archive.
 */
import type { Ready, RequestData, RequestResult } from '../protocol/frames.ts';
import type { Chat } from '../protocol/objects.ts';
import { jitter, remember, sleep } from './bounds.ts';
import { ClientError } from './error.ts';
import type { Origin } from './types.ts';

/** An event as it came, or an item of a page. */
export interface Archived {
  readonly type: string;
  readonly data: { readonly chat: string; readonly archiveId?: string; readonly type?: string };
}

/** The newest archive ids that were processed; `rooms` by room. */
export interface Cursors {
  cursor?: string;
  rooms?: Record<string, string>;
}

export interface CatchUpParts {
  readonly cursors: Cursors;
  readonly maxItems: number;
  history(data: RequestData<'history.get'>): Promise<RequestResult<'history.get'>>;
  deliver(event: Archived, origin: Origin): void;
  gap(chat: string | undefined): void;
  online(): boolean;
}

/** Archive ids that are known to be processed; the oldest are forgotten, and the cursors then know enough. */
const maxSeen = 5000;
/** Events that wait for the end of one archive's catch-up. When there are more they are left to the archive, which has them. */
const maxHeld = 1000;
const maxAttempts = 4;

/** The name of the account's own archive among those of rooms. */
const own = '';

interface Reading {
  held: Archived[];
  overflow: boolean;
  /** Where to go on after a gap. */
  readonly newest: string;
}

export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #cursors: Cursors;
  readonly #rooms = new Set<string>();
  readonly #seen = new Map<string, true>();
  /** Archives that are read, or will be. */
  #readings = new Map<string, Reading>();
  #running = false;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
    this.#cursors = parts.cursors;
  }

  learnRoom(room: string): void {
    this.#rooms.add(room);
  }

  /** A session has begun, or goes on. */
  ready({ resumed, archive, chats = [], rooms = [] }: Ready): void {
    for (const { room } of rooms) this.learnRoom(room);
    if (!resumed) this.#begin(archive?.last ?? '', chats, rooms);
    this.#start();
  }

  #begin(last: string, chats: readonly Chat[], rooms: NonNullable<Ready['rooms']>): void {
    this.#readings = new Map();
    this.#cursors.cursor ??= last;
    if (this.#cursors.cursor !== last) this.#read(own, last);
    const away = new Set(rooms.filter(({ joined }) => !joined).map(({ room }) => room));
    // A room that the account is not in yet has a `chat` event when it is.
    for (const chat of chats) if (!away.has(chat.chat)) this.chat(chat);
  }

  /** A room's newest message, as a conversation has it: is there anything between it and ours? */
  chat({ chat, kind, last }: Chat): void {
    if (kind !== 'room') return;
    this.learnRoom(chat);
    const id = last?.archiveId;
    if (id === undefined) return;
    this.#cursors.rooms ??= {};
    this.#cursors.rooms[chat] ??= id;
    if (this.#cursors.rooms[chat] !== id && !this.#seen.has(key(chat, id))) this.#read(chat, id);
  }

  /** An event has come. */
  event(event: Archived): void {
    const archive = this.#archiveOf(event.data);
    const reading = this.#readings.get(archive);
    if (!reading || event.data.archiveId === undefined) this.#process(archive, event, 'live');
    else if (reading.held.push(event) > maxHeld) {
      reading.held = [];
      reading.overflow = true;
    }
  }

  /** Something own was sent: it needs no event any more. */
  sent(data: Archived['data']): void {
    if (data.archiveId !== undefined) this.#see(key(this.#archiveOf(data), data.archiveId));
  }

  #archiveOf({ chat, type }: Archived['data']): string {
    if (type === 'groupchat') this.learnRoom(chat);
    return this.#rooms.has(chat) ? chat : own;
  }

  #process(archive: string, event: Archived, origin: Origin): void {
    const id = event.data.archiveId;
    if (id !== undefined) {
      const isOld = archive === own && id <= (this.#cursors.cursor ?? '');
      if (isOld || !this.#see(key(archive, id))) return;
      this.#move(archive, id);
    }
    this.#parts.deliver(event, origin);
  }

  /** Notes it; was it new? */
  #see(id: string): boolean {
    const isNew = !this.#seen.has(id);
    remember(this.#seen, id, true, maxSeen);
    return isNew;
  }

  #move(archive: string, id: string): void {
    if (archive === own) this.#cursors.cursor = id;
    else this.#cursors.rooms = { ...this.#cursors.rooms, [archive]: id };
  }

  #cursorOf(archive: string): string {
    return (archive === own ? this.#cursors.cursor : this.#cursors.rooms?.[archive]) ?? '';
  }

  #read(archive: string, newest: string): void {
    if (this.#readings.has(archive)) return;
    this.#readings.set(archive, { held: [], overflow: false, newest });
    this.#start();
  }

  #start(): void {
    if (!this.#running) void this.#run();
  }

  /** One archive after the other, the account's own first. */
  async #run(): Promise<void> {
    this.#running = true;
    for (;;) {
      const [next] = this.#readings;
      if (!next) break;
      const [archive, reading] = next;
      const result = await this.#pages(archive, reading);
      // A new session begins anew.
      if (this.#readings.get(archive) !== reading) continue;
      if (result === 'pause') break;
      if (result === 'gap') {
        if (archive !== own || reading.newest > this.#cursorOf(own)) this.#move(archive, reading.newest);
        this.#parts.gap(archive || undefined);
      }
      this.#readings.delete(archive);
      for (const event of reading.held) this.#process(archive, event, 'live');
    }
    this.#running = false;
  }

  /** Reads to the end; `gap`: not all could be had. `pause`: the session may come back. */
  async #pages(archive: string, reading: Reading): Promise<'done' | 'gap' | 'pause'> {
    const isCurrent = (): boolean => this.#readings.get(archive) === reading;
    const chat = archive === own ? {} : { chat: archive };
    let [count, attempts] = [0, 0];
    while (isCurrent()) {
      try {
        const after = this.#cursorOf(archive);
        // Where the account had no archive yet there is no cursor to go on from: its newest page may be all.
        const page = await this.#parts.history(after === '' ? { view: 'log' } : { ...chat, after });
        if (!isCurrent()) return 'done';
        attempts = 0;
        count += page.items.length;
        for (const item of page.items) this.#item(archive, item as Archived, reading);
        if (page.last) this.#move(archive, page.last);
        if (page.complete && !reading.overflow) return 'done';
        reading.overflow = false;
        if (after === '' || count >= this.#parts.maxItems) return 'gap';
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (!this.#parts.online()) return 'pause';
        // Not in the room yet: its `chat` event comes when the account is.
        if (error.code === 'not-acceptable') return 'done';
        if (!error.retry || ++attempts >= maxAttempts) return 'gap';
        await sleep(jitter(attempts));
      }
    }
    return 'done';
  }

  /** What has come as an event too is told as one. */
  #item(archive: string, item: Archived, { held }: Reading): void {
    const isLive = held.some(({ data }) => data.archiveId === item.data.archiveId);
    this.#process(archive, item, isLive ? 'live' : 'history');
  }
}

const key = (archive: string, id: string): string => `${archive}\n${id}`;

/** Does it belong to a chat, and so perhaps to an archive? */
export function isArchived(data: unknown): data is Archived['data'] {
  return (data as Partial<Archived['data']> | undefined)?.chat !== undefined;
}
