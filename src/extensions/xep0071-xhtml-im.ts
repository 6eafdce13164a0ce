/**
 * XEP-0071 XHTML-IM 1.5.4: the body with markup, cleaned in both directions.
 *   {"body":"Oh my!","html":"Oh <em>my</em>!"}
 *   ↔ <html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml">Oh <em>my</em>!</body></html>
 */
import { extension, type Field, xep } from '../extension.ts';
import { elementKey } from '../fields.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, find, maxDepth, nameOf, namespaceOf } from '../xmpp/stanza.ts';
import { readHtml } from './html-reader.ts';
import { appendText, cleanElement, htmlOf, isDropped, maxMarkupDepth } from './markup.ts';

/** Clean markup of what came in; §8.8: of what is not known the text counts. */
function clean(from: Element, into: Element, depth: number): void {
  for (const child of from.children) {
    if (typeof child === 'string') {
      appendText(into, child);
      continue;
    }
    const name = nameOf(child);
    if (depth > maxDepth || namespaceOf(child) !== ns.xhtml || isDropped(name)) continue;
    const element = depth < maxMarkupDepth ? cleanElement(name, child.attrs) : undefined;
    if (element) append(into, element);
    clean(child, element ?? into, depth + 1);
  }
}

const html: Field<string> = {
  elements: [elementKey('html', ns.xhtmlIm)],
  content: true,
  read: (stanza) => {
    const outer = find(stanza, 'html', ns.xhtmlIm);
    const body = outer && find(outer, 'body', ns.xhtml);
    if (!body) return undefined;
    const markup = el('body');
    clean(body, markup, 0);
    return htmlOf(markup) || undefined;
  },
  write: (stanza, value) => {
    const body = el('body', { xmlns: ns.xhtml });
    readHtml(value, body);
    if (body.children.length > 0) append(stanza, el('html', { xmlns: ns.xhtmlIm }, body));
  },
};

export default extension({
  spec: xep('0071', '1.5.4'),
  features: { client: [ns.xhtmlIm] },
  message: { html },
});
