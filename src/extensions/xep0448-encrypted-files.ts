/**
 * XEP-0448 Encryption for stateless file sharing 0.2.0: the keys are told; clients decrypt.
 *   {"url":"https://up.example.com/x","encrypted":{"cipher":"urn:xmpp:ciphers:aes-256-gcm-nopadding:0","key":"…","iv":"…"}}
 *   ↔ <encrypted xmlns="urn:xmpp:esfs:0" cipher="…"><key>…</key><iv>…</iv><sources xmlns="urn:xmpp:sfs:0">…</sources></encrypted>
 */
import { extension, xep } from '../extension.ts';
import type { File } from '../protocol/files.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, type Element, el, find } from '../xmpp/stanza.ts';
import { readHashes, writeHashes } from './xep0446-file-metadata.ts';

type Encrypted = NonNullable<File['encrypted']>;

/** The keys in a file's sources, and the sources of what they are for. */
export function encryptedIn(sources: Element): { keys: Encrypted; sources: Element } | undefined {
  const element = find(sources, 'encrypted', ns.encryptedSharing);
  const inner = element && find(element, 'sources', ns.fileSharing);
  if (!inner) return undefined;
  const { cipher } = element.attrs;
  const key = childText(element, 'key', ns.encryptedSharing);
  const iv = childText(element, 'iv', ns.encryptedSharing);
  if (!cipher || !key || !iv) return undefined;
  const hashes = readHashes(element);
  return { keys: { cipher, key, iv, ...(hashes ? { hashes } : {}) }, sources: inner };
}

export function encrypted({ cipher, key, iv, hashes }: Encrypted, sources: Element): Element {
  const element = el('encrypted', { xmlns: ns.encryptedSharing, cipher }, el('key', {}, key), el('iv', {}, iv));
  writeHashes(element, hashes);
  append(element, sources);
  return element;
}

export default extension({ spec: xep('0448', '0.2.0'), features: { client: [ns.encryptedSharing] } });
