/** Elements as JSON trees (PROTOCOL.md §9) and back. */
import { type ElementTree, StanzaError } from '../protocol/errors.ts';
import { ns } from './namespaces.ts';
import { type Element, el, maxDepth, nameOf, namespaceOf } from './stanza.ts';

/**
 * The tree of an element; prefixes are resolved, `xmlns` stands where it differs from the parent's.
 * @throws StanzaError bad-request when it is deeper than `maxDepth`
 */
export function toTree(element: Element, inherited = '', depth = 1): ElementTree {
  if (depth > maxDepth) throw new StanzaError('bad-request', 'The element is nested too deep');
  const xmlns = namespaceOf(element);
  // Inside of another namespace a stanza's own needs its name.
  const attrs: Record<string, string> = xmlns === inherited ? {} : { xmlns: xmlns === '' ? ns.client : xmlns };
  for (const key in element.attrs) {
    const value = element.attrs[key];
    if (value === undefined || key === 'xmlns' || (key.includes(':') && !key.startsWith('xml:'))) continue;
    attrs[key] = value;
  }
  const children = element.children.map((child) =>
    typeof child === 'string' ? child : toTree(child, xmlns, depth + 1),
  );
  return { name: nameOf(element), attrs, children };
}

/** The same, undefined for an element that is nested too deep. */
export function tryTree(element: Element): ElementTree | undefined {
  try {
    return toTree(element);
  } catch {
    return undefined;
  }
}

/** The element of a tree. Whether XML allows it is for serialize() to say. */
export function fromTree({ name, attrs, children = [] }: ElementTree): Element {
  return el(name, attrs, ...children.map((child) => (typeof child === 'string' ? child : fromTree(child))));
}
