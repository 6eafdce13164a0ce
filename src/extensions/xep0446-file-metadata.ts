/**
 * XEP-0446 File metadata element 0.2.0, with XEP-0300 hashes and XEP-0264 thumbnails.
 *   {"name":"a.jpg","mediaType":"image/jpeg","size":3032449,"width":4096,"height":2160,"hashes":{"sha3-256":"2XarmwTl…"}}
 *   ↔ <file xmlns="urn:xmpp:file:metadata:0"><media-type>image/jpeg</media-type><name>a.jpg</name>…</file>
 */
import { extension, part, xep } from '../extension.ts';
import type { File, Thumbnail } from '../protocol/files.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, childText, type Element, el, elements, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { readTime } from './date-time.ts';
import { isSafeUrl } from './safe-url.ts';

type Metadata = Omit<File, 'url' | 'disposition' | 'encrypted'>;

/** More of either is not read. */
const most = 20;

export function readMetadata(file: Element): Metadata {
  const text = (name: string) => childText(file, name, ns.fileMetadata) || undefined;
  const number = (name: string) => integer(text(name));
  const hashes = readHashes(file);
  const thumbnails = named(file, 'thumbnail', ns.thumbs).flatMap(readThumbnail);
  return present({
    name: text('name'),
    mediaType: text('media-type'),
    size: number('size'),
    width: pixels(text('width')),
    height: pixels(text('height')),
    length: number('length'),
    date: readTime(text('date')),
    desc: text('desc'),
    hashes,
    thumbnails: thumbnails.length > 0 ? thumbnails : undefined,
  });
}

export function writeMetadata(file: Metadata): Element {
  const { name, mediaType, size, width, height, length, date, desc, hashes, thumbnails = [] } = file;
  const texts = { 'media-type': mediaType, name, date, size, width, height, length, desc };
  const element = el('file', { xmlns: ns.fileMetadata });
  for (const [tag, value] of Object.entries(texts)) {
    if (value !== undefined) append(element, el(tag, {}, String(value)));
  }
  writeHashes(element, hashes);
  for (const { uri, mediaType: type, width: w, height: h } of thumbnails) {
    const size = { width: w?.toString(), height: h?.toString() };
    append(element, el('thumbnail', { xmlns: ns.thumbs, uri, 'media-type': type, ...size }));
  }
  return element;
}

export function readHashes(parent: Element): File['hashes'] {
  const hashes = named(parent, 'hash', ns.hashes).flatMap((hash) => {
    const { algo } = hash.attrs;
    const value = textOf(hash).trim();
    return algo && value ? [[algo, value] as const] : [];
  });
  return hashes.length > 0 ? Object.fromEntries(hashes) : undefined;
}

export function writeHashes(parent: Element, hashes: File['hashes'] = {}): void {
  for (const [algo, value] of Object.entries(hashes)) append(parent, el('hash', { xmlns: ns.hashes, algo }, value));
}

function readThumbnail({ attrs }: Element): Thumbnail[] {
  const { uri = '', 'media-type': mediaType } = attrs;
  // cid: is XEP-0231's.
  if (!isSafeUrl(uri, ['https', 'http', 'cid'])) return [];
  const size = { width: pixels(attrs.width), height: pixels(attrs.height) };
  return [present({ uri, mediaType: mediaType || undefined, ...size })];
}

function named(parent: Element, name: string, xmlns: string): Element[] {
  return elements(parent)
    .filter((child) => nameOf(child) === name && namespaceOf(child) === xmlns)
    .slice(0, most);
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function pixels(text: string | undefined): number | undefined {
  const number = integer(text);
  return number === undefined || number > 0xff_ff_ff_ff ? undefined : number;
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same without what is undefined. */
export function present<T extends object>(object: T): Present<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Present<T>;
}

export default extension({
  spec: xep('0446', '0.2.0'),
  also: [part('0300', 'Use of Cryptographic Hash Functions in XMPP'), part('0264', 'Jingle Content Thumbnails')],
  features: { client: [ns.fileMetadata] },
});
