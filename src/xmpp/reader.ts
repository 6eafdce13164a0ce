/**
 * Feeds the stream parser of @xmpp/xml and keeps its faults from the process: it throws on bad entities, costs
 * quadratic time in the length of a chunk, has no bounds, and keeps every text between two stanzas.
 */
import type { Element, Parser } from '@xmpp/component';
import { Copies } from './copies.ts';

const sliceChars = 4096;

export interface ReaderLimits {
  inboundChars: number;
  inboundDepth: number;
}

/** So much of a stanza that has not come whole is kept back from the parser. */
const maxHeld = 16 * 1024;
const opening = /<(message|presence|iq)[ >]/y;
const closing = /<\/(message|presence|iq)>/g;

type Current = () => Parser | null;

export class Reader {
  readonly #limits: ReaderLimits;
  readonly #fail: (reason: string, detail: string) => void;
  readonly #emit: (copy: Element) => void;
  readonly #copies = new Copies();
  #held = '';
  #chars = 0;
  #tooDeep = false;
  /** A stanza begins where the parser is; never believed where it is only likely. */
  #atStart = false;
  /** The last stanza that the parser has told of, and that is no copy. */
  #last: Element | undefined;

  /**
   * `fail` is called with a condition of RFC 6120 §4.9.3; the reader is not used afterwards. `emit` gets what is not parsed,
   * as it is a copy of something that was.
   */
  constructor(
    limits: ReaderLimits,
    fail: (reason: string, detail: string) => void,
    emit: (copy: Element) => void = () => undefined,
  ) {
    this.#limits = limits;
    this.#fail = fail;
    this.#emit = emit;
  }

  /** Parses a chunk, whole; `parser` is asked for before each slice, undefined ends it. Never throws. */
  read(chunk: string, parser: Current): void {
    const text = this.#held + chunk;
    this.#held = '';
    for (let at = 0; at < text.length && at >= 0; ) {
      if (!this.#atStart) at = this.#readOn(text, at, parser);
      else if (isSpace(text.charCodeAt(at))) at++;
      else at = this.#readStanza(text, at, parser);
    }
  }

  /** To be told of every stanza. False: it was nested too deep to be handled. */
  took(element: Element): boolean {
    const taken = !this.#tooDeep;
    this.#chars = 0;
    this.#tooDeep = false;
    this.#last = taken ? element : undefined;
    return taken;
  }

  /** Reads one stanza, where one begins. Answers where it ends; below 0: nothing more can be read. */
  #readStanza(text: string, start: number, parser: Current): number {
    const copy = this.#copies.take(text, start);
    if (copy) {
      if (!parser()) return -1;
      this.#emit(copy);
      return this.#copies.end;
    }
    const end = stanzaEnd(text, start);
    if (end === undefined) {
      if (text.length - start <= maxHeld && (opensStanza(text, start) || !text.includes('>', start))) {
        this.#held = text.slice(start);
        return -1;
      }
      this.#atStart = false;
      return start;
    }
    this.#last = undefined;
    if (!this.#parse(text, start, end, parser)) return -1;
    const last = this.#last as Element | undefined;
    this.#atStart = last !== undefined && isBetween(parser()) && (text[end - 2] === '/' || isWhole(last, text, end));
    if (last && this.#atStart) this.#copies.note(text.slice(start, end), last);
    return end;
  }

  /** Reads on until a stanza ends, or the text does. */
  #readOn(text: string, start: number, parser: Current): number {
    closing.lastIndex = start;
    const found = closing.test(text);
    const end = found ? closing.lastIndex : text.length - heldBack(text);
    this.#last = undefined;
    if (!this.#parse(text, start, end, parser)) return -1;
    if (!found) {
      this.#held = text.slice(end);
      return -1;
    }
    const last = this.#last as Element | undefined;
    this.#atStart = last !== undefined && isBetween(parser()) && isWhole(last, text, end);
    return end;
  }

  #parse(text: string, start: number, end: number, parser: Current): boolean {
    for (let at = start; at < end; ) {
      const stop = sliceEnd(text, at, end);
      const current = parser();
      if (!current) return false;
      try {
        current.write(text.slice(at, stop));
      } catch (error) {
        this.#fail('not-well-formed', String(error));
        return false;
      }
      if (!this.#check(current, stop - at)) return false;
      at = stop;
    }
    return true;
  }

  #check(parser: Parser, chars: number): boolean {
    // White space between stanzas (Prosody's keepalive) is kept by the parser as children of the stream.
    if (parser.root && parser.root.children.length > 0) parser.root.children.length = 0;
    if (parser.cursor === parser.root) this.#chars = 0;
    this.#chars += chars;
    this.#tooDeep ||= isDeeper(parser.cursor, this.#limits.inboundDepth);
    if (this.#chars <= this.#limits.inboundChars) return true;
    this.#fail('policy-violation', `a stanza of more than ${this.#limits.inboundChars} characters came in`);
    return false;
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function opensStanza(text: string, start: number): boolean {
  opening.lastIndex = start;
  return opening.test(text);
}

/** Behind the first tag that may close the stanza which begins there; undefined where it has not come, or is none. */
function stanzaEnd(text: string, start: number): number | undefined {
  opening.lastIndex = start;
  const name = opening.exec(text)?.[1];
  const tag = text.indexOf('>', start);
  if (name === undefined || tag < 0) return undefined;
  if (text[tag - 1] === '/') return tag + 1;
  const close = text.indexOf(`</${name}>`, tag);
  return close < 0 ? undefined : close + name.length + 3;
}

function isBetween(parser: Parser | null): boolean {
  return parser !== null && parser.root !== null && parser.cursor === parser.root;
}

/** The text has no other tag that closes such an element, and this one is the last that was closed: so it ends there. */
function isWhole({ name, children }: Element, text: string, end: number): boolean {
  return children.length > 0 && text.endsWith(`</${name}>`, end);
}

/**
 * The parser forgets where it is when a chunk ends inside of `?>`, `-->` or `]]>`, so such an end waits for the next
 * chunk. No stanza ends like this: nothing is late.
 */
function heldBack(text: string): number {
  const last = text.at(-1);
  if (last !== '?' && last !== '-' && last !== ']') return 0;
  return text.at(-2) === last ? 2 : 1;
}

function sliceEnd(text: string, start: number, end: number): number {
  const stop = start + sliceChars;
  if (stop >= end) return end;
  let at = stop;
  // Not between the halves of a character, nor inside of what heldBack() is about.
  while (at > start + 1 && /[\ud800-\udbff?\]-]/.test(text[at - 1] ?? '')) at--;
  return at > start + 1 ? at : stop;
}

function isDeeper(element: Element | null, levels: number): boolean {
  let at = element;
  for (let depth = 0; at; depth++, at = at.parent) if (depth > levels) return true;
  return false;
}
