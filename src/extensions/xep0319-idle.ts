/**
 * XEP-0319 Last User Interaction in Presence 1.0.3.
 *   {"idleSince":"2026-01-01T10:00:00.000Z"} ↔ <idle xmlns="urn:xmpp:idle:1" since="2026-01-01T10:00:00.000Z"/>
 */
import { extension, xep } from '../extension.ts';
import { childAttribute } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';

const since = childAttribute('idle', ns.idle, 'since');

export default extension({
  spec: xep('0319', '1.0.3'),
  features: { client: [ns.idle] },
  presence: {
    idleSince: {
      elements: since.elements,
      read: (stanza) => {
        const time = Date.parse(since.read(stanza) ?? '');
        return Number.isNaN(time) ? undefined : new Date(time).toISOString();
      },
      write: (stanza, value) => {
        if (!Number.isNaN(Date.parse(value))) since.write(stanza, value);
      },
    },
  },
});
