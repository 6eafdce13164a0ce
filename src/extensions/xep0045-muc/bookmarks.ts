/** The account's bookmarks of rooms (XEP-0402). */
import type { Account } from '../../extension.ts';
import type { Bookmark } from '../../protocol/rooms.ts';

/** By the room's bare JID. */
export function bookmarksOf({ bookmarks }: Account): ReadonlyMap<string, Bookmark> {
  return new Map([...bookmarks.values()].map(({ room, ...bookmark }) => [room, bookmark]));
}

export function bookmarkOf({ bookmarks }: Account, jid: string): Bookmark | undefined {
  const kept = bookmarks.get(jid);
  if (!kept) return undefined;
  const { room: _, ...bookmark } = kept;
  return bookmark;
}
