/**
 * XEP-0115 Entity Capabilities 1.6.0: every available presence names, by a hash, what disco#info of `/web` would answer,
 * so that each contact's client need not ask; and the query for that hash is answered.
 *   <c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://stanzawire.dev/" ver="…"/>
 */
import { hash } from 'node:crypto';
import { extension, type Gateway, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, el } from '../xmpp/stanza.ts';
import { featuresOf, identities, identityName } from './xep0030-disco.ts';

export const capsNode = 'https://stanzawire.dev/';

/** §5.1; a name with `<` would not be safe, and there is none. */
export function capsVersion(gateway: Gateway): string {
  const entries = identities.client.map(([category, type]) => `${category}/${type}//${identityName}`);
  const text = [...entries.toSorted(), ...featuresOf(gateway, 'client'), ''].join('<');
  return hash('sha1', text, 'base64');
}

export default extension({
  spec: xep('0115', '1.6.0'),
  features: { client: [ns.caps] },
  nodes: (gateway) => [`${capsNode}#${capsVersion(gateway)}`],
  hooks: {
    presenceOut: ({ gateway }, stanza) => {
      append(stanza, el('c', { xmlns: ns.caps, hash: 'sha-1', node: capsNode, ver: capsVersion(gateway) }));
    },
  },
});
