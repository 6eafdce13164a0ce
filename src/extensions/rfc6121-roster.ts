/**
 * RFC 6121 §2–§3, contacts and subscriptions. What the stanzas do is in `subscription.ts`; here they are read and
 * written, and the account's sessions learn of it.
 *   <presence type="subscribe"><nick xmlns="http://jabber.org/protocol/nick">Carol</nick></presence>
 *   → {"type":"contact.request","data":{"jid":"carol@example.org","nick":"Carol"}}
 */
import { type Account, extension, type PresenceIn, type RosterItem, rfc, type Session } from '../extension.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { Contact, ContactRequest } from '../protocol/objects.ts';
import { blockedError } from '../xmpp/blocking.ts';
import { parse } from '../xmpp/jid.ts';
import { append, childText, detach, type Element, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { bareTo, deliver, hideFrom, known, presenceTo, subscribeTo } from './availability.ts';
import { vanish } from './rfc6121-presence.ts';
import { type Change, isChange, isSeen, receive, sees, send, stateOf } from './subscription.ts';
import { welcome } from './xep0163-pep.ts';
import { nick } from './xep0172-nick.ts';

/** More of a request's message is not kept. */
const maxMessage = 1023;
/** Requests that may wait for an answer; strangers make them. */
const maxRequests = 1000;
const maxContacts = 10_000;

/** An item that says nothing is none: it stood for a request that was answered, or ended. */
function saysNothing(item: RosterItem): boolean {
  return !isContact(item) && !item.request;
}

function isContact({ subscription, ask, approved, name, groups }: RosterItem): boolean {
  return subscription !== 'none' || ask === true || approved === true || name !== undefined || groups.length > 0;
}

function isSame(a: RosterItem, b: RosterItem): boolean {
  const groups = a.groups.length === b.groups.length && a.groups.every((group) => b.groups.includes(group));
  return groups && stateOf(a) === stateOf(b) && a.name === b.name && a.approved === b.approved;
}

function itemOf(account: Account, jid: string): RosterItem {
  return account.roster.get(jid) ?? { jid, groups: [], subscription: 'none' };
}

function toContact(account: Account, { request, ...item }: RosterItem): Contact {
  const [presence] = account.slot(known).of(item.jid);
  return { ...item, ...(request ? { request: true } : {}), ...(presence ? { presence } : {}) };
}

function toRequest({ jid, request }: RosterItem): ContactRequest {
  return { jid, ...request };
}

function snapshot(account: Account): { items: Contact[]; requests: ContactRequest[] } {
  const all = [...account.roster.values()];
  return {
    items: all.filter(isContact).map((item) => toContact(account, item)),
    requests: all.filter(({ request }) => request).map(toRequest),
  };
}

/** Stores what became of an item, and tells every session. */
async function keep(account: Account, item: RosterItem): Promise<void> {
  if (!saysNothing(item)) {
    const before = account.roster.get(item.jid);
    await account.roster.save(item);
    if (before && isSame(before, item)) return;
    // What it has become meanwhile, if it has: the last event must be the truth.
    const now = account.roster.get(item.jid);
    if (now && isContact(now)) account.push({ type: 'contact', data: toContact(account, now) });
    return;
  }
  if (!account.roster.get(item.jid)) return;
  await account.roster.remove(item.jid);
  account.push({ type: 'contact.removed', data: { jid: item.jid } });
}

/** What the user decides goes out once it is stored. Stanzas about subscriptions are few, and must arrive. */
async function decide(account: Account, before: RosterItem, changes: Change[], after = before, message?: string) {
  const routed: Change[] = [];
  let item = after;
  for (const change of changes) {
    const sent = send(item, change);
    item = sent.item;
    if (sent.route) routed.push(change);
  }
  await keep(account, item);
  // §3.2.2: before the stanza that ends the subscription, for then it would be a stranger's.
  if (sees(before) && !sees(item)) hideFrom(account, before);
  for (const change of routed) deliver(account, stanzaOf(account, item.jid, change, message));
  // §3.1.5: the contact learns the presence at once.
  if (!sees(before) && sees(item)) await showTo(account, item);
  if (isSeen(before) && !isSeen(item)) vanish(account, item.jid);
}

function stanzaOf(account: Account, to: string, change: Change, message?: string): Element {
  const stanza = change === 'subscribe' ? subscribeTo(account, to) : bareTo(account, to, change);
  if (change === 'subscribe' && message) append(stanza, el('status', {}, message));
  return stanza;
}

/** The contact's side of it. */
async function hear(account: Account, change: Change, { from, stanza }: PresenceIn): Promise<void> {
  const before = itemOf(account, detach(from.bare));
  const {
    item,
    deliver: isNews,
    reply,
  } = receive(before, change, change === 'subscribe' ? requestIn(stanza) : undefined);
  if (item.request && !before.request && isFull(account)) return;
  if (change === 'subscribe' && before.request) return again(account, before, requestIn(stanza));
  if (item !== before && change === 'subscribe' && isNews) {
    await account.roster.save(item);
    account.push({ type: 'contact.request', data: toRequest(item) });
  } else if (item !== before) {
    await keep(account, item);
  }
  if (reply) deliver(account, bareTo(account, item.jid, reply));
  if (!sees(before) && sees(item)) await showTo(account, item);
  // §3.3.3
  if (sees(before) && !sees(item)) hideFrom(account, item);
  if (isSeen(before) && !isSeen(item)) vanish(account, item.jid);
}

/** A request that is repeated, as servers do at each login, is not told again; it says what was said last. */
async function again(account: Account, item: RosterItem, request: NonNullable<RosterItem['request']>): Promise<void> {
  if (request.nick === item.request?.nick && request.message === item.request?.message) return;
  await account.roster.save({ ...item, request });
}

function requestIn(stanza: Element): NonNullable<RosterItem['request']> {
  const name = nick.read(stanza);
  const message = childText(stanza, 'status', '')?.slice(0, maxMessage).toWellFormed();
  return { ...(name ? { nick: detach(name) } : {}), ...(message ? { message: detach(message) } : {}) };
}

function isFull({ roster }: Account): boolean {
  return roster.size >= maxRequests && [...roster.values()].filter(({ request }) => request).length >= maxRequests;
}

/** The contact that a request names. @throws StanzaError bad-request */
function contactOf(account: Account, jid: string): string {
  const { bare } = address(jid, 'jid');
  if (bare === account.jid.bare) throw badRequest('jid', 'an account is no contact of its own');
  return detach(bare);
}

async function showTo(account: Account, { jid }: RosterItem): Promise<void> {
  if (account.presence) account.gateway.send(presenceTo(account, jid));
  await welcome(account, jid);
}

type Settings = { name?: string; groups?: string[] };

/** What is absent stays; an empty name is none. */
function withSettings({ name: before, ...item }: RosterItem, { name = before, groups }: Settings): RosterItem {
  return { ...item, ...(name ? { name } : {}), ...(groups ? { groups: [...new Set(groups)] } : {}) };
}

async function add({ account }: Session, data: Settings & { jid: string; message?: string }): Promise<Contact> {
  const jid = contactOf(account, data.jid);
  if (account.blocked.has(parse(jid))) throw blockedError();
  if (!account.roster.get(jid) && account.roster.size >= maxContacts) {
    throw new StanzaError('policy-violation', `An account has at most ${maxContacts} contacts`);
  }
  const before = itemOf(account, jid);
  // Approved for good, so that it stays a contact whatever the other side does.
  const item = { ...withSettings(before, data), approved: true };
  await decide(account, before, ['subscribed', 'subscribe'], item, data.message);
  return toContact(account, itemOf(account, jid));
}

export default extension({
  spec: rfc(6121, '3'),
  requests: {
    'contact.list': ({ account }) => snapshot(account),
    'contact.add': add,
    'contact.set': async ({ account }, data) => {
      const before = account.roster.get(contactOf(account, data.jid));
      if (!before) throw new StanzaError('item-not-found', `${data.jid} is no contact`, { field: 'jid' });
      await keep(account, withSettings(before, data));
      return toContact(account, itemOf(account, before.jid));
    },
    'contact.approve': async ({ account }, data) => {
      const jid = contactOf(account, data.jid);
      if (account.blocked.has(parse(jid))) throw blockedError();
      await decide(account, itemOf(account, jid), ['subscribed']);
      return undefined;
    },
    'contact.deny': async ({ account }, data) => {
      await decide(account, itemOf(account, contactOf(account, data.jid)), ['unsubscribed']);
      return undefined;
    },
    'contact.remove': async ({ account }, data) => {
      const before = account.roster.get(contactOf(account, data.jid));
      // §2.5.2: both subscriptions end with the item.
      if (before) await decide(account, before, leaving(before), { ...withSettings(before, { name: '', groups: [] }) });
      return undefined;
    },
  },
  hooks: {
    presenceIn: (account, presence) => (isChange(presence.type) ? hear(account, presence.type, presence) : undefined),
    accountRemove: farewell,
    // Kept until answered: a session that takes no snapshot is told now.
    sessionOpen: (session) => {
      if (session.wants.has('contacts')) return;
      for (const data of snapshot(session.account).requests) session.push({ type: 'contact.request', data });
    },
  },
  snapshots: {
    contacts: (account) => {
      const { items, requests } = snapshot(account);
      return { contacts: items, requests };
    },
  },
});

/** §3.2, §3.3: who sees the account, or asked to, does not any more; who is seen by it, or was asked, neither. */
function farewell(account: Account): void {
  for (const item of account.roster.values()) {
    if (isSeen(item) || item.ask) deliver(account, bareTo(account, item.jid, 'unsubscribe'));
    if (sees(item) || item.request) deliver(account, bareTo(account, item.jid, 'unsubscribed'));
  }
}

/** Only what the contact has to hear: a stranger is not told that it is one. */
function leaving(item: RosterItem): Change[] {
  const out: Change[] = isSeen(item) || item.ask ? ['unsubscribe'] : [];
  return [...out, 'unsubscribed'];
}
