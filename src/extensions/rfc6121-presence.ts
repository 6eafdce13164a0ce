/**
 * RFC 6121 §4, presence: what the account's contacts see of it, and what it sees of them.
 *   {"show":"away","status":"lunch"} ↔ <presence><show>away</show><status>lunch</status></presence>
 */
import { type Account, extension, type Gateway, type PresenceIn, rfc } from '../extension.ts';
import { childText } from '../fields.ts';
import type { Show } from '../protocol/objects.ts';
import { parse } from '../xmpp/jid.ts';
import { type Element, el } from '../xmpp/stanza.ts';

const shows: readonly string[] = ['chat', 'away', 'xa', 'dnd'] satisfies Show[];
const show = childText('show', '');

/** §4.3: does the contact see the account's presence? */
function sees(account: Account, contact: string): boolean {
  const subscription = account.roster.get(contact)?.subscription;
  return subscription === 'from' || subscription === 'both';
}

/** The account's presence as a stanza to one contact. */
export function presenceTo(account: Account, to: string): Element {
  const { presence, gateway } = account;
  if (!presence) return el('presence', { from: account.client.full, to, type: 'unavailable' });
  const stanza = el('presence', { from: account.client.full, to });
  gateway.translate.writePresence(stanza, presence);
  gateway.run('presenceOut', account, stanza);
  return stanza;
}

/** Tells whoever may see the account; what the link dropped is owed. */
function broadcast(account: Account, wants: (domain: string) => boolean = () => true): void {
  for (const { jid } of account.roster.values()) {
    if (!sees(account, jid) || !wants(parse(jid).domain)) continue;
    if (!account.gateway.send(presenceTo(account, jid))) account.owesPresence = true;
  }
}

/** Tells the contacts, once per change however many sessions there are (§4.4.2). */
function announce(account: Account): void {
  const { presence, announced } = account;
  if (presence?.show === announced?.show && presence?.status === announced?.status && !presence === !announced) return;
  account.announced = presence;
  broadcast(account);
}

function probed(account: Account, from: PresenceIn['from']): void {
  // §4.3.2: a stranger learns nothing, and that it has no subscription.
  const answer = sees(account, from.bare)
    ? presenceTo(account, from.full)
    : el('presence', { from: account.jid.bare, to: from.bare, type: 'unsubscribed' });
  account.gateway.send(answer);
}

function linkUp(gateway: Gateway): void {
  // Whoever came online meanwhile asked a server that could not reach us, and nobody heard of who went.
  for (const account of gateway.accounts) {
    if (!account.presence && !account.owesPresence) continue;
    account.owesPresence = false;
    broadcast(account, (domain) => domain !== gateway.domain);
  }
}

export default extension({
  spec: rfc(6121, '4'),
  presence: {
    show: {
      ...show,
      read: (stanza) => {
        const value = show.read(stanza);
        return shows.includes(value ?? '') ? (value as Show) : undefined;
      },
    },
    status: childText('status', ''),
  },
  requests: {
    'presence.set': (session, data) => {
      session.presence = data;
      session.presenceAt = Date.now();
      announce(session.account);
      return undefined;
    },
  },
  hooks: {
    presenceIn: (account, { type, from, stanza }) => {
      if (type === 'probe') return probed(account, from);
      if (type !== 'available' && type !== 'unavailable') return;
      const ours = from.domain === account.gateway.domain;
      const data = {
        from: ours ? from.bare : from.full,
        user: from.bare,
        type,
        ...account.gateway.translate.readPresence(stanza),
      } as const;
      account.push({ type: 'presence', data }, { stanza });
    },
    sessionOpen: ({ account }) => announce(account),
    sessionClose: ({ account }) => announce(account),
    linkUp,
  },
});
