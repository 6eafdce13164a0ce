/**
 * XEP-0461 Message Replies 0.2.1. What is quoted for others is cut out of the body, and is in `quote`.
 *   {"body":"Great idea!","reply":{"id":"m1","to":"anna@example.com/tablet","quote":"We should bake a cake"}}
 *   ↔ <body>&gt; We should bake a cake&#10;Great idea!</body><reply xmlns="urn:xmpp:reply:0" to="anna@example.com/tablet" id="m1"/>
 *     <fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="24"/></fallback>
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import type { Reply } from '../protocol/content.ts';
import { tryParse } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, find, textOf } from '../xmpp/stanza.ts';
import { bodiesOf, soleBody } from './bodies.ts';
import { cutOut, pointsIn } from './code-points.ts';
import { addFallback, fallbacksFor, rangesOf } from './xep0428-fallback.ts';

/** A client could not name a message by an id that is longer. */
const maxId = 1024;

function replyIn(stanza: Element): Element | undefined {
  const reply = find(stanza, 'reply', ns.reply);
  const { id = '' } = reply?.attrs ?? {};
  return id !== '' && id.length <= maxId ? reply : undefined;
}

export function isReply(stanza: Element): boolean {
  return replyIn(stanza) !== undefined;
}

/** XEP-0393 §5.1.3: each line of a quote begins so. */
const mark = '> ';

function quoteIn(stanza: Element): string | undefined {
  const { own } = bodiesOf(stanza);
  const fallbacks = own ? fallbacksFor(stanza, ns.reply) : [];
  if (!own || fallbacks.length === 0) return undefined;
  const text = textOf(own);
  const { cut } = cutOut(text, rangesOf(fallbacks, pointsIn(text)));
  const lines = cut.replace(/\n$/, '').split('\n');
  return lines.map((line) => (line.startsWith('>') ? line.replace(/^> ?/, '') : line)).join('\n') || undefined;
}

function write(stanza: Element, { id, to, quote }: Reply): void {
  append(stanza, el('reply', { xmlns: ns.reply, to, id }));
  const body = soleBody(stanza);
  // XEP-0428 has ranges for one text only.
  if (!quote || !body) return;
  const quoted = `${quote
    .split('\n')
    .map((line) => `${mark}${line}`)
    .join('\n')}\n`;
  body.children = [`${quoted}${textOf(body)}`];
  addFallback(stanza, ns.reply, { start: 0, end: pointsIn(quoted) });
}

const reply: Field<Reply> = {
  elements: [
    elementKey('reply', ns.reply),
    elementKey('fallback', ns.fallback),
    elementKey('fallback', ns.fallbackOlder),
  ],
  read: (stanza) => {
    const element = replyIn(stanza);
    if (!element) return undefined;
    const to = tryParse(element.attrs.to ?? '')?.full;
    const quote = quoteIn(stanza);
    return { id: element.attrs.id ?? '', ...(to ? { to } : {}), ...(quote ? { quote } : {}) };
  },
  write,
  used: (stanza) => {
    const element = replyIn(stanza);
    if (!element) return [];
    const isQuoted = soleBody(stanza) !== undefined && quoteIn(stanza) !== undefined;
    return isQuoted ? [element, ...fallbacksFor(stanza, ns.reply)] : [element];
  },
};

export default extension({
  spec: xep('0461', '0.2.1'),
  features: { client: [ns.reply] },
  message: { reply },
});
