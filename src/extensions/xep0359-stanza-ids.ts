/**
 * XEP-0359 Unique and Stable Stanza IDs 0.7.0.
 *   {"originId":"m1"} ↔ <origin-id xmlns="urn:xmpp:sid:0" id="m1"/>
 *   {"stanzaIds":[{"id":"a","by":"example.com"}]} ← <stanza-id xmlns="urn:xmpp:sid:0" id="a" by="example.com"/>
 */
import { extension, xep } from '../extension.ts';
import { childAttribute, custom } from '../fields.ts';
import type { Message } from '../protocol/objects.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';

const stanzaIds = custom<NonNullable<Message['stanzaIds']>>(
  [['stanza-id', ns.stanzaIds]],
  (stanza) => {
    const ids = elements(stanza)
      .filter((child) => nameOf(child) === 'stanza-id' && namespaceOf(child) === ns.stanzaIds)
      // §3, rules 5 to 7: both attributes, `by` being an address.
      .map(({ attrs }) => ({ id: attrs.id ?? '', by: tryParse(attrs.by ?? '')?.full ?? '' }))
      .filter(({ id, by }) => id !== '' && by !== '');
    return ids.length === 0 ? undefined : ids;
  },
  // Only servers and rooms assign them.
  () => undefined,
);

export default extension({
  spec: xep('0359', '0.7.0'),
  features: { account: [ns.stanzaIds], client: [ns.stanzaIds] },
  message: {
    originId: childAttribute('origin-id', ns.stanzaIds, 'id'),
    stanzaIds: { ...stanzaIds, many: true },
  },
});
