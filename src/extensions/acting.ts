/**
 * Acting on messages (PROTOCOL.md §10): what edits, retractions and reactions have in common. The message is found by its
 * one id; what is said of it on the XMPP side names the id that the XEP wants there.
 */
import { hash } from 'node:crypto';
import { type Act, type Acted, type Session, type StoredMessage, slot, type Target } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { Message } from '../protocol/objects.ts';
import type { Jid } from '../xmpp/jid.ts';
import { type Element, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { chatKey } from './chat-key.ts';

/** By chat and message, the last of the actions on it: each sees what the one before has made of the message. */
const lines = slot(() => new Map<string, Promise<unknown>>());

/** Acts on a message of any conversation. @throws StanzaError item-not-found, forbidden, and what sending throws */
export async function act(session: Session, address_: string, action: Act): Promise<Acted> {
  const { account, gateway } = session;
  const to = address(address_, 'to');
  const waiting = account.slot(lines);
  const key = `${to.full}\n${action.target}`;
  const before = waiting.get(key);
  const service = gateway.serving(account, to);
  const run = () => (service?.act ? service.act(session, action, to) : actInChat(session, action, to));
  const done = before ? before.then(run) : run();
  const settled = done.catch(() => undefined);
  waiting.set(key, settled);
  void settled.then(() => {
    if (waiting.get(key) === settled) waiting.delete(key);
  });
  return done;
}

/** In a conversation that the account's own archive has; `label` adds what every message to there has. */
export async function actInChat(
  session: Session,
  action: Act,
  to: Jid,
  label?: (stanza: Element) => void,
): Promise<Acted> {
  const { account } = session;
  const chat = await chatKey(account, to);
  // What was sent a moment ago is archived when it has arrived.
  await account.sent(action.target);
  const stored = await account.archive.message(account.jid.bare, chat, action.target);
  if (!stored) throw noSuchMessage();
  const target = targetOf(stored);
  const { type = 'chat' } = target.message;
  if (action.isDone(target)) return { id: target.id, chat, type, time: String(target.message.time) };
  const stanza = el('message', { from: account.client.full, to: to.full, id: action.id, type });
  await action.write(stanza, target, 'chat');
  const parts = action.parts?.(stanza, target) ?? [];
  for (const one of [stanza, ...parts]) label?.(one);
  const { archiveId } = stored.item;
  return account.deliver(session, {
    id: action.id,
    to,
    type,
    stanza,
    ...(parts.length > 0 ? { parts: [stanza, ...parts] } : {}),
    chat,
    digest: hash('sha1', `${chat}\n${action.digest}`),
    action: { type: action.type, target: { id: target.id, archiveId }, ...(action.data ? { data: action.data } : {}) },
  });
}

function targetOf({ item, outgoing, ids }: StoredMessage): Target {
  // What was archived as a message is one.
  const message = item.data as Partial<Message>;
  const idAttribute = ids.at(-1);
  const { originId } = message;
  return {
    id: String(item.data.id),
    own: outgoing,
    ...(idAttribute === undefined ? {} : { idAttribute }),
    ...(originId === undefined ? {} : { originId }),
    message,
  };
}

/** @throws StanzaError forbidden: the message is not the account's; item-not-found: it never arrived, or was taken back */
export function mustBeOwn({ own, message }: Target): void {
  if (!own) throw new StanzaError('forbidden', 'The message was sent by somebody else', { field: 'id' });
  mustBeThere({ message });
}

export function mustBeThere({ message: { retracted, status } }: Pick<Target, 'message'>): void {
  if (retracted) throw new StanzaError('item-not-found', 'The message was taken back', { field: 'id' });
  if (status === 'failed') throw new StanzaError('item-not-found', 'The message did not arrive', { field: 'id' });
}

export function noSuchMessage(): StanzaError {
  return new StanzaError('item-not-found', 'There is no such message in this conversation', { field: 'id' });
}

/** @throws StanzaError where the message has no id that others know */
export function known(id: string | undefined): string {
  if (id !== undefined) return id;
  throw new StanzaError('feature-not-implemented', 'The message has no id by which others could know it', {
    field: 'id',
  });
}
