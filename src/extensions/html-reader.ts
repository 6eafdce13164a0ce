/**
 * HTML as web pages write it → clean markup. It is read as leniently as browsers read it, but what comes out was made here,
 * element by element, from what markup.ts allows.
 */

import { isXmlText } from '../protocol/text.ts';
import { append, type Element } from '../xmpp/stanza.ts';
import { appendText, cleanElement, isDropped, maxMarkupDepth, voidElements } from './markup.ts';

/** An open element: what it was called, and where its content goes. */
interface Open {
  readonly name: string;
  readonly into: Element;
}

/** Reads the text into the element. Takes time in proportion to the text. */
export function readHtml(text: string, root: Element): void {
  const reader = new HtmlReader(text, root);
  while (reader.next());
}

/** Elements that nobody closes are closed at the end; so many may be open. */
const maxOpen = 200;

class HtmlReader {
  readonly #text: string;
  readonly #root: Element;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string, root: Element) {
    this.#text = text;
    this.#root = root;
  }

  get #into(): Element {
    return this.#open.at(-1)?.into ?? this.#root;
  }

  /** One tag, comment or text. False at the end. */
  next(): boolean {
    const text = this.#text;
    if (this.#at >= text.length) return false;
    const tag = text.indexOf('<', this.#at);
    if (tag !== this.#at) {
      this.#write(text.slice(this.#at, tag < 0 ? text.length : tag));
      this.#at = tag < 0 ? text.length : tag;
    } else if (text.startsWith('<!--', tag)) this.#skipPast('-->', tag + 4);
    else if (/[!?]/.test(text.charAt(tag + 1))) this.#skipPast('>', tag + 2);
    else if (text.charAt(tag + 1) === '/') this.#close(tag);
    else if (/[a-z]/i.test(text.charAt(tag + 1))) this.#start(tag);
    else {
      this.#write('<');
      this.#at++;
    }
    return true;
  }

  #write(text: string): void {
    appendText(this.#into, decode(text));
  }

  #skipPast(end: string, from: number): void {
    const found = this.#text.indexOf(end, from);
    this.#at = found < 0 ? this.#text.length : found + end.length;
  }

  #close(tag: number): void {
    const name = nameAt(this.#text, tag + 2);
    this.#skipPast('>', tag + 2);
    const index = this.#open.findLastIndex((one) => one.name === name);
    if (index >= 0) this.#open.length = index;
  }

  #start(tag: number): void {
    const name = nameAt(this.#text, tag + 1);
    this.#at = tag + 1 + name.length;
    const attrs = this.#attributes();
    if (isDropped(name)) {
      this.#drop(name);
      return;
    }
    const into = this.#into;
    const element = this.#open.length < maxMarkupDepth ? cleanElement(name, attrs) : undefined;
    if (element) append(into, element);
    if (!voidElements.has(name) && this.#open.length < maxOpen) this.#open.push({ name, into: element ?? into });
  }

  /** Up to the end of the element, whose content is not looked at; to the end of the text where it is not closed. */
  #drop(name: string): void {
    if (voidElements.has(name)) return;
    const end = new RegExp(`</${name}[\\s/>]`, 'gi');
    end.lastIndex = this.#at;
    const found = end.exec(this.#text);
    if (found) this.#skipPast('>', found.index);
    else this.#at = this.#text.length;
  }

  #attributes(): Record<string, string> {
    const attrs: Record<string, string> = Object.create(null);
    const text = this.#text;
    for (;;) {
      while (between.has(text.charAt(this.#at))) this.#at++;
      if (this.#at >= text.length || text.charAt(this.#at) === '>') break;
      const [part = '', name = '', value = ''] = match(attribute, text, this.#at);
      this.#at += Math.max(part.length, 1);
      const bare = /^["']/.test(value) ? value.slice(1, -1) : value;
      if (name !== '') attrs[name.toLowerCase()] ??= decode(bare);
    }
    this.#at++;
    return attrs;
  }
}

/** Skipped by hand: an expression would try all of them again for each. */
const between: ReadonlySet<string> = new Set([' ', '\t', '\n', '\r', '\f', '/']);
const attribute = /([^\s/>="']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?/y;

function match(pattern: RegExp, text: string, at: number): string[] {
  pattern.lastIndex = at;
  return [...(pattern.exec(text) ?? [])].map((part) => part ?? '');
}

function nameAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && /[a-z0-9]/i.test(text.charAt(end))) end++;
  return text.slice(at, end).toLowerCase();
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  shy: '\u00ad',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  copy: '©',
  reg: '®',
  euro: '€',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  times: '×',
};

function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return named[String(name)] ?? all;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    const char = code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
    return isXmlText(char) ? char : '';
  });
}
