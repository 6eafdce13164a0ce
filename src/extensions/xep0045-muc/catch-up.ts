/**
 * What was said while an account was not in a room. Live messages wait from the moment it is in (again) until the archive's
 * pages since the last known one are there; without an archive the join itself asks for history (XEP-0045 §7.2.13). One
 * account reads the archive for all others of the gateway that missed the same.
 */

import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import { archiveOf } from './archive.ts';
import { tellChat } from './chat.ts';
import { feedOf, type RoomFeed } from './feed.ts';
import { missed } from './missed.ts';
import { chatOf, type Position, positionOf, positionsOf } from './position.ts';
import type { Room } from './room.ts';
import { doubt, resume } from './send.ts';
import { type Manner, tell, tellSince } from './tell.ts';

type Asked = RequestData<'room.join'>['history'];

/** The attributes of <history/> in a join (XEP-0045 §7.2.13). */
export interface HistoryWanted {
  readonly maxstanzas?: string;
  readonly seconds?: string;
  readonly since?: string;
}

/** Messages that a join may ask an archive for. */
const mostShown = 100;

/** What a join asks the room to send; `asked` is what the client wants, undefined for an unattended one. */
export function historyFor(room: Room, asked: Asked): HistoryWanted {
  const position = positionOf(room);
  const { archive } = feedOf(room.account.gateway, room.shared).traits;
  position.asked = asked;
  if (archive) return { maxstanzas: '0' };
  if (position.seen && position.told) return { since: position.seen.time };
  const { max, seconds, since } = asked ?? (position.seen ? { since: position.seen.time } : {});
  return {
    ...(max === undefined ? {} : { maxstanzas: String(max) }),
    ...(seconds === undefined ? {} : { seconds: String(seconds) }),
    ...(since === undefined ? {} : { since }),
  };
}

/** The account is in the room (again), its sessions are told of it next. */
export function entered(room: Room): void {
  const { account } = room;
  const position = positionOf(room);
  const feed = feedOf(account.gateway, room.shared);
  if (position.feed !== feed) position.serial = undefined;
  position.feed = feed;
  position.entry++;
  position.live = false;
  position.fresh = position.seen === undefined;
  doubt(room);
  if (!feed.traits.archive) {
    // What is missed comes with the join, as if it were said now.
    position.serial ??= feed.end;
    goLive(room, position);
    return;
  }
  const { entry } = position;
  position.caughtUp = new CatchUp(room, position, feed).run().then(() => {
    if (isIn(room, position, entry)) goLive(room, position);
  });
  position.caughtUp.catch(() => undefined);
}

function isIn(room: Room, position: Position, entry: number): boolean {
  return position.entry === entry && room.state === 'joined';
}

function goLive(room: Room, position: Position): void {
  position.live = true;
  position.told = true;
  resume(room);
  if (position.isChat) return;
  // From now on it is in the list of chats.
  position.isChat = true;
  positionsOf(room.account)
    .save(room.jid)
    .then(() => {
      for (const session of room.account.sessions) {
        if (session.wants.has('chats')) session.push({ type: 'chat', data: chatOf(room) });
      }
    })
    .catch(() => undefined);
}

class CatchUp {
  readonly #room: Room;
  readonly #position: Position;
  readonly #feed: RoomFeed;
  readonly #entry: number;
  /** What is behind this serial came since the account is in the room; all before is in the archive. */
  #base: number;

  constructor(room: Room, position: Position, feed: RoomFeed) {
    this.#room = room;
    this.#position = position;
    this.#feed = feed;
    this.#entry = position.entry;
    this.#base = feed.end;
  }

