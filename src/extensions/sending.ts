/**
 * A message of a client on its way to somebody: checked, completed with what is known of the message it answers, and written
 * in the order in which it was sent.
 */
import { hash } from 'node:crypto';
import { type Account, type Session, slot } from '../extension.ts';
import type { MessageContent } from '../protocol/content.ts';
import type { RequestResult } from '../protocol/frames.ts';
import type { Message } from '../protocol/objects.ts';
import type { Extra } from '../protocol/raw.ts';
import type { Jid } from '../xmpp/jid.ts';
import { type Element, el } from '../xmpp/stanza.ts';
import { firstPoints, pointsIn } from './code-points.ts';
import { split } from './file-parts.ts';
import { messageOf } from './message-content.ts';

type Sent = RequestResult<'message.send'>;

export interface Outgoing {
  readonly to: Jid;
  readonly id: string;
  readonly type: Message['type'];
  readonly content: MessageContent & { readonly extra?: Extra };
  /** Its conversation, where that is not the bare JID of `to`. */
  readonly chat?: string;
  /** Adds to the stanza what the conversation is of. */
  readonly mark?: (stanza: Element) => void;
}

/** To a person, or to an occupant of a room. @throws StanzaError */
export function sendTo(session: Session, outgoing: Outgoing): Promise<Sent> {
  const { account, gateway } = session;
  const { to, id, type, content, mark } = outgoing;
  const message = messageOf(content);
  const chat = outgoing.chat ?? to.bare;
  return inTurn(account, chat, message.reply && completed(account, chat, message), (known) => {
    const stanza = el('message', { from: account.client.full, to: to.full, id, type });
    gateway.translate.writeMessage(stanza, { ...(known ?? message), originId: id });
    gateway.run('messageOut', account, stanza);
    mark?.(stanza);
    const several = split(stanza);
    return account.deliver(session, {
      id,
      to,
      type,
      stanza,
      ...(outgoing.chat === undefined ? {} : { chat: outgoing.chat }),
      ...(several ? { parts: [several.main, ...several.parts(id)] } : {}),
      // What is known of the other message may be another thing when this one is sent again.
      ...(known ? { digest: digestOf(chat, content) } : {}),
    });
  });
}

/** Of what a client has written, in whatever order. */
export function digestOf(chat: string, content: object): string {
  return hash('sha1', JSON.stringify([chat, Object.entries(content).toSorted(([a], [b]) => (a < b ? -1 : 1))]));
}

/** XEP-0461 §4.1: in 1:1 a message goes by its origin-id, else by its id attribute. */
export async function completed(account: Account, chat: string, message: Partial<Message>): Promise<Partial<Message>> {
  const { reply, body } = message;
  if (!reply) return message;
  const known = await account.archive.message(account.jid.bare, chat, reply.id);
  if (!known) return message;
  const { data } = known.item;
  const from = known.outgoing ? account.client.full : String(data.from);
  const quote = body === undefined ? undefined : quoteOf(data);
  return {
    ...message,
    reply: { to: from, ...(quote === undefined ? {} : { quote }), ...reply, id: known.ids[0] ?? reply.id },
  };
}

/** So much of a message is said again to those who do not see what is answered. */
const quoted = { points: 300, lines: 5 };

/** What of a message others may be shown again. */
export function quoteOf({ body, spoiler }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof body !== 'string' || body.trim() === '' || spoiler !== undefined) return undefined;
  const text = body.trim().split(/\r?\n/).slice(0, quoted.lines).join('\n');
  return pointsIn(text) > quoted.points ? `${firstPoints(text, quoted.points)}…` : text;
}

/** The last of what waits, by conversation. */
const turns = slot(() => new Map<string, Promise<unknown>>());

/** Runs it at once, or behind what was sent to that chat before and still waits for what has to be known first. */
export function inTurn<A, B>(
  account: Account,
  chat: string,
  first: Promise<A> | undefined,
  then: (known: A | undefined) => Promise<B>,
): Promise<B> {
  const waiting = account.slot(turns);
  const before = waiting.get(chat);
  if (!before && !first) return then(undefined);
  const ready = Promise.all([first, before?.catch(() => undefined)]);
  const last = ready.catch(() => undefined);
  waiting.set(chat, last);
  const done = ready.then(([known]) => {
    // Before anything else can be asked of it: what is begun is in order from here on.
    const begun = then(known);
    if (waiting.get(chat) === last) waiting.delete(chat);
    return begun;
  });
  // What could not be begun holds nobody up.
  void done.catch(() => {
    if (waiting.get(chat) === last) waiting.delete(chat);
  });
  return done;
}
