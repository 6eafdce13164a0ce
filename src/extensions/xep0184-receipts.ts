/**
 * XEP-0184 Message Delivery Receipts 1.4.0: asked for with each message with a body, read, and sent once a message and
 * account (PROTOCOL.md §4).
 *   <received xmlns="urn:xmpp:receipts" id="m3"/> → {"type":"receipt","data":{"id":"m3","status":"delivered",…}}
 */
import { type Account, type Archive, type Asked, extension, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { type Jid, parse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, detach, type Element, el, find } from '../xmpp/stanza.ts';
import { mayTell, tellingOf, wantsAnswers } from './telling.ts';
import { hint } from './xep0334-hints.ts';

/** §6.1 demands an id to answer to; what was held on the way is old news to its sender. */
function owe(asked: Asked, stanza: Element, from: Jid): void {
  const { id } = stanza.attrs;
  if (!id || !find(stanza, 'request', ns.receipts) || find(stanza, 'delay', ns.delay)) return;
  asked.receipt = { to: detach(from.full), id: detach(id) };
}

/** What cannot be sent now stays owed, until a catch-up delivers the message once more. */
async function send(account: Account, archiveIds: readonly string[]): Promise<void> {
  if (account.presence === undefined) return;
  const { sendReceipts } = tellingOf(account);
  for (const { to, id } of await take(account, archiveIds)) {
    if (!sendReceipts || !mayTell(account, parse(to).bare)) continue;
    // Of type chat, so that a device that has gone since does not make an error of it (RFC 6121 §8.5.3.2.1).
    const stanza = el('message', { from: account.client.full, to, type: 'chat', id: crypto.randomUUID() });
    append(stanza, el('received', { xmlns: ns.receipts, id }));
    append(stanza, hint('store'));
    account.gateway.serving(account, parse(to))?.label?.(stanza);
    account.gateway.send(stanza);
  }
}

async function take(account: Account, archiveIds: readonly string[]): ReturnType<Archive['takeReceipts']> {
  try {
    return await account.archive.takeReceipts(account.jid.bare, archiveIds);
  } catch (error) {
    if (error instanceof StanzaError) return [];
    throw error;
  }
}

export default extension({
  spec: xep('0184', '1.4.0'),
  features: { client: [ns.receipts] },
  actions: [
    {
      type: 'receipt',
      content: false,
      read: (stanza) => {
        const target = find(stanza, 'received', ns.receipts)?.attrs.id;
        return target ? { target, of: 'account', data: { status: 'delivered' } } : undefined;
      },
    },
  ],
  hooks: {
    messageOut: (_account, stanza) => {
      if (wantsAnswers(stanza)) append(stanza, el('request', { xmlns: ns.receipts }));
    },
    archiveIn: (_account, asked, stanza, from) => owe(asked, stanza, from),
    processed: send,
  },
});
