/**
 * RFC 6120 §8.2.3, the escape hatch for queries, in both directions: `iq.send`, `iq.reply` (scope `raw`).
 *   {"to":"example.com","type":"get","payload":{"name":"query","attrs":{"xmlns":"jabber:iq:version"}}}
 *   ↔ <iq type="get" to="example.com"><query xmlns="jabber:iq:version"/></iq>
 */
import { randomUUID } from 'node:crypto';
import { extension, rfc } from '../extension.ts';
import type { ElementTree } from '../protocol/errors.ts';
import { fromClient } from '../xmpp/raw.ts';
import { el, elements } from '../xmpp/stanza.ts';
import { toTree } from '../xmpp/tree.ts';
import { address } from './address.ts';
import { abandon, ask, reply } from './claimed-queries.ts';

export default extension({
  spec: rfc(6120, '8.2.3'),
  requests: {
    'iq.send': async ({ account, gateway }, { to, type, payload }) => {
      // §10.3.3: an IQ without `to` is for the account's own server, which answers for its bare JID.
      const target = to === undefined ? account.jid : address(to, 'to');
      const query = fromClient(payload as ElementTree, 'payload');
      const id = randomUUID();
      const answer = await gateway.request(el('iq', { from: account.client.full, to: target.full, type, id }, query));
      const [result] = elements(answer);
      return { from: target.full, ...(result ? { payload: toTree(result) } : {}) };
    },
    'iq.reply': reply,
  },
  otherQuery: ask,
  hooks: { sessionClose: ({ account }) => abandon(account) },
});
