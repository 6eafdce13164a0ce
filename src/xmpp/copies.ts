/**
 * Recognises copies in the text of the stream: a room sends what is said to each of its occupants, and a thousand such
 * stanzas differ in `to` alone. What was parsed once is not parsed again: a copy shares the children of its original.
 */
import xmpp from '@xmpp/component';
import type { Element } from './stanza.ts';

/** RFC 7622 §3.1: three parts of 1023 bytes at most, and what separates them. */
const maxToChars = 3071;
/** More text than this is parsed again, rather than kept. */
const maxChars = 16 * 1024;
const attribute = / ([\w:.-]+)=(?:'([^'<>]*)'|"([^"<>]*)")/y;

export class Copies {
  #previous: Element | undefined;
  #original: Element | undefined;
  /** The text of the original, before and behind the value of `to`. */
  #head = '';
  #tail = '';
  /** Where the copy ends that take() has found. */
  end = 0;

  /** The copy that begins there, if one does, and is whole. */
  take(text: string, start: number): Element | undefined {
    const original = this.#original;
    const from = start + this.#head.length;
    // A slice is compared by words, startsWith() by characters: that is five times as long.
    if (!original || text.slice(start, from) !== this.#head) return undefined;
    const stop = text.indexOf(this.#tail.charAt(0), from);
    const end = stop + this.#tail.length;
    if (stop <= from || stop - from > maxToChars || text.slice(stop, end) !== this.#tail) return undefined;
    const to = text.slice(from, stop);
    if (/[&<>]/.test(to)) return undefined;
    this.end = end;
    return copyOf(original, to);
  }

  /** A stanza that was parsed, and its text. Where two in a row come from the same sender, the next may be a copy. */
  note(text: string, element: Element): void {
    const previous = this.#previous;
    this.#previous = element;
    const { from, to } = element.attrs;
    if (!to || !from || previous?.attrs.from !== from || previous.attrs.to === to) return;
    if (previous.name !== element.name || text.length > maxChars) return;
    const at = valueOfTo(text, element);
    if (at < 0) return;
    this.#original = element;
    this.#head = text.slice(0, at);
    this.#tail = text.slice(at + to.length);
  }
}

function copyOf(original: Element, to: string): Element {
  const copy = new xmpp.xml.Element(original.name);
  copy.attrs = { ...original.attrs, to };
  copy.parent = original.parent;
  copy.children = original.children;
  return copy;
}

/** Where the value of the attribute `to` begins; below 0 where it is not written as it is read. */
function valueOfTo(text: string, { name, attrs }: Element): number {
  attribute.lastIndex = name.length + 1;
  for (let found = attribute.exec(text); found; found = attribute.exec(text)) {
    const [, key, single, double] = found;
    if (key !== 'to') continue;
    const value = single ?? double ?? '';
    return value === attrs.to && value !== '' && !value.includes('&') ? attribute.lastIndex - 1 - value.length : -1;
  }
  return -1;
}
