/** `room.list`, and the snapshot `rooms` of `ready`: rooms that were joined and not left, and those with a bookmark. */
import type { Account, Extension } from '../../extension.ts';
import type { Room as RoomObject } from '../../protocol/rooms.ts';
import { fitting, pageBytes, pageOf } from '../page.ts';
import { bookmarksOf } from './bookmarks.ts';
import { roomsOf } from './rooms.ts';

/** Sorted by JID. */
function listOf(account: Account): RoomObject[] {
  const rooms = roomsOf(account);
  const bookmarks = bookmarksOf(account);
  const joined = [...rooms].filter(({ jid }) => account.memberships.get(jid));
  const others = [...bookmarks].filter(([jid]) => !account.memberships.get(jid));
  const all = [
    ...joined.map((room) => room.toObject()),
    ...others.map(([room, bookmark]): RoomObject => ({ room, joined: false, bookmark, features: [] })),
  ];
  return all.toSorted((a, b) => (a.room < b.room ? -1 : 1));
}

export function snapshot(account: Account): { rooms: RoomObject[] } {
  return { rooms: [...fitting(listOf(account), pageBytes(account.gateway.limits), 'first')] };
}

export const requests = {
  'room.list': ({ account, gateway }, page) => pageOf(listOf(account), ({ room }) => room, page, gateway.limits),
} satisfies Extension['requests'];
