/**
 * XEP-0066 Out of Band Data 1.5, as files in messages are sent to and by those who know nothing else.
 *   {"files":[{"url":"https://up.example.com/a.jpg","desc":"A photo"}]}
 *   ← <x xmlns="jabber:x:oob"><url>https://up.example.com/a.jpg</url><desc>A photo</desc></x>
 * Where the body is that same address, it is not shown again.
 */
import { extension, xep } from '../extension.ts';
import type { File } from '../protocol/files.ts';
import { ns } from '../xmpp/namespaces.ts';
import { childText, type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { isSafeUrl } from './safe-url.ts';

/** What a file's address may be; `aesgcm` is what encrypting clients make of `https`. */
export const fileSchemes = ['https', 'http', 'aesgcm'] as const;

/** More of one kind is not read. */
const most = 50;

export interface Oob extends Pick<File, 'url' | 'desc'> {
  readonly element: Element;
}

export function oobIn(stanza: Element): Oob[] {
  return elements(stanza)
    .filter((child) => nameOf(child) === 'x' && namespaceOf(child) === ns.oob)
    .slice(0, most)
    .flatMap((element) => {
      const url = childText(element, 'url', ns.oob)?.trim() ?? '';
      const desc = childText(element, 'desc', ns.oob);
      return isSafeUrl(url, fileSchemes) ? [{ element, url, ...(desc ? { desc } : {}) }] : [];
    });
}

export function oob(url: string): Element {
  return el('x', { xmlns: ns.oob }, el('url', {}, url));
}

export default extension({ spec: xep('0066', '1.5'), features: { client: [ns.oob] } });
