/**
 * Feeds the stream parser of @xmpp/xml and keeps its faults from the process: it throws on bad entities, costs
 * quadratic time in the length of a chunk, has no bounds, and keeps every text between two stanzas.
 */
import type { Element, Parser } from '@xmpp/component';

const sliceChars = 4096;

export interface ReaderLimits {
  inboundChars: number;
  inboundDepth: number;
}

export class Reader {
  readonly #limits: ReaderLimits;
  readonly #fail: (reason: string, detail: string) => void;
  #held = '';
  #chars = 0;
  #tooDeep = false;

  /** `fail` is called with a condition of RFC 6120 §4.9.3; the reader is not used afterwards. */
  constructor(limits: ReaderLimits, fail: (reason: string, detail: string) => void) {
    this.#limits = limits;
    this.#fail = fail;
  }

  /** Parses a chunk, whole; `parser` is asked for before each slice, undefined ends it. Never throws. */
  read(chunk: string, parser: () => Parser | null): void {
    const text = this.#held + chunk;
    const end = text.length - heldBack(text);
    this.#held = text.slice(end);
    for (let start = 0; start < end; ) {
      const stop = sliceEnd(text, start, end);
      const current = parser();
      if (!current) return;
      try {
        current.write(text.slice(start, stop));
      } catch (error) {
        this.#fail('not-well-formed', String(error));
        return;
      }
      if (!this.#check(current, stop - start)) return;
      start = stop;
    }
  }

  /** To be told of every stanza. False: it was nested too deep to be handled. */
  took(): boolean {
    const taken = !this.#tooDeep;
    this.#chars = 0;
    this.#tooDeep = false;
    return taken;
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
