/**
 * The account's status in its rooms (XEP-0045 §7.7): without <x xmlns="http://jabber.org/protocol/muc"/>, which would make a
 * join of it. Rooms do not see that an account is invisible.
 */
import type { Account } from '../../extension.ts';
import type { OwnPresence } from '../../protocol/objects.ts';
import { statusPresence } from './enter.ts';
import { roomsOf } from './rooms.ts';

export function tellRooms(account: Account): void {
  const { presence } = account;
  if (presence === undefined) return;
  for (const room of roomsOf(account)) {
    if (room.state !== 'joined' || isEqual(room.shownPresence, presence)) continue;
    room.shownPresence = presence;
    account.gateway.send(statusPresence(account, room.occupantJid));
  }
}

function isEqual(one: OwnPresence | undefined, other: OwnPresence): boolean {
  return one?.show === other.show && one?.status === other.status && one?.idleSince === other.idleSince;
}
