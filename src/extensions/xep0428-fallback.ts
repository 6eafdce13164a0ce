/**
 * XEP-0428 Fallback Indication 0.2.1: which parts of a body are only for those who do not understand something else in the
 * message. They are no part of `body`: cut out on the way in, put in on the way out; offsets are code points (XEP-0426).
 *   <body>&gt; hi&#10;hello</body><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="5"/></fallback>
 */
import { extension, part, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { joined, type Range } from './code-points.ts';

/** The fallback elements for that feature. */
export function fallbacksFor(stanza: Element, feature: string): Element[] {
  return elements(stanza).filter(
    (child) => nameOf(child) === 'fallback' && child.attrs.for === feature && isFallback(namespaceOf(child)),
  );
}

/** COMPAT(slixmpp 1.8): replies of many clients have the namespace of before. */
function isFallback(xmlns: string): boolean {
  return xmlns === ns.fallback || xmlns === ns.fallbackOlder;
}

/** What they say of a body of so many code points: the parts that are fallback. */
export function rangesOf(fallbacks: readonly Element[], length: number): Range[] {
  return joined(fallbacks.flatMap((fallback) => rangesIn(fallback, length)));
}

function rangesIn(fallback: Element, length: number): Range[] {
  const parts = elements(fallback).filter((child) => isFallback(namespaceOf(child)));
  // Without children it is about every body and subject.
  if (parts.length === 0) return [{ start: 0, end: length }];
  return parts.flatMap((part) => {
    if (nameOf(part) !== 'body') return [];
    const start = offset(part.attrs.start, 0);
    const end = Math.min(offset(part.attrs.end, length), length);
    return start < end ? [{ start, end }] : [];
  });
}

function offset(text: string | undefined, absent: number): number {
  if (text === undefined) return absent;
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

/** Says that the body, or this part of it, is fallback for that feature. */
export function addFallback(stanza: Element, feature: string, range?: Range): void {
  const attrs = range ? { start: String(range.start), end: String(range.end) } : {};
  append(stanza, el('fallback', { xmlns: ns.fallback, for: feature }, el('body', attrs)));
}

export default extension({
  spec: xep('0428', '0.2.1'),
  also: [part('0426', 'Character counting in message bodies')],
  features: { client: [ns.fallback] },
});
