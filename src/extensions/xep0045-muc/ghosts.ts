/**
 * Messages from rooms that the account is not in: the room takes it for an occupant since before a crash. An error makes
 * both servers drop it (XEP-0045 §18.3 in effect); presence and errors never get one.
 */
import { StanzaError } from '../../protocol/errors.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { find, nameOf } from '../../xmpp/stanza.ts';
import { isError } from '../../xmpp/stanza-error.ts';
import type { Part } from './part.ts';
import { roomsOf } from './rooms.ts';

export const ghosts: Part = {
  takes: (account, stanza, from) => {
    if (nameOf(stanza) !== 'message' || isError(stanza)) return false;
    const { gateway, sessions } = account;
    const room = roomsOf(account).get(from.bare);
    if (stanza.attrs.type !== 'groupchat') {
      // §7.5: what an occupant says in private is for occupants.
      if (room || from.resource === '' || !find(stanza, 'x', ns.mucUser)) return false;
      throw new StanzaError('service-unavailable', 'The account is not in this room');
    }
    // It will be joined again in a moment, or it has been joined; and what of it nobody reads is no ghost.
    if (room && (room.state !== 'away' || sessions.size > 0)) return true;
    // After a start: its client may be about to come back, and then the account was never away for the room.
    if (room && gateway.now() - gateway.startedAt < gateway.resumeWindow) return true;
    throw new StanzaError('service-unavailable', 'The account is not in this room');
  },
};
