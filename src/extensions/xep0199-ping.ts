/** XEP-0199 XMPP Ping 2.0.1: <ping xmlns="urn:xmpp:ping"/> → an empty result. */
import { extension, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';

export default extension({
  spec: xep('0199', '2.0.1'),
  answers: 'ping',
  features: { domain: [ns.ping], account: [ns.ping], client: [ns.ping] },
  iq: [
    {
      type: 'get',
      name: 'ping',
      xmlns: ns.ping,
      places: ['domain', 'account', 'client'],
      // XEP-0410: after a restart rooms have the account still, and its client is about to come back.
      away: true,
      handle: () => undefined,
    },
  ],
});
