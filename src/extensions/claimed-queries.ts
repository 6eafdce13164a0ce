/**
 * RFC 6120 §8.2.3 for what only a client knows: queries in namespaces that a session claimed become `iq` events, one session
 * answers with `iq.reply`, and whoever asked is not left without an answer.
 */
import { randomUUID } from 'node:crypto';
import { type Account, type Query, type Session, slot } from '../extension.ts';
import { badRequest, type ElementTree, StanzaError } from '../protocol/errors.ts';
import type { RequestData } from '../protocol/frames.ts';
import { fromClient } from '../xmpp/raw.ts';
import { type Element, namespaceOf, serialize } from '../xmpp/stanza.ts';
import { toTree } from '../xmpp/tree.ts';

/** A query that waits for a session's answer. */
interface Waiting {
  readonly xmlns: string;
  readonly ours: boolean;
  answer(payload: Element | undefined): void;
  refuse(error: StanzaError): void;
}

/** More of them at once: the next is refused. */
const maxWaiting = 100;

const waiting = slot(() => new Map<string, Waiting>());

function claimants(account: Account, xmlns: string): Session[] {
  return [...account.sessions].filter((session) => session.claims.has(xmlns));
}

function unavailable(): StanzaError {
  return new StanzaError('service-unavailable', 'Nobody here takes this');
}

/** Asks the sessions that claimed the namespace; undefined where there is none. */
export function ask({ account, gateway, from, payload }: Query, type: 'get' | 'set') {
  const xmlns = namespaceOf(payload);
  if (!account || claimants(account, xmlns).length === 0) return undefined;
  const queries = account.slot(waiting);
  if (queries.size >= maxWaiting) throw new StanzaError('resource-constraint', 'Too many queries wait for an answer');
  const iq = randomUUID();
  const ours = from.domain === gateway.domain;
  const event = {
    type: 'iq',
    data: { iq, from: ours ? from.bare : from.full, type, payload: toTree(payload) },
  } as const;
  const { promise, resolve: answer, reject: refuse } = Promise.withResolvers<Element | undefined>();
  queries.set(iq, { xmlns, ours, answer, refuse });
  const timer = setTimeout(() => refuse(unavailable()), gateway.limits.sendTimeout).unref();
  account.inOrder(() => {
    for (const session of claimants(account, xmlns)) session.push(event);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    queries.delete(iq);
  });
}

/** `iq.reply`. @throws StanzaError item-not-found: another session was faster, or it took too long */
export function reply({ account, gateway }: Session, { iq, payload, error }: RequestData<'iq.reply'>): undefined {
  const query = account.slot(waiting).get(iq);
  if (payload && error) throw badRequest('error', 'a query is answered with a payload or an error, not with both');
  if (!query) throw new StanzaError('item-not-found', 'No such query waits for an answer', { field: 'iq' });
  const answer = payload && fromClient(payload as ElementTree, 'payload');
  const refusal = error && refusalOf(error);
  if (answer && Buffer.byteLength(serialize(answer)) > gateway.limits.stanza) {
    throw new StanzaError('too-large', `At most ${gateway.limits.stanza} bytes can be sent`, { field: 'payload' });
  }
  if (gateway.link === 'down' && !query.ours)
    throw new StanzaError('link-down', 'The XMPP server cannot be reached now');
  if (refusal) query.refuse(refusal);
  else query.answer(answer);
  return undefined;
}

function refusalOf({ code, message = '', type, app }: NonNullable<RequestData<'iq.reply'>['error']>): StanzaError {
  return new StanzaError(code, message, {
    ...(type === undefined ? {} : { type }),
    ...(app ? { app: toTree(fromClient(app as ElementTree, 'error.app')) } : {}),
  });
}

/** Where no session is left that could answer, whoever asked need not wait. */
export function abandon(account: Account): void {
  for (const query of account.slot(waiting).values()) {
    if (claimants(account, query.xmlns).length === 0) query.refuse(unavailable());
  }
}
