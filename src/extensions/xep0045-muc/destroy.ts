/**
 * The end of a room, XEP-0045 §10.9. Its occupants, the owner among them, get `room.left`.
 *   {"type":"room.destroy","data":{"room":"dev@rooms.example.com","reason":"done"}}
 *   → <query xmlns="http://jabber.org/protocol/muc#owner"><destroy><reason>done</reason></destroy></query>
 */
import { el } from '../../xmpp/stanza.ts';
import { askOwner, optionalChild } from './ask.ts';
import type { Part } from './part.ts';
import { roomAddress } from './rooms.ts';

export const destruction: Part = {
  requests: {
    'room.destroy': async ({ account }, { room, reason, alternate, password }) => {
      const jid = alternate === undefined ? undefined : roomAddress(account, alternate, 'alternate').bare;
      const children = [optionalChild('password', password), optionalChild('reason', reason)];
      await askOwner(account, roomAddress(account, room), 'set', el('destroy', { jid }, ...children));
      return undefined;
    },
  },
};
