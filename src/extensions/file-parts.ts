/**
 * Text with files, or several files, as several stanzas (XEP-0447 §4.1, §4.2): the message without the files' sources, and
 * one stanza a file that attaches them, which whoever knows nothing of this shows as a link or as the file.
 */
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { bodiesOf } from './bodies.ts';
import { shownBody } from './body.ts';
import { cutOut, pointsIn } from './code-points.ts';
import { oob } from './xep0066-oob.ts';
import { hint } from './xep0334-hints.ts';
import { addFallback, fallbacksFor, rangesOf } from './xep0428-fallback.ts';

export interface Split {
  readonly main: Element;
  /** The others, once it is known what the message goes by. */
  parts(attachTo: string): Element[];
}

/** Nothing where the stanza says it all to everybody: it has no file, or a file and nothing else. */
export function split(stanza: Element): Split | undefined {
  if (!find(stanza, 'file-sharing', ns.fileSharing)) return undefined;
  const files = elements(stanza).filter(isFile);
  if (files.length === 1 && shownBody(stanza).text === undefined) return undefined;
  return {
    main: mainOf(stanza),
    parts: (attachTo) => files.map((file, i) => partOf(stanza, file, `${stanza.attrs.id}-${i + 1}`, attachTo)),
  };
}

function isFile(child: Element): boolean {
  return nameOf(child) === 'file-sharing' && namespaceOf(child) === ns.fileSharing;
}

function mainOf(stanza: Element): Element {
  const main = el('message', stanza.attrs);
  const { own } = bodiesOf(stanza);
  const fallbacks = fallbacksFor(stanza, ns.fileSharing);
  for (const child of elements(stanza)) {
    if (fallbacks.includes(child) || (nameOf(child) === 'x' && namespaceOf(child) === ns.oob)) continue;
    if (isFile(child)) append(main, withoutSources(child));
    else if (child !== own) append(main, child);
    else if (shownBody(stanza).text !== undefined) append(main, el('body', own.attrs, withoutFiles(own, fallbacks)));
  }
  // §3.1: so that it is archived though it has no body.
  if (!find(main, 'body', '') && !find(main, 'store', ns.hints)) append(main, hint('store'));
  return main;
}

function withoutFiles(body: Element, fallbacks: Element[]): string {
  const text = textOf(body);
  return cutOut(text, rangesOf(fallbacks, pointsIn(text))).left;
}

function withoutSources(file: Element): Element {
  const others = elements(file).filter((child) => nameOf(child) !== 'sources');
  return el('file-sharing', file.attrs, ...others);
}

function partOf(stanza: Element, file: Element, id: string, attachTo: string): Element {
  const found = find(file, 'sources', ns.fileSharing);
  const sources = el('sources', { ...found?.attrs, id: file.attrs.id }, ...(found ? elements(found) : []));
  const part = el('message', { ...stanza.attrs, id });
  const url = find(sources, 'url-data', ns.urlData)?.attrs.target;
  if (url !== undefined) append(part, el('body', {}, url));
  append(part, el('attach-to', { xmlns: ns.attaching, id: attachTo }));
  append(part, sources);
  if (url === undefined) append(part, hint('store'));
  else {
    addFallback(part, ns.fileSharing);
    append(part, oob(url));
  }
  append(part, el('origin-id', { xmlns: ns.stanzaIds, id }));
  // XEP-0045 §7.5: a private message is marked as one.
  if (find(stanza, 'x', ns.mucUser)) append(part, el('x', { xmlns: ns.mucUser }));
  return part;
}
