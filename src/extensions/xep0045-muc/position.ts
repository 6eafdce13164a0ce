/**
 * How far an account is in a room: what it was told, what is unread of it, up to where it was read. Kept in memory while
 * the account uses the room; written to the store now and then, for what was missed is counted from the room's archive.
 */
import { type Account, slot } from '../../extension.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { Chat, Message } from '../../protocol/objects.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';

/** What is kept of it. */
export interface StoredPosition {
  /** The newest message that is counted here; without an archive only its time. */
  readonly seen?: { readonly archiveId?: string; readonly time: string };
  readonly unread: number;
  readonly mentions: number;
  readonly readUpTo?: { readonly id: string; readonly archiveId?: string; readonly time: string };
  /** The newest message, as an event's data. */
  readonly last?: Message;
  readonly activeAt?: number;
}

export class Position {
  /** The feed that `serial` is of. */
  feed: unknown;
  /** In the feed of this process; undefined = it was not in the room yet. */
  serial: number | undefined;
  /** Hears what is said, and has heard all before. */
  live = false;
  /** Its sessions were told all up to here, so that they want to be told what was missed. */
  told = false;
  seen: StoredPosition['seen'];
  unread = 0;
  mentions = 0;
  readUpTo: StoredPosition['readUpTo'];
  last: Message | undefined;
  /** The subject that the sessions know. */
  subject: string | undefined;
  /** How often the account came into the room: what began before the last time is void. */
  entry = 0;
  /** It is stored, and so in the list of chats. */
  isChat = false;
  /** It was never in the room before. */
  fresh = true;
  /** The history that a client asked for with the join. */
  asked: RequestData<'room.join'>['history'];
  /** Resolves when what was missed is read; the room may be lost again by then. */
  caughtUp: Promise<void> = Promise.resolve();
  /** Changes that are not stored. */
  unsaved = 0;

  take(stored: StoredPosition): void {
    this.isChat = true;
    this.unread += stored.unread;
    this.mentions += stored.mentions;
    this.seen ??= stored.seen;
    this.readUpTo ??= stored.readUpTo;
    this.last ??= stored.last;
  }

  /** A message, or an action that the archive has too. */
  pass(said: Said): void {
    if (said.serial > 0) this.serial = said.serial;
    if (said.archiveId !== undefined) this.seen = { archiveId: said.archiveId, time: said.time };
    else if (this.seen?.archiveId === undefined && said.kind === 'message') this.seen = { time: said.time };
    this.unsaved++;
  }

  toStored(): StoredPosition {
    const { seen, unread, mentions, readUpTo, last } = this;
    return {
      unread,
      mentions,
      ...(seen ? { seen } : {}),
      ...(readUpTo ? { readUpTo } : {}),
      ...(last ? { last, activeAt: Date.parse(last.time) } : {}),
    };
  }
}

/** Written when so much has changed, and when the account goes. */
const saveAfter = 200;

/** The positions of one account. */
class Positions {
  readonly #all = new Map<string, Position>();
  readonly #account: Account;
  /** Since when there is a session, epoch ms. */
  attendedSince = 0;
  /** Resolves when what is stored is known. */
  readonly loaded: Promise<void>;

  constructor(account: Account) {
    this.#account = account;
    this.loaded = this.#load();
    this.loaded.catch(() => undefined);
  }

  async #load(): Promise<void> {
    const { archive, jid, memberships } = this.#account;
    if (Iterator.from(memberships.values()).next().done) return;
    for (const [room, one] of await archive.roomPositions(jid.bare))
      this.of(room).take(one as unknown as StoredPosition);
  }

  [Symbol.iterator](): Iterator<[string, Position]> {
    return this.#all.entries();
  }

  get(room: string): Position | undefined {
    return this.#all.get(room);
  }

  of(room: string): Position {
    const known = this.#all.get(room);
    if (known) return known;
    const position = new Position();
    this.#all.set(room, position);
    return position;
  }

  /** Stores a room's where enough has changed; what cannot be stored now is with the next change. */
  touched(room: string, { unsaved }: Position): void {
    if (unsaved >= saveAfter) void this.save(room).catch(() => undefined);
  }

  async save(room: string): Promise<void> {
    const position = this.#all.get(room);
    if (!position) return;
    position.unsaved = 0;
    const { archive, jid } = this.#account;
    await archive.saveRoomPosition(jid.bare, room, { ...position.toStored() });
  }

  /** Stores what has changed, oldest activity first. */
  async saveAll(): Promise<void> {
    const unsaved = [...this.#all].filter(([, position]) => position.unsaved > 0);
    const sorted = unsaved.toSorted(([, a], [, b]) => ((a.last?.time ?? '') < (b.last?.time ?? '') ? -1 : 1));
    await Promise.all(sorted.map(([room]) => this.save(room)));
  }

  async remove(room: string): Promise<void> {
    this.#all.delete(room);
    await this.#account.archive.removeRoomPosition(this.#account.jid.bare, room);
  }
}

const own = slot(() => ({ positions: undefined as Positions | undefined }));

export function positionsOf(account: Account): Positions {
  const state = account.slot(own);
  state.positions ??= new Positions(account);
  return state.positions;
}

export function positionOf(room: Room): Position {
  room.position ??= positionsOf(room.account).of(room.jid);
  return room.position;
}

/** The room as a chat (PROTOCOL.md §9). */
export function chatOf(room: Room, settings: Pick<Chat, 'muted' | 'pinned' | 'archived'> = {}): Chat {
  const { unread, mentions, readUpTo, last } = positionOf(room);
  const { name } = room.toObject();
  return {
    chat: room.jid,
    kind: 'room',
    ...(name === undefined ? {} : { name }),
    unread,
    mentions,
    ...(readUpTo ? { readUpTo: { id: readUpTo.id, time: readUpTo.time } } : {}),
    ...(last ? { last } : {}),
    ...settings,
  };
}
