/** Stanzas in tests: read from text as the link reads them, and written so that only what matters differs. */
import xmpp from '@xmpp/component';
import { type Element, serialize } from '../../src/xmpp/stanza.ts';
import { streamReader, type XmlNode } from './peers/xml.ts';

const open = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>";

/** The stanzas in a text, by the parser that the link uses. Comments are for readers. */
export function parseStanzas(text: string): Element[] {
  const found: Element[] = [];
  const parser = new xmpp.xml.Parser();
  parser.on('element', (element: Element) => found.push(element));
  parser.on('error', (error: Error) => {
    throw error;
  });
  parser.write(open + text.replaceAll(/<!--.*?-->/gs, ''));
  return found;
}

export function parseStanza(text: string): Element {
  const [stanza, ...more] = parseStanzas(text);
  if (!stanza || more.length > 0) throw new Error(`not one stanza: ${text}`);
  return stanza;
}

/**
 * One line per tag and text; attributes sorted, namespaces where they change, white space between elements gone. By a
 * parser that the gateway does not use.
 */
export function canonical(xml: string | readonly Element[]): string {
  const lines: string[] = [];
  const stanza = (node: XmlNode) => lines.push(...canonicalLines(node, '', ''));
  const read = streamReader({ open: () => undefined, stanza, close: () => undefined });
  read(`${open}${typeof xml === 'string' ? xml : xml.map(serialize).join('')}</stream:stream>`);
  return lines.join('\n');
}

function canonicalLines(node: XmlNode, outer: string, indent: string): string[] {
  const xmlns = node.xmlns === 'jabber:component:accept' ? '' : node.xmlns;
  const attrs = Object.entries(node.attrs)
    .filter(([key]) => key !== 'xmlns' && !key.startsWith('xmlns:'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (xmlns !== outer) attrs.unshift(['xmlns', xmlns]);
  const tag = [node.name, ...attrs.map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(' ');
  const texts = joined(node).filter((child) => typeof child !== 'string' || node.elements.length === 0 || child.trim());
  const inner = texts.flatMap((child) =>
    typeof child === 'string' ? `${indent}  ${JSON.stringify(child)}` : canonicalLines(child, xmlns, `${indent}  `),
  );
  return [`${indent}<${tag}>`, ...inner];
}

/** Text that came in pieces is one text. */
function joined({ children }: XmlNode): (XmlNode | string)[] {
  const all: (XmlNode | string)[] = [];
  for (const child of children) {
    const last = all.at(-1);
    if (typeof child === 'string' && typeof last === 'string') all[all.length - 1] = last + child;
    else all.push(child);
  }
  return all;
}
