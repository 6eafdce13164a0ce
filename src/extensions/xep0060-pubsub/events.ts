/**
 * What services tell (XEP-0060 §7.1.2, §7.2.2.1, §8): of nodes that the account has subscribed to, and of the nodes of its
 * contacts (XEP-0163). What others claim to tell is no event.
 *   <event xmlns="http://jabber.org/protocol/pubsub#event"><items node="board">…</items></event>
 *   → {"type":"pubsub","data":{"service":"pubsub.example.com","node":"board","items":[…],"retracted":[]}}
 */
import type { Account, Extension } from '../../extension.ts';
import type { PubsubEvent } from '../../protocol/pubsub.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, elements, find, nameOf } from '../../xmpp/stanza.ts';
import { isSeen } from '../subscription.ts';
import { findForm } from '../xep0004-forms.ts';
import { readItem } from './payload.ts';
import { forget, keyOf } from './subscriptions.ts';

type Told = Partial<PubsubEvent>;

const readers: Record<string, (child: Element) => Told> = {
  items: (child) => ({
    items: elements(child)
      .filter((one) => nameOf(one) === 'item')
      .map(readItem),
    retracted: elements(child).flatMap(({ name, attrs }) => (name === 'retract' && attrs.id ? [attrs.id] : [])),
  }),
  purge: () => ({ purged: true }),
  delete: (child) => {
    const uri = find(child, 'redirect', ns.pubsubEvent)?.attrs.uri;
    return { deleted: true, ...(uri ? { redirect: uri } : {}) };
  },
  configuration: (child) => {
    const form = findForm(child);
    return { configured: true, ...(form ? { form } : {}) };
  },
  subscription: ({ attrs }) => (attrs.subscription ? { subscription: attrs.subscription } : {}),
};

export const notices: NonNullable<Extension['notices']> = (account, stanza, from) => {
  const event = find(stanza, 'event', ns.pubsubEvent);
  const [child] = event ? elements(event) : [];
  const node = child?.attrs.node;
  const read = child && Object.hasOwn(readers, nameOf(child)) ? readers[nameOf(child)] : undefined;
  if (!child || !node || !read || !mayTell(account, from, node)) return undefined;
  const told = read(child);
  if (told.deleted || told.subscription === 'none') void forget(account, from.full, node).catch(() => undefined);
  const { delay } = account.gateway.translate.readMessage(stanza);
  const time = delay ? { time: delay.time } : {};
  return { type: 'pubsub', data: { service: from.full, node, items: [], retracted: [], ...told, ...time } };
};

function mayTell(account: Account, from: Jid, node: string): boolean {
  if (account.subscriptions.get(keyOf(from.full, node))) return true;
  return from.resource === '' && (from.bare === account.jid.bare || isSeen(account.roster.get(from.bare)));
}
