/**
 * XEP-0447 Stateless file sharing 0.3.1.
 *   {"files":[{"url":"https://up.example.com/a.jpg","name":"a.jpg","size":3032449}]}
 *   ↔ <file-sharing xmlns="urn:xmpp:sfs:0"><file xmlns="urn:xmpp:file:metadata:0">…</file>
 *       <sources><url-data xmlns="http://jabber.org/protocol/url-data" target="https://up.example.com/a.jpg"/></sources></file-sharing>
 * For others the address is in the body, marked as fallback, and in XEP-0066.
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { File } from '../protocol/files.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { soleBody } from './bodies.ts';
import { pointsIn } from './code-points.ts';
import { isSafeUrl } from './safe-url.ts';
import { fileSchemes, oob, oobIn } from './xep0066-oob.ts';
import { addFallback, fallbacksFor, rangesOf } from './xep0428-fallback.ts';
import { readMetadata, writeMetadata } from './xep0446-file-metadata.ts';
import { encrypted, encryptedIn } from './xep0448-encrypted-files.ts';

/** More is not read. */
const most = 50;

interface Found {
  readonly file: File;
  readonly element: Element;
}

function shared(stanza: Element, name: 'file-sharing' | 'sources'): Element[] {
  return elements(stanza)
    .filter((child) => nameOf(child) === name && namespaceOf(child) === ns.fileSharing)
    .slice(0, most);
}

/** Where it is; nothing where no source is one that a web client can use. */
function placeOf(sources: Element | undefined): Pick<File, 'url' | 'encrypted'> | undefined {
  if (!sources) return undefined;
  const plain = urlIn(sources);
  if (plain !== undefined) return { url: plain };
  const hidden = encryptedIn(sources);
  const url = hidden && urlIn(hidden.sources);
  return hidden && url !== undefined ? { url, encrypted: hidden.keys } : undefined;
}

function urlIn(sources: Element): string | undefined {
  return elements(sources)
    .filter((child) => nameOf(child) === 'url-data' && namespaceOf(child) === ns.urlData)
    .map(({ attrs }) => attrs.target ?? '')
    .find((target) => isSafeUrl(target, fileSchemes));
}

/** Files by all the ways that there are to tell of one; each address once, by the way that tells most. */
export function filesIn(stanza: Element): File[] {
  return [...found(stanza).values()].map(({ file }) => file);
}

function found(stanza: Element): Map<string, Found> {
  const files = new Map<string, Found>();
  const add = (element: Element, file: File): void => {
    if (!files.has(file.url) && files.size < most) files.set(file.url, { element, file });
  };
  for (const element of shared(stanza, 'file-sharing')) {
    const place = placeOf(find(element, 'sources', ns.fileSharing));
    if (!place) continue;
    const metadata = find(element, 'file', ns.fileMetadata);
    const { disposition } = element.attrs;
    const shown: Pick<File, 'disposition'> =
      disposition === 'inline' || disposition === 'attachment' ? { disposition } : {};
    add(element, { ...(metadata ? readMetadata(metadata) : {}), ...place, ...shown });
  }
  // §3.3: sources of a file that was told of before, in a message that did not come to its message.
  for (const element of shared(stanza, 'sources')) {
    const place = placeOf(element);
    if (place) add(element, place);
  }
  for (const { element, ...file } of oobIn(stanza)) add(element, file);
  return files;
}

export function sharing({ disposition, ...file }: File, id?: string): Element {
  return el('file-sharing', { xmlns: ns.fileSharing, disposition, id }, writeMetadata(file), sourcesOf(file));
}

export function sourcesOf({ url, encrypted: keys }: Pick<File, 'url' | 'encrypted'>): Element {
  const sources = () => el('sources', { xmlns: ns.fileSharing }, el('url-data', { xmlns: ns.urlData, target: url }));
  return keys ? el('sources', { xmlns: ns.fileSharing }, encrypted(keys, sources())) : sources();
}

function write(stanza: Element, files: readonly File[]): void {
  // §4.2: where there are several, each has an id.
  for (const [i, file] of files.entries()) append(stanza, sharing(file, files.length > 1 ? `${i + 1}` : undefined));
  // Who knows only the address of something encrypted has nothing of it.
  const open = files.filter((file) => !file.encrypted).map(({ url }) => url);
  if (open.length > 0) writeAddresses(stanza, open);
  for (const url of open) append(stanza, oob(url));
}

/** In the body, behind its text; where there are several bodies, in none (XEP-0428 has ranges for one). */
function writeAddresses(stanza: Element, urls: readonly string[]): void {
  const body = soleBody(stanza);
  if (body) {
    const before = textOf(body);
    const start = pointsIn(before);
    const text = `\n${urls.join('\n')}`;
    body.children = [`${before}${text}`];
    addFallback(stanza, ns.fileSharing, { start, end: start + pointsIn(text) });
  } else if (!find(stanza, 'body', '')) {
    append(stanza, el('body', {}, urls.join('\n')));
    addFallback(stanza, ns.fileSharing);
  }
}

/** The elements that are told whole: what it says beyond a file's fields stays in `extra`. */
function used(stanza: Element): Element[] {
  const files = found(stanza);
  if (files.size === 0) return [];
  const told = new Set([...files.values()].flatMap(({ element, file }) => (isWhole(element, file) ? [element] : [])));
  for (const { element, url } of oobIn(stanza)) if (files.has(url) && !find(element, 'desc', ns.oob)) told.add(element);
  const body = soleBody(stanza);
  const fallbacks = body ? fallbacksFor(stanza, ns.fileSharing) : [];
  // It is written again, where there is an address that others can use.
  const isKept = rangesOf(fallbacks, pointsIn(body ? textOf(body) : '')).length > 0;
  return isKept && filesIn(stanza).some((file) => !file.encrypted) ? [...told, ...fallbacks] : [...told];
}

function isWhole(element: Element, file: File): boolean {
  const written = nameOf(element) === 'file-sharing' ? sharing(file) : nameOf(element) === 'sources' && sourcesOf(file);
  return written === false || countOf(written) === countOf(element);
}

function countOf(element: Element): number {
  return elements(element).reduce((sum, child) => sum + countOf(child), 1);
}

const files: Field<File[]> = {
  elements: [
    elementKey('file-sharing', ns.fileSharing),
    elementKey('sources', ns.fileSharing),
    elementKey('x', ns.oob),
    elementKey('fallback', ns.fallback),
  ],
  many: true,
  content: true,
  read: (stanza) => {
    const all = filesIn(stanza);
    return all.length === 0 ? undefined : all;
  },
  write,
  used,
};

export default extension({
  spec: xep('0447', '0.3.1'),
  features: { client: [ns.fileSharing] },
  message: { files },
});
