/**
 * Bookmarked rooms, with the fields of XEP-0402. A user's bookmarks are kept by the account's server; here that is the
 * gateway, so they are rows of its store and nothing goes over the link.
 *   {"type":"room.bookmark","data":{"room":"dev@rooms.example.com","name":"Developers","autojoin":true}}
 */
import type { Account, StoredBookmark } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { Room as RoomObject } from '../../protocol/rooms.ts';
import { bookmarkOf } from './bookmarks.ts';
import type { Part } from './part.ts';
import { nickOf, roomAddress, roomsOf } from './rooms.ts';

const maxBookmarks = 1000;

/** A room as the account sees it, in it or not. */
export function roomObject(account: Account, room: string): RoomObject {
  const known = roomsOf(account).get(room);
  if (known) return known.toObject();
  const bookmark = bookmarkOf(account, room);
  return { room, joined: false, ...(bookmark ? { bookmark } : {}), features: [] };
}

/** What is absent stays; an empty name is none. */
function changed(before: StoredBookmark, data: RequestData<'room.bookmark'>): StoredBookmark {
  const { name = before.name, autojoin = before.autojoin } = data;
  const nick = data.nick === undefined ? before.nick : nickOf(data.nick);
  return { room: before.room, ...(name ? { name } : {}), ...(nick ? { nick } : {}), autojoin };
}

async function keep(account: Account, room: string, data: RequestData<'room.bookmark'>): Promise<void> {
  const before = account.bookmarks.get(room);
  if (data.remove) {
    await account.bookmarks.remove(room);
    return;
  }
  if (!before && account.bookmarks.size >= maxBookmarks) {
    throw new StanzaError('policy-violation', `An account has at most ${maxBookmarks} bookmarks`);
  }
  await account.bookmarks.save(changed(before ?? { room, autojoin: false }, data));
}

export const bookmarking: Part = {
  requests: {
    'room.bookmark': async (session, data) => {
      const { account } = session;
      const { bare } = roomAddress(account, data.room);
      await keep(account, bare, data);
      const room = roomObject(account, bare);
      account.push({ type: 'room', data: room }, { except: session });
      return room;
    },
  },
};
