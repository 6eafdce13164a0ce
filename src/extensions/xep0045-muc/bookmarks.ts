/** The account's bookmarks of rooms (XEP-0402). */
import type { Account } from '../../extension.ts';
import type { Bookmark } from '../../protocol/rooms.ts';

/** By the room's bare JID. */
export function bookmarksOf(_account: Account): ReadonlyMap<string, Bookmark> {
  return new Map();
}
