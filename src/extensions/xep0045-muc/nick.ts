/**
 * `room.nick`: the account goes by another name in a room (XEP-0045 §7.6).
 *   {"room":"dev@rooms.example.com","nick":"al"} ↔ <presence to="dev@rooms.example.com/al"/>
 */
import type { Extension } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import { statusPresence } from './enter.ts';
import type { Room } from './room.ts';
import { joinedRoom, nickOf } from './rooms.ts';

/** Resolves to the name the room has given. @throws StanzaError conflict and whatever else the room says */
export async function rename(room: Room, nick: string): Promise<string> {
  if (nick === room.nick) return nick;
  const { gateway } = room.account;
  if (room.renaming) throw new StanzaError('conflict', 'Another change of nick is under way', { retry: true });
  const done = Promise.withResolvers<string>();
  const renaming = { nick, done };
  room.renaming = renaming;
  const timer = setTimeout(() => {
    done.reject(new StanzaError('timeout', 'The room did not answer in time', { by: room.jid }));
  }, gateway.limits.sendTimeout);
  try {
    if (!gateway.send(statusPresence(room.account, `${room.jid}/${nick}`))) {
      throw new StanzaError('link-down', 'The link to the XMPP server is down');
    }
    return await done.promise;
  } finally {
    clearTimeout(timer);
    if (room.renaming === renaming) room.renaming = undefined;
  }
}

export const requests = {
  'room.nick': async ({ account }, { room, nick }) => ({ nick: await rename(joinedRoom(account, room), nickOf(nick)) }),
} satisfies Extension['requests'];
