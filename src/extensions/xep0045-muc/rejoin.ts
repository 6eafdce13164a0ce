/**
 * Joins that nobody asks for: of the stored rooms when a session opens or the link is back, and of a room that put the
 * account out without meaning it. At the common pace, with a bound on what is tried.
 */
import type { Account, Paced } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { EventData } from '../../protocol/frames.ts';
import { enter } from './enter.ts';
import { forget, left } from './membership.ts';
import type { Room } from './room.ts';
import { roomsOf } from './rooms.ts';

/** Before the second attempt, doubled with each one after it. */
const firstDelay = 2000;
const longestDelay = 5 * 60_000;
/** With the nick that the account wants, and with so many others. */
const nicks = 3;

/** What ends the membership, where it answers an unattended join. */
const final: Record<string, EventData<'room.left'>['cause']> = {
  forbidden: 'banned',
  'registration-required': 'membersOnly',
  'not-authorized': 'error',
  'not-allowed': 'error',
  'not-acceptable': 'error',
  'jid-malformed': 'error',
  gone: 'destroyed',
};

/** Every room that the account should be in and is not. */
export function rejoinAll(account: Account): void {
  const { gateway } = account;
  const rooms = roomsOf(account);
  if (rooms.size === 0 || gateway.link === 'down') return;
  const waiting = [...rooms].filter((room) => room.state === 'away' && room.retry === undefined);
  gateway.pace(rooms, rejoins(waiting));
}

function* rejoins(rooms: readonly Room[]): Generator<Paced> {
  for (const room of rooms) {
    yield () => void rejoin(room);
    // A join may cost two stanzas: what the room can do is asked first.
    yield () => undefined;
  }
}

/** One room, in a moment; later with each attempt that fails. */
export function rejoinSoon(room: Room): void {
  clearTimeout(room.retry);
  const delay = Math.min(firstDelay * 2 ** room.failures, longestDelay);
  room.retry = setTimeout(() => {
    room.retry = undefined;
    if (room.account.gateway.link === 'up') room.account.gateway.pace(room, rejoins([room]));
  }, delay);
  room.retry.unref();
}

/** Never throws. */
async function rejoin(room: Room): Promise<void> {
  const { account } = room;
  if (room.state !== 'away' || account.sessions.size === 0 || roomsOf(account).get(room.jid) !== room) return;
  const before = room.shownJoined ? room.told : undefined;
  const wanted = account.memberships.get(room.jid)?.nick ?? room.nick;
  try {
    await enter(room, {});
    back(room, before);
  } catch (error) {
    failed(
      room,
      error instanceof StanzaError ? error : new StanzaError('internal-server-error', 'The join failed'),
      wanted,
    );
  }
}

/** Sessions that knew the room are told what has changed since; all are told that the account is in it. */
function back(room: Room, before: number | undefined): void {
  const { account, shared } = room;
  if (before !== undefined) {
    for (const data of shared.since(before, room.seesJids)) {
      if (data.nick !== room.nick) account.inOrder(() => account.push({ type: 'room.occupant', data }));
    }
  }
  room.push();
}

function failed(room: Room, error: StanzaError, wanted: string): void {
  // Left, or without a session, meanwhile.
  if (room.state !== 'away' || room.account.sessions.size === 0 || roomsOf(room.account).get(room.jid) !== room) return;
  const cause = final[error.code];
  if (cause) {
    left(room, { cause, rejoin: cause === 'error', error: error.toObject(), statusCodes: [] });
    forget(room);
  } else if (error.code === 'conflict') {
    conflict(room, error, wanted);
  } else if (error.code !== 'link-down') {
    // Otherwise when the link is up.
    if (room.shownJoined) room.push();
    room.failures++;
    rejoinSoon(room);
  }
}

/** Someone has taken the nick: another one, and another, then the next session may try. */
function conflict(room: Room, error: StanzaError, wanted: string): void {
  room.conflicts++;
  if (room.conflicts <= nicks) {
    room.nick = `${wanted}_${room.conflicts + 1}`;
    room.account.gateway.pace(room, rejoins([room]));
    return;
  }
  room.conflicts = 0;
  room.nick = wanted;
  left(room, { cause: 'error', rejoin: true, error: error.toObject(), statusCodes: [] });
}

/** The link is lost: nobody knows who is where. */
export function lost(account: Account): void {
  for (const room of roomsOf(account)) {
    clearTimeout(room.retry);
    room.retry = undefined;
    room.failures = 0;
    room.out(new StanzaError('link-down', 'The link to the XMPP server was lost'));
  }
}
