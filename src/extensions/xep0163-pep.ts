/**
 * XEP-0163 Personal Eventing Protocol 1.2.2, the service that each account is: whoever asks gets the items of its nodes, and
 * contacts whose clients say that they want to be told (`node+notify`) are, at their first presence and at each change.
 *   <pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:xmpp:avatar:metadata"/></pubsub>
 */
import { randomUUID } from 'node:crypto';
import { type Account, extension, type PresenceIn, type Query, slot, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { detach, type Element, el, elements, find, nameOf } from '../xmpp/stanza.ts';
import { notifyOf } from './entity-caps.ts';
import type { PepItem, PepNode } from './pep-node.ts';
import { hasProfile } from './profile/own.ts';
import { isSeen, sees } from './subscription.ts';
import { dataNode, metadataNode } from './xep0084-avatar.ts';
import { nickNode } from './xep0172-nick.ts';
import { vcard4Node } from './xep0292-vcard4.ts';

const nodes: readonly PepNode[] = [metadataNode, dataNode, nickNode, vcard4Node];

/** Devices of contacts that are followed, and explicit subscriptions, of one account. */
const maxDevices = 10_000;
const maxSubscriptions = 500;
const subscriptionKind = 'pep-subscription';

interface Device {
  readonly ver: string;
  wants: ReadonlySet<string>;
  /** The nodes whose last item it has been told. */
  readonly told: Set<string>;
}
/** By full JID, those of contacts and what they want to be told of. */
const devices = slot(() => new Map<string, Device>());

function eventOf(account: Account, to: string, node: string, { id, payload }: PepItem): Element {
  const items = el('items', { node }, el('item', { id }, payload));
  const event = el('event', { xmlns: ns.pubsubEvent }, items);
  return el('message', { from: account.jid.bare, to, type: 'headline', id: randomUUID() }, event);
}

/** §4.3.2: a contact's device has come, or wants something else than before. */
async function heard(account: Account, { from, stanza }: PresenceIn): Promise<void> {
  const all = account.slot(devices);
  const c = find(stanza, 'c', ns.caps);
  const key = detach(from.full);
  const before = all.get(key);
  if (!c || before?.ver === c.attrs.ver) return;
  const device: Device = { ver: detach(c.attrs.ver ?? ''), wants: new Set(), told: before?.told ?? new Set() };
  all.delete(key);
  all.set(key, device);
  if (all.size > maxDevices) for (const oldest of all.keys().take(1)) all.delete(oldest);
  const wants = await notifyOf(account, from, c);
  // It may have gone, or changed again; where nobody could say, its next presence is a new try.
  if (all.get(key) !== device) return;
  if (!wants) {
    all.delete(key);
    return;
  }
  device.wants = wants;
  await tellLast(account, key, device);
}

async function tellLast(account: Account, jid: string, { wants, told }: Device): Promise<void> {
  if (!sees(account.roster.get(bareOf(jid)))) return;
  for (const node of nodes) {
    if (node.quiet || !wants.has(node.name) || told.has(node.name)) continue;
    told.add(node.name);
    await tell(account, [jid], node);
  }
}

/** A contact may see the account from now on: its devices that are here already have heard nothing yet. */
export async function welcome(account: Account, bare: string): Promise<void> {
  for (const [jid, device] of account.slot(devices)) if (bareOf(jid) === bare) await tellLast(account, jid, device);
}

function bareOf(jid: string): string {
  return jid.split('/', 1).join();
}

/** Of what was never set there is none. */
async function itemOf(account: Account, node: PepNode): Promise<PepItem | undefined> {
  return hasProfile(account) ? node.item(account) : undefined;
}

async function tell(account: Account, to: Iterable<string>, node: PepNode): Promise<void> {
  const item = await itemOf(account, node);
  if (item) for (const jid of to) account.gateway.send(eventOf(account, jid, node.name, item));
}

/** A node has changed: whoever wants to know is told, once. */
export async function notify(account: Account, name: string): Promise<void> {
  const node = nodes.find((one) => one.name === name);
  if (!node) return;
  const to = new Set<string>();
  for (const [jid, { wants }] of account.slot(devices)) {
    if (wants.has(name) && sees(account.roster.get(bareOf(jid)))) to.add(jid);
  }
  for (const key of (await account.records.all(subscriptionKind)).keys()) {
    const [subscribed, ...jid] = key.split(' ');
    if (subscribed === name) to.add(jid.join(' '));
  }
  await tell(account, to, node);
}

function forget(account: Account, { from }: PresenceIn): void {
  const all = account.slot(devices);
  if (from.resource !== '') all.delete(from.full);
  else for (const jid of all.keys()) if (jid.startsWith(`${from.bare}/`)) all.delete(jid);
}

/** The node that a request names. To those who may not learn of the account, one that it does not have is nobody's. */
function nodeOf(account: Account, query: Query, name: string | undefined): PepNode {
  const node = nodes.find((one) => one.name === name);
  if (node) return node;
  if (!account.mayLearn(query.from.bare)) throw new StanzaError('service-unavailable', 'Nobody here takes this');
  throw new StanzaError('item-not-found', 'There is no such node');
}

async function get(query: Query): Promise<Element | undefined> {
  const { account, payload } = query;
  const [asked] = elements(payload);
  if (!account || !asked) throw new StanzaError('bad-request', 'Nothing is asked for');
  if (nameOf(asked) !== 'items') throw new StanzaError('feature-not-implemented', 'Only items can be asked for');
  const node = nodeOf(account, query, asked.attrs.node);
  const item = await itemOf(account, node);
  const ids = elements(asked).flatMap(({ attrs }) => attrs.id ?? []);
  // XEP-0060 §6.5.8: items that are not there are left out; XEP-0084 §3.3 wants to be told.
  const isWanted = item && (ids.length === 0 || ids.includes(item.id));
  if (!isWanted && node === dataNode) throw new StanzaError('item-not-found', 'There is no such image');
  const items = isWanted ? el('item', { id: item.id }, item.payload) : undefined;
  return el('pubsub', { xmlns: ns.pubsub }, el('items', { node: node.name }, items));
}

async function set(query: Query): Promise<Element | undefined> {
  const { account, payload, from } = query;
  const [asked] = elements(payload);
  if (!account || !asked) throw new StanzaError('bad-request', 'Nothing is asked for');
  const { name } = nodeOf(account, query, asked.attrs.node);
  const action = nameOf(asked);
  // What the account says of itself, its own sessions say with `profile.set`.
  if (action !== 'subscribe' && action !== 'unsubscribe')
    throw new StanzaError('forbidden', 'Only its owner may do this');
  const jid = tryParse(asked.attrs.jid ?? '');
  if (jid?.bare !== from.bare) throw new StanzaError('bad-request', 'Nobody subscribes another');
  const key = `${name} ${jid.full}`;
  if (action === 'unsubscribe') {
    await account.records.remove(subscriptionKind, key);
    return undefined;
  }
  const known = await account.records.all(subscriptionKind);
  if (known.size >= maxSubscriptions && !known.has(key)) {
    throw new StanzaError('resource-constraint', 'Too many subscribe to this account');
  }
  await account.records.save(subscriptionKind, key, true);
  const subscription = { node: name, jid: jid.full, subscription: 'subscribed' };
  return el('pubsub', { xmlns: ns.pubsub }, el('subscription', subscription));
}

const { pubsub } = ns;
const shape = { name: 'pubsub', xmlns: pubsub, places: ['account'], open: hasProfile } as const;

export default extension({
  spec: xep('0163', '1.2.2'),
  features: {
    account: [
      pubsub,
      ...['auto-subscribe', 'filtered-notifications', 'last-published', 'presence-notifications'].map(
        (feature) => `${pubsub}#${feature}`,
      ),
      ...['access-open', 'retrieve-items', 'subscribe'].map((feature) => `${pubsub}#${feature}`),
    ],
  },
  iq: [
    { ...shape, type: 'get', handle: get },
    { ...shape, type: 'set', handle: set },
  ],
  hooks: {
    presenceIn: (account, presence) => {
      if (presence.type === 'unavailable') forget(account, presence);
      if (presence.type !== 'available') return undefined;
      return isSeen(account.roster.get(presence.from.bare)) ? heard(account, presence) : undefined;
    },
    // Who comes back after that begins anew.
    linkDown: (gateway) => {
      for (const account of gateway.accounts) account.slot(devices).clear();
    },
  },
});
