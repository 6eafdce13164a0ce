/** Random values that a seed repeats (mulberry32), made of what XML and JSON treat specially. */

const pieces = [
  'a',
  'Good morrow',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '<',
  '>',
  '&',
  '"',
  "'",
  ']]>',
  '<!--',
  '&amp;',
  '&#10;',
  '🦜',
  '👩‍👩‍👧',
  'e\u0301',
  'שלום',
  '\u2028',
  '\u0085',
  '\ufdd0',
  '\ufffd',
  '\u{10ffff}',
  '\\',
  '__proto__',
  '?>',
  '-->',
];

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 ≤ number < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  maybe<T>(make: () => T, probability = 0.5): T | undefined {
    return this.chance(probability) ? make() : undefined;
  }

  one<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  list<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => [this.next(), value] as const)
      .sort(([a], [b]) => a - b)
      .map(([, value]) => value);
  }

  /** XML 1.0 characters, of at least so many pieces. */
  text(least = 0): string {
    return this.list(least, 6, () => this.one(pieces)).join('');
  }

  /** A language tag in lower case: tags that differ in case alone are the same. */
  language(): string {
    return this.one(['en', 'de', 'cs', 'zh-hant', 'sr-latn-rs', 'x-klingon', 'a', 'abcdefgh-12345678']);
  }
}
