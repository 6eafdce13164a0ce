/**
 * XEP-0372 References 0.5.0, as mentions. Offsets are code points of `body` as the client has it: what is cut out of it, or
 * put before it, is reckoned with.
 *   {"body":"Hi Bob","mentions":[{"begin":3,"end":6,"jid":"bob@example.com"}]}
 *   ↔ <reference xmlns="urn:xmpp:reference:0" type="mention" begin="3" end="6" uri="xmpp:bob@example.com"/>
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Mention } from '../protocol/content.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, elements, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { type ShownBody, shownBody } from './body.ts';
import { pointsIn, type Range, shifted } from './code-points.ts';

/** More is not read. */
const most = 100;

/** Who is mentioned, by which element. */
function found(stanza: Element): [Element, Mention][] {
  let body: ShownBody | undefined;
  const all = elements(stanza).filter(
    (child) => nameOf(child) === 'reference' && namespaceOf(child) === ns.references && child.attrs.type === 'mention',
  );
  return all.slice(0, most).flatMap((element) => {
    const { begin, end, uri = '', anchor } = element.attrs;
    const jid = jidOf(uri);
    // §3.4: with an anchor it is about another message.
    if (jid === undefined || anchor !== undefined) return [];
    if (begin === undefined && end === undefined) return [[element, { jid }]];
    body ??= shownBody(stanza);
    const place = placeOf(begin, end, body);
    return place ? [[element, { jid, begin: place.start, end: place.end }]] : [];
  });
}

function placeOf(begin = '', end = '', { text = '', removed }: ShownBody): Range | undefined {
  if (!/^\d{1,9}$/.test(begin) || !/^\d{1,9}$/.test(end)) return undefined;
  const start = shifted(Number(begin), removed);
  // It may end where something that was cut out begins.
  const last = shifted(Number(end) - 1, removed);
  if (start === undefined || last === undefined || last < start || last >= pointsIn(text)) return undefined;
  return { start, end: last + 1 };
}

/** The address in an `xmpp:` URI (RFC 5122). */
export function jidOf(uri: string): string | undefined {
  if (!/^xmpp:/i.test(uri)) return undefined;
  const path = uri.slice('xmpp:'.length).split(/[?#]/)[0] ?? '';
  try {
    return tryParse(decodeURIComponent(path))?.full;
  } catch {
    return tryParse(path)?.full;
  }
}

/** Everything but what may stand in a URI as it is; slashes of a resource too. */
function uriOf(jid: string): string {
  const slash = jid.indexOf('/');
  const [bare, resource] = slash < 0 ? [jid, ''] : [jid.slice(0, slash), jid.slice(slash + 1)];
  const escaped = encodeURIComponent(bare).replaceAll('%40', '@').replaceAll('%5B', '[').replaceAll('%5D', ']');
  return `xmpp:${escaped.replaceAll('%3A', ':')}${slash < 0 ? '' : `/${encodeURIComponent(resource)}`}`;
}

const mentions: Field<Mention[]> = {
  elements: [elementKey('reference', ns.references)],
  read: (stanza) => {
    const all = found(stanza).map(([, mention]) => mention);
    return all.length === 0 ? undefined : all;
  },
  write: (stanza, value) => {
    // What was put before the body is there by now (XEP-0461); what is put behind it moves nothing.
    const { removed } = shownBody(stanza);
    const before = removed[0]?.start === 0 ? removed[0].end : 0;
    for (const { jid, begin, end } of value) {
      const place =
        begin === undefined || end === undefined ? {} : { begin: String(begin + before), end: String(end + before) };
      append(stanza, el('reference', { xmlns: ns.references, type: 'mention', ...place, uri: uriOf(jid) }));
    }
  },
  used: (stanza) => found(stanza).map(([element]) => element),
};

export default extension({
  spec: xep('0372', '0.5.0'),
  features: { client: [ns.references] },
  message: { mentions },
});
