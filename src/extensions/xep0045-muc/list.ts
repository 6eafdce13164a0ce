/** `room.list`, and the snapshot `rooms` of `ready`: rooms that were joined and not left, and those with a bookmark. */
import type { Account, Extension } from '../../extension.ts';
import type { Room as RoomObject } from '../../protocol/rooms.ts';
import { fitting, pageBytes } from '../page.ts';
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
  'room.list': ({ account, gateway }, { max, after }) => {
    const all = listOf(account);
    const rest = after === undefined ? all : all.filter(({ room }) => room > after);
    const items = [...fitting(rest.slice(0, max ?? rest.length), pageBytes(gateway.limits), 'first')];
    const [first, last] = [items[0]?.room, items.at(-1)?.room];
    return {
      items,
      ...(first === undefined || last === undefined ? {} : { first, last }),
      count: all.length,
      complete: items.length === rest.length,
    };
  },
} satisfies Extension['requests'];
