/**
 * XEP-0172 User Nickname 1.1: what somebody calls themselves. A claim, never an identity; it comes with a request to
 * subscribe, and some clients send it with every presence. An account's own one is at a node of its PEP service.
 *   {"nick":"Carol"} ← <nick xmlns="http://jabber.org/protocol/nick">Carol</nick>
 */
import { type Account, extension, xep } from '../extension.ts';
import { childText } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el } from '../xmpp/stanza.ts';
import type { PepNode } from './pep-node.ts';
import { profileOf } from './profile/own.ts';

/** More of a nick is not shown. */
const maxLength = 1023;

const text = childText('nick', ns.nick);

export const nick = {
  ...text,
  read: (stanza: Element) => text.read(stanza)?.slice(0, maxLength).toWellFormed() || undefined,
};

export const nickNode: PepNode = {
  name: ns.nick,
  item: (account) => {
    const own = profileOf(account).nick;
    return { id: 'current', payload: el('nick', { xmlns: ns.nick }, own) };
  },
};

/** §4.2: whom a request comes from. */
export function appendNick(account: Account, stanza: Element): void {
  const own = profileOf(account).nick;
  if (own !== undefined) append(stanza, el('nick', { xmlns: ns.nick }, own));
}

export default extension({
  spec: xep('0172', '1.1'),
  features: { client: [`${ns.nick}+notify`] },
  presence: { nick },
});
