/**
 * XEP-0202 Entity Time 2.0: the gateway's time. Where its users are is nobody's business, so it is UTC for all.
 *   <time xmlns="urn:xmpp:time"/> → <time xmlns="urn:xmpp:time"><tzo>+00:00</tzo><utc>2026-01-01T10:00:00.000Z</utc></time>
 */
import { extension, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { el } from '../xmpp/stanza.ts';

export default extension({
  spec: xep('0202', '2.0'),
  answers: 'time',
  features: { domain: [ns.time], client: [ns.time] },
  iq: [
    {
      type: 'get',
      name: 'time',
      xmlns: ns.time,
      places: ['domain', 'client'],
      handle: ({ gateway }) =>
        el('time', { xmlns: ns.time }, el('tzo', {}, '+00:00'), el('utc', {}, new Date(gateway.now()).toISOString())),
    },
  ],
});
