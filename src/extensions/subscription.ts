/**
 * RFC 6121 appendix A: the nine states of a subscription, and what each of the eight presence stanzas about it does in
 * each of them; with pre-approval (§3.4). Pure: a roster item in, a roster item out.
 */
import type { RosterItem } from '../extension.ts';

/** A.1: `to` = the account sees the contact, `from` = it is seen; `out`, `in` = a request waits there for an answer. */
export type State = 'none' | 'none+out' | 'none+in' | 'none+out+in' | 'to' | 'to+in' | 'from' | 'from+out' | 'both';
export type Change = 'subscribe' | 'unsubscribe' | 'subscribed' | 'unsubscribed';

/** The new state where the stanza goes on: out to the contact's server, or in to the user; `false` = it ends here. */
type Cell = State | false;
/** In the order of `Change`. */
type Row = readonly [subscribe: Cell, unsubscribe: Cell, subscribed: Cell, unsubscribed: Cell];

/** A.2: what the account sends. */
export const outbound: Readonly<Record<State, Row>> = {
  none: ['none+out', 'none', false, false],
  'none+out': ['none+out', 'none', false, false],
  'none+in': ['none+out+in', 'none+in', 'from', 'none'],
  'none+out+in': ['none+out+in', 'none+in', 'from+out', 'none+out'],
  to: ['to', 'none', false, false],
  'to+in': ['to+in', 'none+in', 'both', 'to'],
  from: ['from+out', 'from', false, 'none'],
  'from+out': ['from+out', 'from', false, 'none+out'],
  both: ['both', 'from', false, 'to'],
};

/** A.3: what comes from the contact. A `subscribe` that ends here because the contact is subscribed is answered. */
export const inbound: Readonly<Record<State, Row>> = {
  none: ['none+in', false, false, false],
  'none+out': ['none+out+in', false, 'to', 'none'],
  'none+in': [false, 'none', false, false],
  'none+out+in': [false, 'none+out', 'to+in', 'none+in'],
  to: ['to+in', false, false, 'none'],
  'to+in': [false, 'to', false, 'none+in'],
  from: [false, 'none', false, false],
  'from+out': [false, 'none+out', 'both', 'from'],
  both: [false, 'to', false, 'from'],
};

const columns: Readonly<Record<Change, 0 | 1 | 2 | 3>> = {
  subscribe: 0,
  unsubscribe: 1,
  subscribed: 2,
  unsubscribed: 3,
};

export function isChange(type: string): type is Change {
  return Object.hasOwn(columns, type);
}

/** Does the contact see the account's presence? */
export function sees(item: RosterItem | undefined): boolean {
  return item?.subscription === 'from' || item?.subscription === 'both';
}

/** Does the account see the contact's presence? */
export function isSeen(item: RosterItem | undefined): boolean {
  return item?.subscription === 'to' || item?.subscription === 'both';
}

export function stateOf({ subscription, ask, request }: RosterItem): State {
  return `${subscription}${ask ? '+out' : ''}${request ? '+in' : ''}` as State;
}

export interface Sent {
  readonly item: RosterItem;
  /** Is the contact's server told? */
  readonly route: boolean;
}

/** A.2, §3.4.1: what the account's stanza makes of the item. */
export function send(item: RosterItem, change: Change): Sent {
  const cell = outbound[stateOf(item)][columns[change]];
  const { approved: before, ...rest } = cell === false ? item : inState(item, cell);
  // §3.4.1: what cannot be approved yet is approved in advance; §3.4.3: a denial takes that back.
  const approved =
    change === 'subscribed' ? before || (cell === false && !sees(item)) : before && change !== 'unsubscribed';
  return { item: approved ? { ...rest, approved } : rest, route: cell !== false };
}

export interface Received {
  readonly item: RosterItem;
  /** Is the user told? */
  readonly deliver: boolean;
  readonly reply?: 'subscribed';
}

/** A.3, §3.4.2: what the contact's stanza makes of the item; `request` is what came with a `subscribe`. */
export function receive(item: RosterItem, change: Change, request: NonNullable<RosterItem['request']> = {}): Received {
  const cell = inbound[stateOf(item)][columns[change]];
  if (change === 'subscribe' && sees(item)) return { item, deliver: false, reply: 'subscribed' };
  if (cell === false) return { item, deliver: false };
  const next = inState(item, cell, request);
  // §3.4.2: approved in advance, so nobody needs to be asked.
  if (change === 'subscribe' && item.approved) {
    return { item: { ...send(next, 'subscribed').item, approved: true }, deliver: false, reply: 'subscribed' };
  }
  return { item: next, deliver: true };
}

function inState({ ask: _ask, request: before, ...item }: RosterItem, state: State, request = before): RosterItem {
  const [subscription, ...waiting] = state.split('+') as [RosterItem['subscription'], ...string[]];
  return {
    ...item,
    subscription,
    ...(waiting.includes('out') ? { ask: true } : {}),
    ...(waiting.includes('in') && request ? { request } : {}),
  };
}
