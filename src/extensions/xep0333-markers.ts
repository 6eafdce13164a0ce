/**
 * XEP-0333 Displayed Markers 1.0.0: each message with a body can be marked, markers are read, and `message.mark` sends
 * them.
 *   <displayed xmlns="urn:xmpp:chat-markers:0" id="m3"/> → {"type":"receipt","data":{"id":"m3","status":"displayed",…}}
 * Its older `received` and `acknowledged` say nothing that a receipt does not, and are no events.
 */
import { type Account, extension, xep } from '../extension.ts';
import { parse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, el, find } from '../xmpp/stanza.ts';
import { address } from './address.ts';
import { chatKey } from './chat-key.ts';
import { toChat } from './chats.ts';
import { mayTell, tellingOf, wantsAnswers } from './telling.ts';
import { hint } from './xep0334-hints.ts';

/** Tells the peer how far its messages were read. While the link is down that is lost: the next marker says it too. */
async function sendMarker(account: Account, chat: string, id: string, stanzaId: string): Promise<void> {
  const page = await account.archive.history(account.jid.bare, { chat, ids: [id], max: 1, view: 'log' });
  const { type = 'chat', thread } = page.items[0]?.data ?? {};
  const stanza = el('message', { from: account.client.full, to: chat, type: String(type), id: crypto.randomUUID() });
  append(stanza, el('displayed', { xmlns: ns.markers, id: stanzaId }));
  // §6: a marker stays in its message's thread.
  if (typeof thread === 'string') append(stanza, el('thread', {}, thread));
  append(stanza, hint('store'));
  account.gateway.serving(account, parse(chat))?.label?.(stanza);
  account.gateway.send(stanza);
}

export default extension({
  spec: xep('0333', '1.0.0'),
  features: { client: [ns.markers] },
  actions: [
    {
      type: 'receipt',
      content: false,
      read: (stanza) => {
        const target = find(stanza, 'displayed', ns.markers)?.attrs.id;
        return target ? { target, of: 'account', data: { status: 'displayed' } } : undefined;
      },
    },
  ],
  requests: {
    'message.mark': async (session, data) => {
      const { to, id, private: quietly = false } = data;
      const { account, gateway } = session;
      const service = gateway.serving(account, address(to, 'to'));
      if (service?.mark) return service.mark(session, data, address(to, 'to'));
      const chat = await chatKey(account, address(to, 'to'));
      const moved = await account.archive.markRead(account.jid.bare, chat, id);
      if (!moved) return undefined;
      account.push({ type: 'chat', data: toChat(account, moved.chat) }, { except: session });
      const { outgoing, markable = false, ids } = moved.marked;
      // In 1:1 a marker names the id attribute, which comes behind an origin-id.
      const stanzaId = ids.at(-1);
      if (quietly || outgoing || !markable || stanzaId === undefined || !mayTell(account, chat)) return undefined;
      if (!tellingOf(account).sendMarkers) return undefined;
      await sendMarker(account, chat, id, stanzaId);
      return undefined;
    },
  },
  hooks: {
    messageOut: (_account, stanza) => {
      if (wantsAnswers(stanza)) append(stanza, el('markable', { xmlns: ns.markers }));
    },
    archiveIn: (_account, asked, stanza) => {
      if (stanza.attrs.id && find(stanza, 'markable', ns.markers)) asked.markable = true;
    },
  },
});
