/**
 * RFC 6121 §4.2–§4.5 from the account's side: who is told of its availability, when, and how fast. One change is told
 * once to each contact, however many sessions take part; what many accounts do at once is paced.
 */
import { type Account, type RosterItem, slot } from '../extension.ts';
import type { OwnPresence } from '../protocol/objects.ts';
import type { Extra } from '../protocol/raw.ts';
import { writeExtra } from '../xmpp/raw.ts';
import { type Element, el } from '../xmpp/stanza.ts';
import { KnownPresence } from './known-presence.ts';
import { isSeen, sees } from './subscription.ts';
import { appendNick } from './xep0172-nick.ts';

/** How long contacts have to answer the probes that follow a loss of the link. */
const settleMs = 10_000;
/** Whom an account may show itself to beside its contacts; the oldest is told goodbye before its time. */
const maxDirected = 1000;

/** How long what must arrive waits for the link. */
const deliverMs = 3600_000;

export const known = slot(() => new KnownPresence());

const own = slot(() => ({
  /** A flush will come. */
  changed: false,
  /** Its first session is here, and contacts are being told. */
  open: false,
}));

/** The account's availability as a stanza to one address. */
export function presenceTo(account: Account, to: string): Element {
  return availability(account, to, account.presence);
}

function availability(account: Account, to: string, presence: OwnPresence | undefined): Element {
  const { gateway } = account;
  if (!presence) return el('presence', { from: account.client.full, to, type: 'unavailable' });
  const stanza = el('presence', { from: account.client.full, to });
  gateway.translate.writePresence(stanza, presence);
  gateway.run('presenceOut', account, stanza);
  return stanza;
}

/** §3.1.2, §4.3.1: between bare JIDs. */
export function bareTo(account: Account, to: string, type: string): Element {
  return el('presence', { from: account.jid.bare, to, type });
}

/** §3.1.1, XEP-0172 §4.2: with what the account calls itself. */
export function subscribeTo(account: Account, to: string): Element {
  const stanza = bareTo(account, to, 'subscribe');
  appendNick(account, stanza);
  return stanza;
}

/** For what must arrive: it waits while the link is down. */
export function deliver({ gateway }: Account, stanza: Element): void {
  gateway.deliver(stanza, Date.now() + deliverMs).done.catch(() => undefined);
}

/** A session came, went, or changed its presence: contacts are told in the next tick, once. */
export function changed(account: Account): void {
  const state = account.slot(own);
  if (state.changed) return;
  state.changed = true;
  account.gateway.soon(() => {
    state.changed = false;
    flush(account);
  });
}

function flush(account: Account): void {
  const state = account.slot(own);
  const { presence, announced } = account;
  const opens = account.sessions.size > 0 && !state.open;
  state.open = account.sessions.size > 0;
  account.announced = presence;
  if (opens) introduce(account);
  else if (!equal(presence, announced)) broadcast(account);
  if (presence === undefined && (announced !== undefined || !state.open)) withdraw(account, announced !== undefined);
  account.gateway.run('availability', account);
}

function equal(a: OwnPresence | undefined, b: OwnPresence | undefined): boolean {
  return !a === !b && a?.show === b?.show && a?.status === b?.status && a?.idleSince === b?.idleSince;
}

/** §4.4.2, §4.5.2. */
function broadcast(account: Account): void {
  // It goes to everybody now, so a run that is under way need not tell it.
  account.owesPresence = account.gateway.link === 'down';
  const { attrs, children } = presenceTo(account, '');
  for (const item of account.roster.values()) {
    if (sees(item)) account.gateway.send(el('presence', { ...attrs, to: item.jid }, ...children));
  }
}

/** What goes with the presence has changed, though it has not: whoever sees it gets it once more. */
export function announceAgain(account: Account): void {
  if (!account.presence) return;
  broadcast(account);
  for (const to of account.directed.values()) {
    const bare = to.split('/', 1).join();
    if (!sees(account.roster.get(bare))) account.gateway.send(presenceTo(account, to));
  }
}

/** §4.2.2, §4.3.1: contacts are told, and asked; those on the XMPP side at the common pace. */
function introduce(account: Account): void {
  // The invisible were never seen: nobody is told.
  if (account.presence) account.owesPresence = true;
  const [ours, others] = [contacts(account, true), contacts(account, false)];
  for (const jid of ours) {
    for (const stanza of greeting(account, jid, account.presence !== undefined)) account.gateway.send(stanza);
  }
  // Otherwise when the link is up.
  if (account.gateway.link === 'up') account.gateway.pace(account, greetings(account, others));
}

