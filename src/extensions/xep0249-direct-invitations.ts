/**
 * XEP-0249 Direct MUC Invitations 1.2, the receiving side; `room.invite` sends them (xep0045-muc/invites.ts).
 *   <message from="bob@example.com/phone"><x xmlns="jabber:x:conference" jid="dev@rooms.example.com" reason="join us"/></message>
 *   → {"type":"room.invite","data":{"room":"dev@rooms.example.com","from":"bob@example.com","direct":true,…}}
 */
import { extension, xep } from '../extension.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { find } from '../xmpp/stanza.ts';
import { invited, storedInvite } from './xep0045-muc/invites.ts';

export default extension({
  spec: xep('0249', '1.2'),
  features: { client: [ns.directInvitations] },
  takes: (account, stanza, from) => {
    const { type } = stanza.attrs;
    if (stanza.name !== 'message' || type === 'error' || type === 'groupchat') return false;
    const x = find(stanza, 'x', ns.directInvitations);
    const room = x && tryParse(x.attrs.jid ?? '');
    if (!room || room.local === '' || room.resource !== '' || room.domain === account.gateway.domain) return false;
    const { reason, password, thread } = x.attrs;
    const parts = { from: from.bare, reason, password, thread, direct: true };
    return invited(account, storedInvite(account, room.bare, parts), stanza);
  },
});
