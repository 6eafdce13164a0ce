/**
 * A message stanza for an account → its one event (PROTOCOL.md §11): an action on a message, a message to show, a typing
 * notice, or the stanza itself. What belongs to the archive is stored before it is an event.
 */
import type { Action, AnyEvent, Asked, ChatKey, Happening, Ignored, NewItem } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Message, MessageType } from '../protocol/objects.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';
import { detach, type Element } from '../xmpp/stanza.ts';
import { toTree } from '../xmpp/tree.ts';
import type { Account } from './account.ts';
import type { VirtualServer } from './server.ts';

export interface Incoming {
  readonly server: VirtualServer;
  readonly account: Account;
  readonly stanza: Element;
  readonly from: Jid;
  readonly type: MessageType;
  /** Where it belongs; absent: to the chat with its sender's bare JID. */
  readonly key?: ChatKey;
}

/** Resolves when it is stored, where it is to be. @throws StanzaError resource-constraint: the sender may try again */
export function receive(incoming: Incoming): Promise<undefined> | undefined {
  const { server, account, stanza, from } = incoming;
  const { object: read, content } = server.translate.message(stanza);
  // An occupant-id is a room's to give (XEP-0421 §3): others only claim to have one.
  const { occupantId: _, ...rest } = read;
  const object = { ...rest, ...incoming.key?.fields };
  const action = server.registry.action(stanza, content);
  if (action) return recordAction(incoming, action.type, action.happening, object);
  if (content) return receiveMessage(incoming, object);
  const { state } = server.translate.readTyping(stanza);
  const data = { chat: place(incoming).chat, from: server.shown(from) };
  const event: AnyEvent = state
    ? { type: 'typing', data: { ...data, state } }
    : (server.registry.notice(account, stanza, from) ?? { type: 'stanza', data: { stanza: toTree(stanza) } });
  account.inOrder(() => account.push(event, { stanza }));
  return undefined;
}

function receiveMessage(incoming: Incoming, fields: Partial<Message>): Promise<undefined> | undefined {
  const { server, account, stanza, from, type } = incoming;
  const data = messageData(incoming, fields);
  // RFC 6121 §5.2.2, XEP-0313 §5.1.1: a headline is not archived.
  if (type === 'headline') {
    const [id = crypto.randomUUID()] = idsOf(fields, stanza);
    account.push({ type: 'message', data: { id, ...data } }, { stanza });
    return undefined;
  }
  const asked: Asked = {};
  server.run('archiveIn', account, asked, stanza, from);
  const item: NewItem = {
    ...place(incoming),
    ...asked,
    type: 'message',
    ids: idsOf(fields, stanza),
    data,
    unread: true,
    // PROTOCOL.md §6: what one of ours sends again, because it saw no answer, has the same id and is one message.
    once: from.domain === server.domain,
    ...(fields.body === undefined ? {} : { text: fields.body }),
    ...(fields.reply ? { reply: detach(fields.reply.id) } : {}),
  };
  return account.record(item, { stanza }).then(() => {
    server.run('messageIn', account, { id: '', ...data }, stanza);
    return undefined;
  });
}

function recordAction(
  incoming: Incoming,
  type: Exclude<NewItem['type'], 'message' | 'message.failed'>,
  { target, of, data = {} }: Happening,
  fields: Partial<Message>,
): Promise<undefined> {
  const { server, account, stanza, from } = incoming;
  const { chat, author: sender } = place(incoming);
  if (of === 'room' || (of === 'account' && incoming.key?.stranger)) {
    server.ignored(type, 'forbidden', from.full);
    return Promise.resolve(undefined);
  }
  const author = of === 'sender' ? sender : of === 'account' ? account.jid.bare : undefined;
  const happened = { chat, from: server.shown(from), time: timeOf(server, fields, from) };
  const asked: Asked = {};
  if (type === 'message.edited') server.run('archiveIn', account, asked, stanza, from);
  const item: NewItem = {
    ...place(incoming),
    ...asked,
    type,
    strict: true,
    once: type === 'message.edited' && from.domain === server.domain,
    target: { id: detach(target), ...(author === undefined ? {} : { author }) },
    ...(type === 'message.edited'
      ? { ids: idsOf(fields, stanza), data: { ...messageData(incoming, fields), ...data }, text: fields.body ?? '' }
      : { data: { ...happened, ...data } }),
    ...(type === 'message.edited' && fields.reply ? { reply: detach(fields.reply.id) } : {}),
  };
  return account.record(item, { stanza }).then(
    () => undefined,
    (error: unknown) => ignore(server, type, from, error),
  );
}

/** What the archive does not take from this sender, or not any more, is no error to its sender. @throws what else it is */
function ignore(server: VirtualServer, type: Action['type'], from: Jid, error: unknown): undefined {
  const why = error instanceof StanzaError ? refusals[error.code] : undefined;
  if (why === undefined) throw error;
  server.ignored(type, why, from.full);
}

const refusals: Partial<Record<string, Ignored>> = { forbidden: 'forbidden', conflict: 'late' };

function place({ server, from, key }: Incoming): Pick<NewItem, 'chat' | 'author' | 'outgoing' | 'now'> {
  const { chat, author } = key ?? { chat: from.bare, author: from.bare };
  return { chat, author, outgoing: false, now: server.now() };
}

/** PROTOCOL.md §6: the one id is the origin-id, else the id attribute, else the archive's. */
function idsOf(fields: Partial<Message>, stanza: Element): string[] {
  return [...new Set([fields.originId, stanza.attrs.id])].filter(isId);
}

/** The event's data but for `id` and `archiveId`. */
function messageData(incoming: Incoming, fields: Partial<Message>): Omit<Message, 'id'> {
  const { server, account, from, type } = incoming;
  return {
    chat: place(incoming).chat,
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
