/**
 * XEP-0380 Explicit Message Encryption 0.4.0: how a message was encrypted that cannot be read here.
 *   {"body":"[This message is OMEMO encrypted]","encryption":{"namespace":"eu.siacs.conversations.axolotl","name":"OMEMO"}}
 *   ↔ <encryption xmlns="urn:xmpp:eme:0" namespace="eu.siacs.conversations.axolotl" name="OMEMO"/>
 * Where its sender has left out a text for those who cannot read it, there is one of ours.
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Encryption } from '../protocol/content.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, find, namespaceOf } from '../xmpp/stanza.ts';

/** §4: those that go by a name of their own. */
const names = new Map<string, string>([
  ['urn:xmpp:otr:0', 'OTR'],
  ['jabber:x:encrypted', 'OpenPGP'],
  ['urn:xmpp:openpgp:0', 'OpenPGP'],
  [ns.omemoOlder, 'OMEMO'],
  ['urn:xmpp:omemo:1', 'OMEMO'],
  [ns.omemo, 'OMEMO'],
]);

export const encryption: Field<Encryption> = {
  elements: [elementKey('encryption', ns.encryption)],
  content: true,
  read: (stanza) => {
    const { namespace, name } = find(stanza, 'encryption', ns.encryption)?.attrs ?? {};
    if (!namespace || isKeyExchange(stanza, namespace)) return undefined;
    return { namespace, ...(name ? { name } : {}) };
  },
  write: (stanza, { namespace, name }) => append(stanza, el('encryption', { xmlns: ns.encryption, namespace, name })),
};

/** XEP-0384 §4.6: without a payload there is nothing to be read, by anybody. */
function isKeyExchange(stanza: Element, namespace: string): boolean {
  const encrypted = find(stanza, 'encrypted', namespace);
  return encrypted !== undefined && find(encrypted, 'payload', namespaceOf(encrypted)) === undefined;
}

/** What is shown for it. */
export function noticeFor({ namespace, name }: Encryption): string {
  return `This message is encrypted with ${names.get(namespace) ?? name ?? namespace} and cannot be read here.`;
}

export function noticeOf(stanza: Element): string | undefined {
  const value = encryption.read(stanza);
  return value && noticeFor(value);
}

export default extension({
  spec: xep('0380', '0.4.0'),
  message: { encryption },
});
