/**
 * XEP-0377 Spam Reporting 0.3.1: what a user who blocks someone tells the gateway's operator, with the messages it is about
 * (XEP-0297), as a message that people can read and that a bot can.
 *   {"jids":["eve@example.org"],"report":"spam","text":"…"}
 *   → <report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:reporting:spam"><jid xmlns="urn:xmpp:jid:0">eve@example.org</jid>…
 */
import { randomUUID } from 'node:crypto';
import { type Account, extension, xep } from '../extension.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { RequestData } from '../protocol/frames.ts';
import type { Jid } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el } from '../xmpp/stanza.ts';

export type Report = Pick<RequestData<'block.add'>, 'report' | 'text' | 'messages'>;

/** A report waits so long for the link. */
const deliverMs = 3600_000;

/**
 * The message that reports them; nothing where nothing is reported.
 * @throws StanzaError feature-not-implemented where reports go nowhere, bad-request
 */
export async function reportOf(account: Account, jids: readonly Jid[], data: Report): Promise<Element | undefined> {
  const { report, text, messages = [] } = data;
  if (report === undefined) {
    const [field] = text !== undefined ? ['text'] : messages.length > 0 ? ['messages'] : [];
    if (field) throw badRequest(field, `${field} is part of a report`);
    return undefined;
  }
  const { gateway, jid } = account;
  const to = gateway.reportsTo;
  if (to === undefined) {
    throw new StanzaError('feature-not-implemented', 'Nobody here takes reports', { field: 'report' });
  }
  const named = jids.map(({ full }) => full).join(', ');
  const words = `${jid.bare} has blocked ${named} and reports ${report}${text ? `: ${text}` : ''}`;
  const stanza = el('message', { from: gateway.domain, to, id: randomUUID() }, el('body', {}, words));
  for (const { full } of jids) {
    const element = el('report', { xmlns: ns.reporting, reason: `urn:xmpp:reporting:${report}` });
    append(element, el('jid', { xmlns: ns.jid }, full));
    if (text) append(element, el('text', {}, text));
    append(stanza, element);
  }
  for (const forwarded of await evidence(account, jids, messages)) append(stanza, forwarded);
  return stanza;
}

/** It must arrive, but nobody waits for it. */
export function send({ gateway }: Account, stanza: Element): void {
  gateway.deliver(stanza, gateway.now() + deliverMs).done.catch(() => undefined);
}

/** Those of the messages that are in the account's archive and came from there. */
async function evidence(account: Account, jids: readonly Jid[], ids: readonly string[]): Promise<Element[]> {
  if (ids.length === 0) return [];
  const { archive, jid } = account;
  const chats = [...new Set(jids.filter(({ local }) => local !== '').map(({ bare }) => bare))];
  const pages = await Promise.all(
    chats.map((chat) => archive.history(jid.bare, { chat, ids, max: ids.length, view: 'folded' })),
  );
  const found = pages.flatMap(({ items }) => items).filter(({ data }) => data.outgoing !== true);
  return found.map(({ data }) => {
    const { id, from, body, time } = data;
    const message = el('message', { xmlns: ns.client, from: String(from), to: jid.bare, id: String(id) });
    if (typeof body === 'string') append(message, el('body', {}, body));
    const delay = el('delay', { xmlns: ns.delay, stamp: String(time) });
    return el('forwarded', { xmlns: ns.forward }, delay, message);
  });
}

export default extension({ spec: xep('0377', '0.3.1') });
