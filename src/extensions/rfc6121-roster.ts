/**
 * RFC 6121 §2–§3, contacts: so far the side of the contact who asks to see the account.
 *   <presence type="subscribe"><nick xmlns="http://jabber.org/protocol/nick">Carol</nick></presence>
 *   → {"type":"contact.request","data":{"jid":"carol@example.org","nick":"Carol"}}
 */
import { type Account, extension, type PresenceIn, type RosterItem, rfc } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { ContactRequest } from '../protocol/objects.ts';
import { ns } from '../xmpp/namespaces.ts';
import { childText, detach, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { presenceTo } from './rfc6121-presence.ts';

type Change = (account: Account, item: RosterItem, presence: PresenceIn) => Promise<void>;

/** Inbound subscription stanzas (§3.1.3, §3.2.3, §3.3.3, §3.1.6). */
const inbound: Record<string, Change> = {
  subscribe: async (account, item, { stanza }) => {
    if (isSeen(item)) return answer(account, item.jid, 'subscribed');
    const nick = childText(stanza, 'nick', ns.nick);
    const message = childText(stanza, 'status', '');
    const isNew = item.request === undefined;
    const request = { ...(nick ? { nick: detach(nick) } : {}), ...(message ? { message: detach(message) } : {}) };
    const asked = { ...item, request };
    await account.roster.save(asked);
    // §3.1.3: a request that is repeated at each of the contact's logins is shown once.
    if (isNew) account.push({ type: 'contact.request', data: toRequest(asked) });
  },
  unsubscribe: async (account, item) => {
    if (!isSeen(item) && !item.request) return;
    // §3.3.3: acknowledged, and unavailable from now on.
    if (isSeen(item))
      account.gateway.send(el('presence', { from: account.client.full, to: item.jid, type: 'unavailable' }));
    answer(account, item.jid, 'unsubscribed');
    await keep(account, {
      ...without(item, 'request'),
      subscription: item.subscription === 'both' ? 'to' : withoutFrom(item),
    });
  },
  subscribed: async (account, item) => {
    if (!item.ask) return;
    await keep(account, { ...without(item, 'ask'), subscription: item.subscription === 'from' ? 'both' : 'to' });
  },
  unsubscribed: async (account, item) => {
    await keep(account, { ...without(item, 'ask'), subscription: isSeen(item) ? 'from' : 'none' });
  },
};

function isSeen(item: RosterItem): boolean {
  return item.subscription === 'from' || item.subscription === 'both';
}

function withoutFrom(item: RosterItem): RosterItem['subscription'] {
  return item.subscription === 'from' ? 'none' : item.subscription;
}

function without(item: RosterItem, key: 'request' | 'ask'): RosterItem {
  const { [key]: _gone, ...rest } = item;
  return rest;
}

/** An item that says nothing any more is no item. */
function keep(account: Account, item: RosterItem): Promise<void> {
  const says =
    item.subscription !== 'none' || item.ask || item.approved || item.request || item.name || item.groups.length > 0;
  if (says) return account.roster.save(item);
  return account.roster.get(item.jid) ? account.roster.remove(item.jid) : Promise.resolve();
}

/** Subscription stanzas are between bare JIDs (§3.1.2). */
function answer(account: Account, to: string, type: 'subscribed' | 'unsubscribed'): void {
  account.gateway.send(el('presence', { from: account.jid.bare, to, type }));
}

function toRequest({ jid, request }: RosterItem): ContactRequest {
  return { jid, ...request };
}

function requestsOf(account: Account): ContactRequest[] {
  return [...account.roster.values()].filter((item) => item.request).map(toRequest);
}

/** The contact whose request waits. @throws StanzaError item-not-found */
function waiting(account: Account, jid: string): RosterItem {
  const item = account.roster.get(address(jid, 'jid').bare);
  if (!item?.request)
    throw new StanzaError('item-not-found', `No request of ${jid} waits for an answer`, { field: 'jid' });
  return item;
}

export default extension({
  spec: rfc(6121, '3'),
  requests: {
    'contact.approve': async ({ account }, { jid }) => {
      const item = waiting(account, jid);
      const { subscription } = item;
      const approved = { ...without(item, 'request'), subscription: subscription === 'to' ? 'both' : 'from' } as const;
      await account.roster.save(approved);
      answer(account, item.jid, 'subscribed');
      // §3.1.5: the contact learns the presence at once.
      if (account.presence) account.gateway.send(presenceTo(account, item.jid));
      return undefined;
    },
    'contact.deny': async ({ account }, { jid }) => {
      const item = waiting(account, jid);
      await keep(account, without(item, 'request'));
      answer(account, item.jid, 'unsubscribed');
      return undefined;
    },
  },
  hooks: {
    presenceIn: (account, presence) => {
      if (!Object.hasOwn(inbound, presence.type)) return undefined;
      const jid = detach(presence.from.bare);
      const item = account.roster.get(jid) ?? { jid, groups: [], subscription: 'none' };
      return inbound[presence.type]?.(account, item, presence);
    },
    // Kept until answered: a session that takes no snapshot is told now.
    sessionOpen: (session) => {
      if (session.wants.has('contacts')) return;
      for (const data of requestsOf(session.account)) session.push({ type: 'contact.request', data });
    },
  },
  snapshots: {
    contacts: (account) => ({
      contacts: [...account.roster.values()]
        .filter((item) => item.subscription !== 'none' || item.ask || item.name || item.groups.length > 0)
        .map((item) => without(item, 'request')),
      requests: requestsOf(account),
    }),
  },
});
