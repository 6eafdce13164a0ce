/**
 * The end of a room, XEP-0045 §10.9. Its occupants, the owner among them, get `room.left`.
 *   {"type":"room.destroy","data":{"room":"dev@rooms.example.com","reason":"done"}}
 *   → <query xmlns="http://jabber.org/protocol/muc#owner"><destroy><reason>done</reason></destroy></query>
 */
import { el } from '../../xmpp/stanza.ts';
import { askOwner, optionalChild } from './ask.ts';
import { forget, left } from './membership.ts';
import type { Part } from './part.ts';
import { notJoined } from './room.ts';
import { roomAddress, roomsOf } from './rooms.ts';

export const destruction: Part = {
  requests: {
    'room.destroy': async ({ account }, { room, reason, alternate, password }) => {
      const jid = alternate === undefined ? undefined : roomAddress(account, alternate, 'alternate').bare;
      const children = [optionalChild('password', password), optionalChild('reason', reason)];
      const address = roomAddress(account, room);
      await askOwner(account, address, 'set', el('destroy', { jid }, ...children));
      const known = roomsOf(account).get(address.bare);
      // COMPAT(ejabberd 23.01): on its way out the room may not tell who has ended it.
      if (known?.state === 'joined') {
        known.out(notJoined(known.jid));
        left(known, {
          cause: 'destroyed',
          rejoin: false,
          statusCodes: [],
          ...(reason === undefined ? {} : { reason }),
          ...(jid === undefined ? {} : { alternate: { room: jid, ...(password === undefined ? {} : { password }) } }),
        });
        forget(known);
      }
      return undefined;
    },
  },
};
