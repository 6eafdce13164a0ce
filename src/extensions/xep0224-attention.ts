/**
 * XEP-0224 Attention 1.0.
 *   {"attention":true} ↔ <attention xmlns="urn:xmpp:attention:0"/>
 */
import { extension, type Field, xep } from '../extension.ts';
import { flag } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';
import { find } from '../xmpp/stanza.ts';

const element = flag('attention', ns.attention);

const attention: Field<boolean> = {
  ...element,
  content: true,
  // §3: it is of the moment; delayed ones are ignored.
  read: (stanza) => (find(stanza, 'delay', ns.delay) ? undefined : element.read(stanza)),
};

export default extension({
  spec: xep('0224', '1.0'),
  features: { client: [ns.attention] },
  message: { attention },
});
