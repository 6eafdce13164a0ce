/**
 * Element trees that a client made (PROTOCOL.md §12) → elements. What would speak for the server, or forge what only
 * servers add, does not get through.
 */
import { badRequest, type ElementTree, StanzaError } from '../protocol/errors.ts';
import { ns } from './namespaces.ts';
import { append, type Element, el } from './stanza.ts';
import { isAttributeName, isElementName, isNamespace } from './xml-chars.ts';

/** Deeper trees are refused; the link itself takes twice as many levels. */
const maxTreeDepth = 32;

/** Made by servers only; taken out of what a client sends. */
const stripped = new Set([
  `stanza-id ${ns.stanzaIds}`,
  `delay ${ns.delay}`,
  `occupant-id ${ns.occupantId}`,
  `sent ${ns.carbons}`,
  `received ${ns.carbons}`,
  `result ${ns.mam}`,
]);

/**
 * One element, its children included.
 * @throws StanzaError bad-request naming the field; forbidden for a namespace that speaks for the server
 */
export function fromClient(tree: ElementTree, field: string): Element {
  const element = build(tree, field, '', 1);
  if (!element) throw badRequest(field, `${field} is an element that only servers make`);
  return element;
}

function build(tree: ElementTree, field: string, inherited: string, depth: number): Element | undefined {
  if (depth > maxTreeDepth) throw badRequest(field, `nested deeper than ${maxTreeDepth} levels`);
  if (!isElementName(tree.name)) throw badRequest(`${field}.name`, 'not a name that XML allows');
  const attrs = tree.attrs ?? {};
  for (const key of Object.keys(attrs)) {
    if (!isAttributeName(key)) throw badRequest(`${field}.attrs`, `${key.slice(0, 64)} is not an attribute name`);
  }
  const xmlns = attrs.xmlns ?? inherited;
  if (!isNamespace(xmlns)) throw badRequest(`${field}.attrs.xmlns`, 'not a namespace that may be declared');
  refuseServerNamespaces(xmlns);
  if (stripped.has(`${tree.name} ${xmlns}`)) return undefined;
  const element = el(tree.name, attrs);
  for (const [i, child] of (tree.children ?? []).entries()) {
    const built = typeof child === 'string' ? child : build(child, `${field}.children.${i}`, xmlns, depth + 1);
    if (built !== undefined) append(element, built);
  }
  return element;
}

/** Servers grant these to any JID of a privileged component's domain (XEP-0355, XEP-0356). */
function refuseServerNamespaces(xmlns: string): void {
  if (xmlns === ns.roster || xmlns.startsWith(ns.privilege) || xmlns.startsWith(ns.delegation)) {
    throw new StanzaError('forbidden', `${xmlns} is not for clients`);
  }
}
