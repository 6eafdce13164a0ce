/** A message stanza → its one event: a message to show, a typing notice, or the stanza itself (PROTOCOL.md §11). */
import { randomUUID } from 'node:crypto';
import type { Event } from '../protocol/frames.ts';
import type { Message, MessageType } from '../protocol/objects.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';
import type { Element } from '../xmpp/stanza.ts';
import { toTree } from '../xmpp/tree.ts';
import type { Account } from './account.ts';
import type { VirtualServer } from './server.ts';

export function messageEvent(
  server: VirtualServer,
  account: Account,
  stanza: Element,
  from: Jid,
  type: MessageType,
): Event {
  const { object, content } = server.translate.message(stanza);
  if (content) return { type: 'message', data: message(server, account, stanza, from, type, object) };
  const { state } = server.translate.readTyping(stanza);
  if (state) return { type: 'typing', data: { chat: from.bare, from: server.shown(from), state } };
  return { type: 'stanza', data: { stanza: toTree(stanza) } };
}

function message(
  server: VirtualServer,
  account: Account,
  stanza: Element,
  from: Jid,
  type: MessageType,
  fields: Partial<Message>,
): Message {
  return {
    // PROTOCOL.md §6: origin-id, else the id attribute, else one of our own.
    id: [fields.originId, stanza.attrs.id].find(isId) ?? randomUUID(),
    chat: from.bare,
    type,
    from: server.shown(from),
    to: account.jid.bare,
    ...ownStanzaIdsRemoved(fields, server.domain),
    time: timeOf(server, fields, from),
  };
}

/** A `delay` moves the time only where the sender's own domain stamped it, and never into the future. */
function timeOf(server: VirtualServer, fields: Partial<Message>, from: Jid): string {
  const now = server.now();
  const delayed = fields.delay?.from === from.domain ? Date.parse(fields.delay.time) : Number.NaN;
  return new Date(Number.isNaN(delayed) ? now : Math.min(delayed, now)).toISOString();
}

/** Long enough for anything that servers and clients make; longer ones are meant to cost. */
const maxIdChars = 1024;

function isId(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text.length <= maxIdChars;
}

/** XEP-0359 §3, rule 2: a stanza-id that claims to be by us is not by us. */
function ownStanzaIdsRemoved({ stanzaIds = [], ...fields }: Partial<Message>, domain: string): Partial<Message> {
  const others = stanzaIds.filter(({ by }) => tryParse(by)?.domain !== domain);
  return others.length === 0 ? fields : { ...fields, stanzaIds: others };
}
