/**
 * Voice in a moderated room, XEP-0045 §7.13 (asking for it) and §8.6 (granting it).
 *   {"type":"room.voice","data":{"room":"dev@rooms.example.com"}}
 *   → <message><x xmlns="jabber:x:data" type="submit">… muc#role = participant …</x></message>
 */
import type { Account } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import { roles } from '../../protocol/rooms.ts';
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { detach, type Element } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { findForm, firstValue, submission } from '../xep0004-forms.ts';
import { takesBounce, tell } from './ask.ts';
import type { Part } from './part.ts';
import type { Room } from './room.ts';
import { joinedRoom, nickOf, roomAddress, roomsOf } from './rooms.ts';

const formType = 'http://jabber.org/protocol/muc#request';

interface Answer {
  nick?: string;
  jid?: string;
  allow?: boolean;
}

/** The form of a moderator who answers. Prosody looks for the JID, ejabberd for the nick. */
function answerForm(room: Room, { nick, jid, allow = true }: Answer): Element {
  const name = nick === undefined ? undefined : nickOf(nick);
  const known = name === undefined ? undefined : room.occupant(name);
  const real = jid === undefined ? known?.jid : address(jid, 'jid').full;
  if (name !== undefined && !known) {
    throw new StanzaError('item-not-found', `There is no ${name} in the room`, { field: 'nick' });
  }
  if (name === undefined) throw badRequest('nick', 'nick is required');
  return submission(formType, {
    'muc#role': 'participant',
    'muc#jid': real === undefined ? undefined : fromClient(room.account, real),
    'muc#roomnick': name,
    'muc#request_allow': allow ? '1' : '0',
  });
}

/** Accounts of the gateway are shown bare; the room knows them by what they sent from. */
function fromClient({ gateway, client }: Account, text: string): string {
  const jid = tryParse(text);
  return jid?.domain === gateway.domain ? `${jid.bare}/${client.resource}` : text;
}

function shown({ gateway }: Account, jid: Jid): string {
  return jid.domain === gateway.domain ? jid.bare : jid.full;
}

/** Someone asks the moderators for voice: the room forwards the form to each of them. */
function takesRequest(account: Account, stanza: Element, from: Jid): boolean {
  if (stanza.name !== 'message' || from.resource !== '') return false;
  const room = roomsOf(account).get(from.bare);
  const form = room && findForm(stanza, formType);
  const nick = firstValue(form, 'muc#roomnick');
  if (!room || !form || !nick) return false;
  // Who is no moderator (any more) has no say in it.
  if (room.state !== 'joined' || room.self?.role !== 'moderator') return true;
  const jid = tryParse(firstValue(form, 'muc#jid') ?? '');
  const role = roles.find((one) => one === firstValue(form, 'muc#role'));
  const data = {
    room: room.jid,
    nick: detach(nick),
    ...(jid ? { jid: shown(account, jid) } : {}),
    ...(role ? { role } : {}),
  };
  account.push({ type: 'room.voice.requested', data }, { stanza });
  return true;
}

export const voice: Part = {
  requests: {
    'room.voice': async ({ account }, { room: text, ...answer }) => {
      const room = joinedRoom(account, text);
      const asks = answer.nick === undefined && answer.jid === undefined && answer.allow === undefined;
      const form = asks ? submission(formType, { 'muc#role': 'participant' }) : answerForm(room, answer);
      await tell(account, roomAddress(account, text), {}, form);
      return undefined;
    },
  },
  takes: (account, stanza, from) => takesBounce(account, stanza) || takesRequest(account, stanza, from),
};
