/** The rooms that are kept: joined and not left, whatever becomes of sessions and of the link. */
import type { PushOptions } from '../../extension.ts';
import type { EventData } from '../../protocol/frames.ts';
import { positionsOf } from './position.ts';
import { notJoined, type Room } from './room.ts';
import { roomsOf } from './rooms.ts';
import { giveUp } from './send.ts';

export type Left = EventData<'room.left'>;

/** Keeps a room, or what has changed of it. @throws StanzaError resource-constraint */
export async function remember({ account, jid, nick, password }: Room): Promise<void> {
  const { password: _, ...kept } = account.memberships.get(jid) ?? { jid, nick };
  await account.memberships.save({ ...kept, nick, ...(password === undefined ? {} : { password }) });
}

/** The account is no member any more. What the store cannot do now is done with the next change of this room. */
export function forget(room: Room): void {
  const { account } = room;
  roomsOf(account).delete(room);
  positionsOf(account)
    .remove(room.jid)
    .catch(() => undefined);
  account.memberships.remove(room.jid).catch(() => undefined);
}

/** Tells the sessions that the account is not in a room any more. */
export function left(room: Room, data: Omit<Left, 'room'>, options?: PushOptions): void {
  room.shownJoined = false;
  giveUp(room, notJoined(room.jid));
  const event = { type: 'room.left', data: { room: room.jid, ...data } } as const;
  room.account.inOrder(() => room.account.push(event, options));
}
