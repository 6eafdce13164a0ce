/**
 * XEP-0085 Chat State Notifications 2.1.
 *   {"type":"typing","data":{"state":"composing"}} ↔ <composing xmlns="http://jabber.org/protocol/chatstates"/>
 */
import { extension, xep } from '../extension.ts';
import { childEnum } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { tellingOf } from './telling.ts';

export default extension({
  spec: xep('0085', '2.1'),
  features: { client: [ns.chatStates] },
  typing: { state: childEnum(ns.chatStates, ['active', 'composing', 'paused', 'inactive', 'gone']) },
  requests: {
    'typing.send': (session, data) => {
      const { account, gateway } = session;
      const to = address(data.to, 'to');
      if (!tellingOf(account).sendTyping) return undefined;
      const service = gateway.serving(account, to);
      if (service?.typing) {
        service.typing(session, data, to);
        return undefined;
      }
      // §9: whoever is invisible does not type; nor does it tell whether somebody is there to those who may not know.
      if (!account.presence || !account.mayLearn(to.bare)) return undefined;
      const stanza = el('message', { from: account.client.full, to: to.full, type: 'chat' });
      gateway.translate.writeTyping(stanza, { state: data.state });
      // XEP-0334 §4.2: a mere signal is not for archives.
      append(stanza, el('no-store', { xmlns: ns.hints }));
      gateway.send(stanza);
      return undefined;
    },
  },
  hooks: {
    // §5.3: a content message says that its sender is active, and ends its typing; §5.4: but only in a chat.
    messageOut: (account, stanza) => {
      const { type } = stanza.attrs;
      if (type !== 'chat' || childText(stanza, 'body', '') === undefined || !tellingOf(account).sendTyping) return;
      append(stanza, el('active', { xmlns: ns.chatStates }));
    },
  },
});
