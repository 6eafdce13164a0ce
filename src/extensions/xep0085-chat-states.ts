/**
 * XEP-0085 Chat State Notifications 2.1.
 *   {"type":"typing","data":{"state":"composing"}} ↔ <composing xmlns="http://jabber.org/protocol/chatstates"/>
 */
import { extension, xep } from '../extension.ts';
import { childEnum } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, el } from '../xmpp/stanza.ts';
import { address } from './address.ts';

export default extension({
  spec: xep('0085', '2.1'),
  features: { client: [ns.chatStates] },
  typing: { state: childEnum(ns.chatStates, ['active', 'composing', 'paused', 'inactive', 'gone']) },
  requests: {
    'typing.send': ({ account, gateway }, data) => {
      const to = address(data.to, 'to');
      const stanza = el('message', { from: account.client.full, to: to.full, type: 'chat' });
      gateway.translate.writeTyping(stanza, { state: data.state });
      // XEP-0334 §4: a mere signal is not for archives.
      append(stanza, el('no-store', { xmlns: ns.hints }));
      gateway.send(stanza);
      return undefined;
    },
  },
  hooks: {
    // §5.2: a content message says that its sender is active, and ends its typing.
    messageOut: (_account, stanza) => {
      if (childText(stanza, 'body', '') !== undefined) append(stanza, el('active', { xmlns: ns.chatStates }));
    },
  },
});
