/**
 * `room.join`: a room is joined once, whichever and however many of the account's sessions ask (XEP-0045 §7.2).
 *   {"room":"dev@rooms.example.com","nick":"alice"}
 *   ↔ <presence to="dev@rooms.example.com/alice"><x xmlns="http://jabber.org/protocol/muc"/></presence>
 */
import type { Account, Extension, Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import { blockedError } from '../../xmpp/blocking.ts';
import { type Jid, unescapeLocal } from '../../xmpp/jid.ts';
import { mustBeAttended } from '../attended.ts';
import { enter, type How, leavePresence } from './enter.ts';
import { forget as answered } from './invites.ts';
import { remember } from './membership.ts';
import { rename } from './nick.ts';
import { firstOccupants } from './occupants.ts';
import { type Entered, notJoined, Room } from './room.ts';
import { nickOf, roomAddress, roomsOf } from './rooms.ts';

/** Of one account. */
const maxRooms = 2000;

export type Joined = RequestResult<'room.join'>;
export type JoinWishes = Omit<RequestData<'room.join'>, 'room'> & Pick<How, 'configure'>;

/** Joins, or joins the join under way, or answers how it is. @throws StanzaError */
export async function join(session: Session, jid: Jid, wishes: JoinWishes): Promise<Joined> {
  const { account } = session;
  if (account.blocked.has(jid)) throw blockedError();
  const nick = wishes.nick === undefined ? undefined : nickOf(wishes.nick);
  const known = roomsOf(account).get(jid.bare);
  if (known?.ending) {
    await known.ending;
    return join(session, jid, wishes);
  }
  if (known?.state === 'joining') return answer(known, await known.whenJoined());
  if (known?.state === 'joined') {
    if (nick !== undefined && nick !== known.nick) await rename(known, nick);
    return answer(known, { created: false });
  }
  return begin(session, jid, wishes, nick);
}

async function begin(session: Session, jid: Jid, wishes: JoinWishes, nick: string | undefined): Promise<Joined> {
  const { account } = session;
  mustBeAttended(account);
  const rooms = roomsOf(account);
  if (rooms.size >= maxRooms && !rooms.get(jid.bare)) {
    throw new StanzaError('policy-violation', `An account has at most ${maxRooms} rooms`);
  }
  const room = rooms.get(jid.bare) ?? new Room(account, jid.bare, ownName(account));
  rooms.add(room);
  clearTimeout(room.retry);
  room.nick = nick ?? room.nick;
  // §7.8.2: who was invited was told the password.
  room.password = wishes.password ?? account.invites.get(jid.bare)?.password ?? room.password;
  try {
    const entered = await enter(room, wishes);
    await remember(room);
    await answered(account, jid.bare);
    room.push(session);
    return answer(room, entered);
  } catch (error) {
    const stored = account.memberships.get(jid.bare);
    if (stored && room.state === 'away') room.nick = stored.nick;
    if (!stored) {
      // In it, but not kept: the client tries again.
      if (room.state === 'joined') account.gateway.send(leavePresence(room));
      room.out(new StanzaError('not-acceptable', 'The join failed'));
      rooms.delete(room);
    }
    throw error;
  }
}

/** What the account is called where nobody says how. */
function ownName({ jid }: Account): string {
  return unescapeLocal(jid.local);
}

function answer(room: Room, { created }: Entered): Joined {
  const { self } = room;
  if (!self) throw notJoined(room.jid);
  return { room: room.toObject(), self, ...firstOccupants(room), ...(created ? { created } : {}) };
}

export const requests = {
  'room.join': (session, { room, ...wishes }) => {
    const { since } = wishes.history ?? {};
    if (since !== undefined && Number.isNaN(Date.parse(since))) {
      return Promise.reject(new StanzaError('bad-request', 'history.since is not a time', { field: 'history.since' }));
    }
    return join(session, roomAddress(session.account, room), wishes);
  },
} satisfies Extension['requests'];
