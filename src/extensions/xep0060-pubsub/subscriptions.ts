/**
 * Subscriptions of the account to nodes (XEP-0060 §6.1, §6.2). They are kept, for what a service sends counts only where the
 * account has asked for it.
 */
import { randomUUID } from 'node:crypto';
import type { Account, Extension } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, detach, el, find } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { deliver } from '../availability.ts';
import { ask } from '../discovery.ts';
import { unasked } from '../xep0004-forms.ts';

/** Of one account. */
const maxSubscriptions = 1000;

export function keyOf(service: string, node: string): string {
  return `${service} ${node}`;
}

type Subscribe = RequestData<'pubsub.subscribe'>;

async function subscribe(account: Account, data: Subscribe): Promise<RequestResult<'pubsub.subscribe'>> {
  const { node, values } = data;
  const to = address(data.service, 'service');
  const before = account.subscriptions.get(keyOf(to.full, node));
  if (!before && account.subscriptions.size >= maxSubscriptions) {
    throw new StanzaError('policy-violation', `An account subscribes to at most ${maxSubscriptions} nodes`);
  }
  // The bare JID: what is subscribed to outlives every session.
  const jid = account.jid.bare;
  // First, for the service may tell of items before it answers.
  if (!before) await account.subscriptions.save({ service: detach(to.full), node: detach(node) });
  const payload = el('pubsub', { xmlns: ns.pubsub }, el('subscribe', { node, jid }));
  if (values) append(payload, el('options', { node, jid }, unasked(values, ns.pubsubSubscribeOptions)));
  try {
    const answer = await ask(account, to, 'set', payload);
    const { subscription = 'subscribed', subid } = (answer && find(answer, 'subscription', ns.pubsub)?.attrs) ?? {};
    const subId = subid ? { subId: detach(subid) } : {};
    await account.subscriptions.save({ service: detach(to.full), node: detach(node), ...subId });
    return { subscription, ...subId };
  } catch (error) {
    // Where nobody knows what became of it, it stays: its events would be lost otherwise.
    if (!before && error instanceof StanzaError && !error.retry) await forget(account, to.full, node);
    throw error;
  }
}

export async function forget(account: Account, service: string, node: string): Promise<void> {
  await account.subscriptions.remove(keyOf(service, node));
}

/** The account is removed: nobody waits for what the services say to it. */
export function farewell(account: Account): void {
  const [from, jid] = [account.client.full, account.jid.bare];
  const all = [...account.subscriptions.values()].map(({ service, node, subId }) => () => {
    const payload = el('pubsub', { xmlns: ns.pubsub }, el('unsubscribe', { node, jid, subid: subId }));
    deliver(account, el('iq', { from, to: service, type: 'set', id: randomUUID() }, payload));
  });
  account.gateway.pace(account.subscriptions, all.values());
}

export const requests = {
  'pubsub.subscribe': ({ account }, data) => subscribe(account, data),
  'pubsub.unsubscribe': async ({ account }, { service, node, subId }) => {
    const to = address(service, 'service');
    const subid = subId ?? account.subscriptions.get(keyOf(to.full, node))?.subId;
    const unsubscribe = el('unsubscribe', { node, jid: account.jid.bare, subid });
    await ask(account, to, 'set', el('pubsub', { xmlns: ns.pubsub }, unsubscribe));
    await forget(account, to.full, node);
    return undefined;
  },
} satisfies Extension['requests'];
