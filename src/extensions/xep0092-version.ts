/** XEP-0092 Software Version 1.1: <query xmlns="jabber:iq:version"/> → name and version of the gateway. */
import { extension, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { el } from '../xmpp/stanza.ts';

export default extension({
  spec: xep('0092', '1.1'),
  answers: 'version',
  features: { domain: [ns.version], client: [ns.version] },
  iq: [
    {
      type: 'get',
      name: 'query',
      xmlns: ns.version,
      places: ['domain', 'client'],
      handle: ({ gateway }) =>
        el('query', { xmlns: ns.version }, el('name', {}, 'Stanzawire'), el('version', {}, gateway.version)),
    },
  ],
});
