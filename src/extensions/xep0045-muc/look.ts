/** Whether a message that was sent has come into the room, as the room's archive knows it. */
import { archiveOf } from './archive.ts';
import { feedOf } from './feed.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';

/** Clocks differ by so much. */
const skewMs = 5 * 60 * 1000;
/** 1,000 messages back. */
const maxPages = 10;

/** The message with that id of the account's own, newest first, back to when it was sent (epoch ms). */
export async function lookFor(room: Room, id: string, sentAt: number): Promise<Said | undefined> {
  const { account, jid, nick, shared } = room;
  const feed = feedOf(account.gateway, shared);
  const bounds = { pages: maxPages, max: 100, within: account.gateway.limits.sendTimeout };
  for await (const page of archiveOf(account).back(account, jid, bounds)) {
    for (const item of page.items.toReversed()) {
      const said = feed.learn(item);
      if (said && (said.originId === id || said.idAttribute === id) && said.nick === nick) return said;
      if (said && Date.parse(said.time) < sentAt - skewMs) return undefined;
    }
  }
  return undefined;
}
