/**
 * `room.leave`: the end of a membership (XEP-0045 §7.14), and the absence of an account without a session, which is none.
 *   {"room":"dev@rooms.example.com"} ↔ <presence to="dev@rooms.example.com/alice" type="unavailable"/>
 */
import type { Account, Extension } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Element } from '../../xmpp/stanza.ts';
import { leavePresence } from './enter.ts';
import { forget, left } from './membership.ts';
import type { Room } from './room.ts';
import { roomAddress, roomsOf } from './rooms.ts';

/** A room that says nothing to who leaves it does not know the account. */
const patience = 5000;

/** Ends the membership. Resolves when the account is out of it. */
export function leave(room: Room, status?: string): Promise<void> {
  room.ending ??= goOut(room, status).finally(() => forget(room));
  return room.ending;
}

async function goOut(room: Room, status: string | undefined): Promise<void> {
  const { gateway } = room.account;
  const wasIn = room.state === 'joined';
  const sent = room.state !== 'away' && gateway.send(leavePresence(room, status));
  if (wasIn && sent) {
    const done = Promise.withResolvers<void>();
    room.state = 'leaving';
    room.leaving = done;
    const timer = setTimeout(() => done.resolve(), Math.min(patience, gateway.limits.sendTimeout));
    await done.promise;
    clearTimeout(timer);
  }
  // Where the link is down, the room learns of it by the first stanza that nobody takes.
  room.out(new StanzaError('not-acceptable', 'The room was left'));
}

/** Nobody looks any more: the account goes out of its rooms, and stays their member. */
export function absent(account: Account): void {
  const rooms = roomsOf(account);
  const goodbyes: Element[] = [];
  for (const room of rooms) {
    clearTimeout(room.retry);
    room.retry = undefined;
    if (room.state !== 'away') goodbyes.push(leavePresence(room));
    room.out(new StanzaError('not-acceptable', 'The account has no session'));
    room.shownJoined = false;
    // Of a nick that was only the second best, the next join knows nothing.
    room.nick = account.memberships.get(room.jid)?.nick ?? room.nick;
  }
  clearInterval(rooms.watch);
  rooms.watch = undefined;
  if (account.gateway.link === 'up') account.gateway.pace(rooms, goodbyes.values());
}

export const requests = {
  'room.leave': async (session, { room: text, status }) => {
    const { account } = session;
    const { bare } = roomAddress(account, text);
    const room = roomsOf(account).get(bare);
    if (!room) throw new StanzaError('item-not-found', 'The account is no member of this room', { field: 'room' });
    await leave(room, status);
    left(room, { cause: 'left', rejoin: true, statusCodes: [] }, { except: session });
    return undefined;
  },
} satisfies Extension['requests'];
