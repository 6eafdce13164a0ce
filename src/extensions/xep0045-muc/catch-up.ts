/**
 * What was said while an account was not in a room. Live messages wait from the moment it is in (again) until the archive's
 * pages since the last known one are there (XEP-0313); without an archive the join itself asks for history (XEP-0045
 * §7.2.13). One account reads the archive, for all others of the gateway that missed the same.
 */
import type { RequestData } from '../../protocol/frames.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Archived } from '../xep0313-query.ts';
import { archiveOf } from './archive.ts';
import { feedOf, type RoomFeed } from './feed.ts';
import { chatOf, type Position, positionOf, positionsOf } from './position.ts';
import type { Room } from './room.ts';
import { doubt, resume } from './send.ts';
import { type Manner, tell, tellSince } from './tell.ts';

/** The attributes of <history/> in a join (XEP-0045 §7.2.13). */
export interface HistoryWanted {
  readonly maxstanzas?: string;
  readonly seconds?: string;
  readonly since?: string;
}

/** Of one catch-up: 10,000 messages. What is older is in history.get. */
const bounds = { pages: 100, max: 100, within: 5 * 60_000 };
/** Clocks differ, and stamps may have whole seconds only: so much is read twice, where an archive forgot our place in it. */
const overlapMs = 60_000;

/** What a join asks the room to send; `asked` is what the client wants, undefined for an unattended one. */
export function historyFor(room: Room, asked: RequestData<'room.join'>['history'] | undefined): HistoryWanted {
  const position = positionOf(room);
  const { archive } = feedOf(room.account.gateway, room.shared).traits;
  position.asked = asked;
  if (archive) return { maxstanzas: '0' };
  const { max, seconds, since } = asked ?? {};
  if (position.seen && asked === undefined) return { since: position.seen.time };
  return {
    ...(max === undefined ? {} : { maxstanzas: String(max) }),
    ...(seconds === undefined ? {} : { seconds: String(seconds) }),
    ...(since === undefined ? {} : { since }),
  };
}

/** The account is in the room (again), its sessions are told of it next. */
export function entered(room: Room): void {
  const position = positionOf(room);
  position.live = false;
  doubt(room);
  const caughtUp = new CatchUp(room, position).run().catch((error: unknown) => {
    // What the archive refuses is not told; what comes from now on is.
    if (!(error instanceof StanzaError)) throw error;
  });
  position.caughtUp = caughtUp.finally(() => goLive(room, position, caughtUp));
  position.caughtUp.catch(() => undefined);
}

function goLive(room: Room, position: Position, which: Promise<void>): void {
  // It was lost meanwhile, or it is in there anew.
  if (room.state !== 'joined' || position.running !== which) return;
}

class CatchUp {
  readonly #room: Room;
  readonly #position: Position;
  readonly #feed: RoomFeed;
  /** What is behind this serial comes live to this account; all before it is in the archive. */
  #base: number;

  constructor(room: Room, position: Position) {
    this.#room = room;
    this.#position = position;
    this.#feed = feedOf(room.account.gateway, room.shared);
    this.#base = this.#feed.end;
  }
}
