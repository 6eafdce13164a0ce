/**
 * XEP-0335 JSON Containers 0.1.1, in messages, items of pubsub and wherever else JSON is.
 *   {"title":"Ship it"} ↔ <json xmlns="urn:xmpp:json:0">{"title":"Ship it"}</json>
 */
import { extension, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { type Element, el, find, textOf } from '../xmpp/stanza.ts';

/** As deep as what clients may write. */
const maxDepth = 80;

/** The JSON in a child of the element; undefined where there is none, or none that is JSON. */
export function jsonIn(parent: Element): { readonly json: unknown } | undefined {
  const element = find(parent, 'json', ns.json);
  if (!element || element.children.some((child) => typeof child !== 'string')) return undefined;
  try {
    const json: unknown = JSON.parse(textOf(element));
    return isFlat(json, maxDepth) ? { json } : undefined;
  } catch {
    return undefined;
  }
}

export function jsonElement(json: unknown): Element {
  return el('json', { xmlns: ns.json }, JSON.stringify(json));
}

function isFlat(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((inner) => isFlat(inner, left - 1));
}

export default extension({ spec: xep('0335', '0.1.1'), features: { client: [ns.json] } });
