/**
 * XEP-0432 Simple JSON Messaging 0.1.1, and XEP-0335 where somebody writes it without.
 *   {"payload":{"datatype":"urn:example:game","json":{"level":11}}}
 *   ↔ <payload xmlns="urn:xmpp:json-msg:0" datatype="urn:example:game"><json xmlns="urn:xmpp:json:0">{"level":11}</json></payload>
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Payload } from '../protocol/content.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, find } from '../xmpp/stanza.ts';
import { jsonElement, jsonIn } from './xep0335-json.ts';

function found(stanza: Element): { element: Element; payload: Payload } | undefined {
  const typed = find(stanza, 'payload', ns.jsonMessage);
  const inner = typed && jsonIn(typed);
  const { datatype } = typed?.attrs ?? {};
  // Beside the JSON there is nothing in it.
  if (typed && inner && datatype && elements(typed).length === 1)
    return { element: typed, payload: { datatype, ...inner } };
  const bare = find(stanza, 'json', ns.json);
  const json = bare && jsonIn(stanza);
  return json && { element: bare, payload: json };
}

const payload: Field<Payload> = {
  elements: [elementKey('payload', ns.jsonMessage), elementKey('json', ns.json)],
  content: true,
  read: (stanza) => found(stanza)?.payload,
  write: (stanza, { datatype, json }) => {
    const element = jsonElement(json);
    append(stanza, datatype === undefined ? element : el('payload', { xmlns: ns.jsonMessage, datatype }, element));
  },
  used: (stanza) => {
    const one = found(stanza);
    return one ? [one.element] : [];
  },
};

export default extension({
  spec: xep('0432', '0.1.1'),
  features: { client: [ns.jsonMessage] },
  message: { payload },
});
