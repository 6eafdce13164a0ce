/** What the requests about a room have in common: queries to it, and messages that it may refuse. */
import { randomUUID } from 'node:crypto';
import { type Account, slot } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Child, type Element, el } from '../../xmpp/stanza.ts';
import { readError } from '../../xmpp/stanza-error.ts';
import { ask } from '../discovery.ts';

/** A query of an admin (XEP-0045 §9). @returns the answer's payload */
export function askAdmin(account: Account, room: Jid, type: 'get' | 'set', ...items: Element[]) {
  return ask(account, room, type, el('query', { xmlns: ns.mucAdmin }, ...items));
}

/** A query of an owner (§10). */
export function askOwner(account: Account, room: Jid, type: 'get' | 'set', ...children: Child[]) {
  return ask(account, room, type, el('query', { xmlns: ns.mucOwner }, ...children));
}

/** A child with text, where there is text. */
export function optionalChild(name: string, text: string | undefined): Element | undefined {
  return text === undefined || text === '' ? undefined : el(name, {}, text);
}

/** Messages that were sent to rooms and may come back as errors, by id. */
const tellings = slot(() => new Map<string, (error: StanzaError) => void>());

/**
 * Tells a room something, and waits until the room has taken it. A message has no answer; but a room handles what one
 * sends it in order (both servers, tried), so the answer to a query behind it proves that no error came before.
 * @throws StanzaError what the room says against it
 */
export function tell(account: Account, room: Jid, attrs: { type?: string }, ...children: Child[]): Promise<void> {
  const message = el('message', { from: account.client.full, to: room.bare, id: randomUUID(), ...attrs }, ...children);
  return unlessItBounces(account, message, async () => {
    if (!account.gateway.send(message)) throw new StanzaError('link-down', 'the XMPP server cannot be reached');
    try {
      await ask(account, room, 'get', el('query', { xmlns: ns.discoInfo }));
    } catch (error) {
      // An error by the room is an answer as well.
      if (error instanceof StanzaError && error.details.by !== undefined) return;
      throw new StanzaError('unconfirmed', 'The room did not confirm the message in time');
    }
  });
}

/** Sends a message by `taken`, which resolves when it has arrived; rejects where its error comes before that. */
export async function unlessItBounces(account: Account, message: Element, taken: () => Promise<void>): Promise<void> {
  const { id = '' } = message.attrs;
  const waiting = account.slot(tellings);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  waiting.set(id, reject);
  taken().then(resolve, reject);
  await promise.finally(() => waiting.delete(id));
}

/** Is this error the answer to something that a room was told? Then it is taken. */
export function takesBounce(account: Account, stanza: Element): boolean {
  if (stanza.name !== 'message' || stanza.attrs.type !== 'error') return false;
  const refuse = account.slot(tellings).get(stanza.attrs.id ?? '');
  refuse?.(readError(stanza));
  return refuse !== undefined;
}
