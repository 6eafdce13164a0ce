/** A small XML reader for the test peers, strict and independent of the gateway's own: a stream in, stanzas out. */
import { SaxesParser } from 'saxes';

export class XmlNode {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly parent: XmlNode | undefined;
  readonly children: (XmlNode | string)[] = [];

  constructor(tag: string, attrs: Record<string, string>, parent: XmlNode | undefined) {
    this.tag = tag;
    this.attrs = attrs;
    this.parent = parent;
  }

  /** The local name. */
  get name(): string {
    return this.tag.slice(this.tag.indexOf(':') + 1);
  }

  get xmlns(): string {
    const colon = this.tag.indexOf(':');
    return this.#declared(colon < 0 ? 'xmlns' : `xmlns:${this.tag.slice(0, colon)}`);
  }

  #declared(declaration: string): string {
    return this.attrs[declaration] ?? (this.parent ? this.parent.#declared(declaration) : '');
  }

  get text(): string {
    return this.children.filter((child) => typeof child === 'string').join('');
  }

  get elements(): XmlNode[] {
    return this.children.filter((child) => typeof child !== 'string');
  }

  /** The first child of that name, and of that namespace if one is given. */
  child(name: string, xmlns?: string): XmlNode | undefined {
    return this.elements.find((each) => each.name === name && (xmlns === undefined || each.xmlns === xmlns));
  }

  toString(): string {
    const attrs = Object.entries(this.attrs).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
    const inner = this.children.map((child) => (typeof child === 'string' ? escapeXml(child) : child.toString()));
    return `<${this.tag}${attrs.join('')}${inner.length === 0 ? '/>' : `>${inner.join('')}</${this.tag}>`}`;
  }
}

export interface StreamHandlers {
  /** The stream header. */
  open(root: XmlNode): void;
  /** A child of the stream, whole. It keeps its root alive, but no sibling. */
  stanza(stanza: XmlNode): void;
  /** `</stream:stream>` */
  close(): void;
}

/** Takes the text of a stream in any pieces. @throws what is not well-formed. */
export function streamReader(handlers: StreamHandlers): (text: string) => void {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let root: XmlNode | undefined;
  let current: XmlNode | undefined;
  parser.on('opentag', ({ name, attributes }) => {
    const node = new XmlNode(name, attributes, current);
    if (!current) {
      root = node;
      handlers.open(node);
    } else if (current !== root) current.children.push(node);
    current = node;
  });
  parser.on('text', (text) => {
    if (current !== root) current?.children.push(text);
  });
  parser.on('cdata', (text) => {
    if (current !== root) current?.children.push(text);
  });
  parser.on('closetag', () => {
    const done = current;
    current = done?.parent;
    if (!current) handlers.close();
    else if (done && current === root) handlers.stanza(done);
  });
  parser.on('error', (error) => {
    throw error;
  });
  return (text) => void parser.write(text);
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text that may stand in an element or in an attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);
}