  /** What the archive refuses to tell is not told. Rejects with nothing but bugs. */
  async run(): Promise<void> {
    const position = this.#position;
    await positionsOf(this.#room.account).loaded.catch(() => undefined);
    const before = position.seen?.archiveId;
    // Without a session that has seen the room so far, what was missed is not news: `chat` tells how much it is.
    const manner: Manner = position.told ? 'tell' : 'count';
    try {
      await this.#read(manner);
      if (before === undefined) await this.#show();
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      if (this.#isCurrent()) tellSince(this.#room, Math.max(this.#base, position.serial ?? 0), 'tell');
      position.serial = this.#feed.end;
    }
    if (manner === 'count' && position.seen?.archiveId !== before && this.#isCurrent())
      await tellChat(this.#room).catch(() => undefined);
  }

  #isCurrent(): boolean {
    return isIn(this.#room, this.#position, this.#entry);
  }

  async #read(manner: Manner): Promise<void> {
    // The feed may have moved on further than it remembers, while an account read the archive alone.
    for (let attempt = 0; attempt < 3 && this.#isCurrent(); attempt++) {
      while (this.#feed.sync) await this.#feed.sync;
      if (!this.#isCurrent()) return;
      const { serial } = this.#position;
      const others = this.#othersAreLive();
      if (others && serial !== undefined && tellSince(this.#room, serial, manner)) return;
      if (!others) return this.#lead(manner);
      await this.#readAlone(manner);
      if (tellSince(this.#room, this.#base, manner)) return;
      this.#base = this.#feed.end;
    }
  }

  #othersAreLive(): boolean {
    for (const other of this.#room.shared.users) {
      if (other !== this.#room && other.state === 'joined' && positionOf(other).live) return true;
    }
    return false;
  }

  /** Reads for all: what is found goes into the feed, and what is live waits for it. */
  async #lead(manner: Manner): Promise<void> {
    const [room, position, feed] = [this.#room, this.#position, this.#feed];
    const { promise, resolve } = Promise.withResolvers<void>();
    feed.sync = promise;
    feed.hold(position.seen === undefined ? undefined : position.serial);
    try {
      for await (const { items, before } of missed(room.account, room.jid, position.seen)) {
        for (const item of before)
          if (position.seen) feed.learn(item);
          else feed.append(item);
        for (const item of items) {
          const said = feed.append(item);
          if (said && said.serial > (position.serial ?? 0)) tell(room, said, manner);
        }
        if (!this.#isCurrent()) return;
      }
    } finally {
      const behind = Math.max(this.#base, position.seen ? (position.serial ?? 0) : feed.end);
      feed.release();
      if (this.#isCurrent()) {
        tellSince(room, behind, 'tell');
        this.#begin();
        position.live = true;
      }
      feed.sync = undefined;
      resolve();
    }
  }

  /** Others have heard what is live; only this account's past is missing. */
  async #readAlone(manner: Manner): Promise<void> {
    const [room, position, feed] = [this.#room, this.#position, this.#feed];
    if (position.seen === undefined) {
      position.serial = this.#base = feed.end;
      this.#begin();
      return;
    }
    const heard = position.serial ?? 0;
    for await (const { items } of missed(room.account, room.jid, position.seen)) {
      for (const item of items) {
        const said = feed.learn(item);
        if (said && (said.serial === 0 || (said.serial > heard && said.serial <= this.#base)))
          tell(room, { ...said, serial: 0 }, manner);
      }
      if (!this.#isCurrent()) return;
    }
    position.serial = this.#base;
  }

  /** The first time in the room: nothing of it is unread. */
  #begin(): void {
    const { archived, newest } = this.#feed;
    const position = this.#position;
    if (position.seen) return;
    // An empty archive has no place to read on from, but a time.
    position.seen = archived ?? { time: new Date(this.#room.account.gateway.now()).toISOString() };
    position.unsaved++;
    if (newest?.event?.source.type === 'message') position.last = newest.event.source.data;
  }

  /** What the client asked for with its join, as if the room had sent it. */
  async #show(): Promise<void> {
    const { asked } = this.#position;
    if (!asked || asked.max === 0 || !this.#isCurrent()) return;
    const { account, jid } = this.#room;
    const now = account.gateway.now();
    const start = asked.since === undefined ? undefined : Date.parse(asked.since);
    const oldest = asked.seconds === undefined ? start : now - asked.seconds * 1000;
    const page = await archiveOf(account).page(
      account,
      jid,
      { max: Math.min(asked.max ?? mostShown, mostShown), before: '' },
      oldest === undefined ? {} : { start: oldest },
    );
    if (!this.#isCurrent()) return;
    for (const item of page.items) {
      const said = this.#feed.learn(item);
      if (said?.kind === 'message' || said?.kind === 'action') tell(this.#room, { ...said, serial: 0 }, 'show');
    }
  }
}
