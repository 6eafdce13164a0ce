/**
 * A room's subject, XEP-0045 §8.1, the sending side.
 *   {"type":"room.subject","data":{"room":"dev@rooms.example.com","subject":"Release day"}}
 *   → <message type="groupchat" to="dev@rooms.example.com"><subject>Release day</subject></message>
 */
import { el } from '../../xmpp/stanza.ts';
import { tell } from './ask.ts';
import type { Part } from './part.ts';
import { roomAddress } from './rooms.ts';

export const subject: Part = {
  requests: {
    'room.subject': async ({ account }, { room, subject }) => {
      // An empty one takes the subject away.
      await tell(account, roomAddress(account, room), { type: 'groupchat' }, el('subject', {}, subject || undefined));
      return undefined;
    },
  },
};
