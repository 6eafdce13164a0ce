/**
 * Element trees that a client made (PROTOCOL.md §12) → elements. What would speak for the server, or forge what only
 * servers add, does not get through.
 */
import { badRequest, type ElementTree, StanzaError } from '../protocol/errors.ts';
import { ns } from './namespaces.ts';
import { append, type Element, el } from './stanza.ts';
import { isAttributeName, isElementName, isNamespace } from './xml-chars.ts';

/** Deeper trees are refused; the link itself takes twice as many levels. */
export const maxTreeDepth = 32;

/** Made by servers only; taken out of what a client sends. */
const stripped = new Set([
  `stanza-id ${ns.stanzaIds}`,
  `delay ${ns.delay}`,
  `occupant-id ${ns.occupantId}`,
  `sent ${ns.carbons}`,
  `received ${ns.carbons}`,
  `result ${ns.mam}`,
  // XEP-0091, the delay of before.
  'x jabber:x:delay',
]);

/** The stanza's own namespace, under the names it has elsewhere. */
const ownNamespaces = new Set<string>(['', ns.client, ns.component]);

/**
 * Namespaces in which only servers speak, to each other and to those who log in. `…:` stands for all that begin so.
 * Roster, privileges and delegation above all: servers grant them to any JID of a privileged component's domain
 * (XEP-0355, XEP-0356).
 */
const ofServers = [
  ns.roster,
  ns.privilege,
  ns.delegation,
  ns.component,
  ns.stream,
  ns.streamErrors,
  'jabber:component:connect',
  'jabber:server',
  'jabber:server:dialback',
  'jabber:iq:auth',
  'urn:xmpp:component:',
  'urn:xmpp:sm:',
  'urn:ietf:params:xml:ns:xmpp-bind',
  'urn:ietf:params:xml:ns:xmpp-sasl',
  'urn:ietf:params:xml:ns:xmpp-session',
  'urn:ietf:params:xml:ns:xmpp-tls',
];

/** @throws StanzaError forbidden for a namespace that speaks for the server */
export function refuseServerNamespaces(xmlns: string, field?: string): void {
  if (!ofServers.some((one) => xmlns === one || (one.endsWith(':') && xmlns.startsWith(one)))) return;
  throw new StanzaError('forbidden', `${xmlns.slice(0, 64)} is not for clients`, field === undefined ? {} : { field });
}

/**
 * One element, its children included.
 * @throws StanzaError bad-request naming the field; forbidden for a namespace that speaks for the server
 */
export function fromClient(tree: ElementTree, field: string): Element {
  const element = build(tree, field, '', 1);
  if (!element) throw badRequest(field, `${field} is an element that only servers make`);
  return element;
}

/**
 * A whole message or presence, without its `from`; what it holds is as fromClient() has it.
 * @throws StanzaError the same, and bad-request for anything that is no stanza
 */
export function stanzaFromClient(tree: ElementTree, field: string): Element {
  const { name, attrs: { xmlns = '', ...attrs } = {}, children = [] } = tree;
  if (!ownNamespaces.has(xmlns)) throw badRequest(field, `${field} is not in the namespace of stanzas`);
  if (name === 'iq') throw badRequest(field, 'queries are for iq.send, and their answers for iq.reply');
  if (name !== 'message' && name !== 'presence') throw badRequest(field, `${field} is neither message nor presence`);
  const stanza = build({ name, attrs, children }, field, '', 1);
  if (!stanza) throw badRequest(field, `${field} is an element that only servers make`);
  return stanza;
}

/** Appends parts of a stanza that have no field. @throws the same as fromClient */
export function writeExtra(stanza: Element, extra: readonly ElementTree[]): void {
  for (const [i, tree] of extra.entries()) {
    const built = build(tree, `extra.${i}`, '', 2);
    if (built) append(stanza, built);
  }
}

function build(tree: ElementTree, field: string, inherited: string, depth: number): Element | undefined {
  if (depth > maxTreeDepth) throw badRequest(field, `nested deeper than ${maxTreeDepth} levels`);
  if (!isElementName(tree.name)) throw badRequest(`${field}.name`, 'not a name that XML allows');
  const attrs = tree.attrs ?? {};
  for (const key of Object.keys(attrs)) {
    if (!isAttributeName(key)) throw badRequest(`${field}.attrs`, `${key.slice(0, 64)} is not an attribute name`);
  }
  const isOwn = inherited === '' && ownNamespaces.has(attrs.xmlns ?? '');
  const xmlns = isOwn ? '' : (attrs.xmlns ?? inherited);
  if (!isNamespace(xmlns)) throw badRequest(`${field}.attrs.xmlns`, 'not a namespace that may be declared');
  refuseServerNamespaces(xmlns);
  if (stripped.has(`${tree.name} ${xmlns}`)) return undefined;
  const element = el(tree.name, isOwn ? { ...attrs, xmlns: undefined } : attrs);
  for (const [i, child] of (tree.children ?? []).entries()) {
    const built = typeof child === 'string' ? child : build(child, `${field}.children.${i}`, xmlns, depth + 1);
    if (built !== undefined) append(element, built);
  }
  return element;
}
