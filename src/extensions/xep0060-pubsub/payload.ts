/**
 * What is in an item: JSON as XEP-0335 wraps it, or any element as a tree.
 *   {"id":"card-7","json":{"title":"Ship it"}}
 *   ↔ <item id="card-7"><json xmlns="urn:xmpp:json:0">{"title":"Ship it"}</json></item>
 */
import { badRequest, type ElementTree } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { PubsubItem } from '../../protocol/pubsub.ts';
import { tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { fromClient } from '../../xmpp/raw.ts';
import { type Element, el, elements, nameOf, namespaceOf, textOf } from '../../xmpp/stanza.ts';
import { tryTree } from '../../xmpp/tree.ts';

/** Deeper JSON is shown as the element that it came in. */
const maxDepth = 64;

export function readItem(item: Element): PubsubItem {
  const { id, publisher = '' } = item.attrs;
  const by = tryParse(publisher)?.full;
  return { ...(id ? { id } : {}), ...(by === undefined ? {} : { publisher: by }), ...readPayload(elements(item)[0]) };
}

function readPayload(element: Element | undefined): Pick<PubsubItem, 'json' | 'payload'> {
  if (!element) return {};
  if (nameOf(element) === 'json' && namespaceOf(element) === ns.json) {
    const json = readJson(textOf(element));
    if (json !== undefined) return { json };
  }
  const payload = tryTree(element);
  return payload ? { payload } : {};
}

/** Undefined for what is no JSON, and for `null`, which means absent. */
function readJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return json === null || isDeep(json, 1) ? undefined : json;
  } catch {
    return undefined;
  }
}

function isDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > maxDepth || Object.values(value).some((child) => isDeep(child, depth + 1));
}

/** @throws StanzaError bad-request naming the field */
export function writeItem({ id, json, payload }: RequestData<'pubsub.publish'>['item']): Element {
  if (json !== undefined && payload !== undefined) throw badRequest('item.payload', 'an item has json or payload');
  if (json !== undefined) return el('item', { id }, el('json', { xmlns: ns.json }, JSON.stringify(json)));
  // Its shape is what the schema has checked.
  return el('item', { id }, payload === undefined ? undefined : fromClient(payload as ElementTree, 'item.payload'));
}