/** The XMPP side cannot tell any more what becomes of its users. */
export function linkDown(account: Account): void {
  account.slot(known).doubt((user) => isOurs(account, user));
}

/** After a loss of the link: nobody knows what the XMPP side still knows. */
export function linkUp(account: Account): void {
  if (account.presence) account.owesPresence = true;
  else if (account.sessions.size === 0 && !account.owesPresence) return;
  const { round } = account.slot(known);
  account.gateway.pace(
    account,
    greetings(account, contacts(account, false), () => settleLater(account, round)),
  );
}

/** JIDs of contacts, ours or those on the XMPP side. */
function contacts(account: Account, ours: boolean): string[] {
  return [...account.roster.values()].map(({ jid }) => jid).filter((jid) => isOurs(account, jid) === ours);
}

function* greetings(account: Account, jids: readonly string[], then?: () => void): Generator<Element> {
  for (const jid of jids) yield* greeting(account, jid, account.owesPresence);
  account.owesPresence = false;
  then?.();
}

/** What a contact is told and asked when the account comes online. */
function* greeting(account: Account, jid: string, tell: boolean): Generator<Element> {
  const item = account.roster.get(jid);
  if (tell && sees(item)) yield presenceTo(account, jid);
  if (!item || account.sessions.size === 0) return;
  if (isSeen(item)) yield bareTo(account, jid, 'probe');
  // §3.1.2: a request without an answer is repeated at the next login.
  if (item.ask) yield subscribeTo(account, jid);
}

function isOurs({ gateway }: Account, jid: string): boolean {
  return jid.endsWith(`@${gateway.domain}`);
}

/** Who does not answer a probe in time is not there (ejabberd is silent for its absent users). */
function settleLater(account: Account, round: number): void {
  const timer = setTimeout(() => {
    const presence = account.slot(known);
    // Another loss of the link: its own round will tell.
    if (presence.round !== round) return;
    for (const one of presence.settle()) account.push({ type: 'presence', data: { ...one, type: 'unavailable' } });
  }, settleMs);
  timer.unref();
}

/** §4.3.2: a probe. A stranger learns nothing, and that it has no subscription. */
export function answerProbe(account: Account, from: { bare: string; full: string }): void {
  const shown =
    sees(account.roster.get(from.bare)) || [from.full, from.bare].some((to) => account.directed.get(to) !== undefined);
  account.gateway.send(shown ? presenceTo(account, from.full) : bareTo(account, from.bare, 'unsubscribed'));
}

/** §4.6: shows the account to anyone, or takes that back. */
export function direct(account: Account, to: string, presence: OwnPresence | undefined, extra?: Extra): void {
  const stanza = availability(account, to, presence);
  if (extra) writeExtra(stanza, extra);
  show(account, to, stanza);
}

/** The same with a stanza that is there already; false where it did not go out. */
export function show(account: Account, to: string, stanza: Element): boolean {
  const { directed, gateway } = account;
  // First, so that what does not go out is not remembered either.
  if (!gateway.send(stanza)) return false;
  if (stanza.attrs.type === 'unavailable') forget(account, to);
  else if (directed.get(to) === undefined) directed.save(to).catch(() => undefined);
  const [oldest] = directed.size > maxDirected ? directed.values() : [];
  if (oldest !== undefined) direct(account, oldest, undefined);
  return true;
}

/** §4.6.3: who was shown it directly is told of its end, unless a broadcast does. */
function withdraw(account: Account, wasBroadcast: boolean): void {
  for (const to of account.directed.values()) {
    const bare = to.split('/', 1).join();
    if (!wasBroadcast || !sees(account.roster.get(bare))) deliver(account, availability(account, to, undefined));
    forget(account, to);
  }
}

/** It is not shown to this address any more. What could not be noted is only said again after a restart. */
export function forget({ directed }: Account, to: string): void {
  directed.remove(to).catch(() => undefined);
}

/** After a restart that no session has survived: what was true before it ends, for everybody at the common pace. */
export function deserted(account: Account): void {
  const wasBroadcast = account.announced !== undefined;
  account.announced = undefined;
  if (wasBroadcast) {
    account.owesPresence = true;
    for (const jid of contacts(account, true))
      for (const stanza of greeting(account, jid, true)) account.gateway.send(stanza);
    if (account.gateway.link === 'up') account.gateway.pace(account, greetings(account, contacts(account, false)));
  }
  withdraw(account, wasBroadcast);
}

/** Who sees the account no more, or never did, is told that it is gone. */
export function hideFrom(account: Account, { jid }: RosterItem): void {
  if (account.presence) account.gateway.send(availability(account, jid, undefined));
}
