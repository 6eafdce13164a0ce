/**
 * XML text that a client wrote (PROTOCOL.md §12) → an element tree. One parser says whether it is well-formed, another one
 * reads it; what goes on from here is the tree, never the text.
 */
import { XMLParser } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';
import { badRequest, type ElementTree, StanzaError } from '../protocol/errors.ts';
import { maxTreeDepth } from './raw.ts';

/** The parser's own shape: one key, the name, with the children; attributes under `:@`; text under `#text`. */
type Node = Record<string, unknown>;
/** What a prefix stands for; '' is the default namespace. */
type Prefixes = ReadonlyMap<string, string>;

const attributesKey = ':@';
const textKey = '#text';
const builtIn: Prefixes = new Map([
  ['', ''],
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
]);

/**
 * The one element of the text, its namespaces resolved: no prefix is left.
 * @throws StanzaError too-large; bad-request naming the field: not well-formed, or more than an element
 */
export function parseXml(text: string, field: string, maxBytes: number): ElementTree {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    throw new StanzaError('too-large', `${field} has ${bytes} bytes, at most ${maxBytes} can be sent`, { field });
  }
  // Well-formed XML has these nowhere else: comments, CDATA sections, DOCTYPE, processing instructions.
  if (/<[!?]/.test(text)) throw badRequest(field, `${field} is elements, attributes and text: no <! and no <?`);
  checkWellFormed(text, field);
  const root = read(text, field).find((node) => !(textKey in node));
  if (!root) throw badRequest(field, `${field} has no element`);
  return toTree(root, builtIn, '', field);
}

/** XML 1.0 and Namespaces in XML, by a parser that knows both. */
function checkWellFormed(text: string, field: string): void {
  const parser = new SaxesParser({ xmlns: true });
  let depth = 0;
  parser.on('error', ({ message }) => {
    throw badRequest(field, `${field} is not well-formed: ${message.slice(0, 200).toWellFormed()}`);
  });
  parser.on('opentag', () => {
    if (++depth > maxTreeDepth) throw badRequest(field, `${field} is nested deeper than ${maxTreeDepth} levels`);
  });
  parser.on('closetag', () => depth--);
  parser.write(text).close();
}

function read(text: string, field: string): Node[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    // By our own decoder: that of the parser leaves numeric references as they are.
    processEntities: false,
    maxNestedTags: maxTreeDepth,
    strictReservedNames: false,
    onDangerousProperty: (name) => name,
  });
  try {
    return parser.parse(text) as Node[];
  } catch {
    // It is well-formed, so it is one of the names that the parser will not have: `__proto__`, `constructor`, `prototype`.
    throw badRequest(field, `${field} has a name that cannot be read; write it as a tree`);
  }
}

function toTree(node: Node, outer: Prefixes, inherited: string, field: string): ElementTree {
  const name = Object.keys(node).find((key) => key !== attributesKey) ?? '';
  const given = Object.entries(node[attributesKey] ?? {}).map(
    ([key, value]) => [key, attributeText(`${value}`)] as const,
  );
  const prefixes = declared(given, outer);
  const [prefix, local] = split(name);
  const xmlns = prefixes.get(prefix) ?? '';
  const attrs: Record<string, string> = xmlns === inherited ? {} : { xmlns };
  for (const [key, value] of given) {
    const [space, plain] = split(key);
    if (key === 'xmlns' || space === 'xmlns') continue;
    if (space !== '' && space !== 'xml')
      throw badRequest(field, `${field}: the attribute ${key.slice(0, 64)} has a prefix`);
    attrs[space === '' ? plain : key] = value;
  }
  const inside = (node[name] ?? []) as Node[];
  const children = inside.map((child) => {
    const text = child[textKey];
    return typeof text === 'string' ? decode(text) : toTree(child, prefixes, xmlns, field);
  });
  return { name: local, attrs, children };
}

function declared(attributes: readonly (readonly [string, string])[], outer: Prefixes): Prefixes {
  const own = attributes.filter(([key]) => key === 'xmlns' || key.startsWith('xmlns:'));
  if (own.length === 0) return outer;
  return new Map([...outer, ...own.map(([key, value]) => [key.slice('xmlns:'.length), value] as const)]);
}

function split(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)];
}

/** XML 1.0 §3.3.3: white space that is written as itself is a space. */
function attributeText(text: string): string {
  return decode(text.replace(/\r\n|[\t\n\r]/g, ' '));
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML 1.0 §4.1, §4.6. That there are no other references, and none to what is no character, has been checked. */
function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([\da-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
