/** Full-text search: what of a text counts as words. They hold letters and digits only, never syntax of a search. */

/** Scripts that write no spaces between words: each character is a word. */
const scripts = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
const unspaced = scripts.map((script) => `\\p{Script=${script}}`).join('');
const word = new RegExp(`[[${unspaced}]&&\\p{L}]|[[\\p{L}\\p{N}\\p{Co}]--[${unspaced}]]+`, 'gv');
// Most text: this way takes half the time.
const onlyAscii = /^\p{ASCII}*$/u;
const asciiWord = /[a-z0-9]+/g;

/** What is indexed of one text: so many different words, each cut to that length. */
const maxWords = 1000;
const maxLength = 40;

/** The different words of a text, without case and diacritics, in the order in which they come first. */
export function words(text: string): string[] {
  const found = new Set<string>();
  const lower = text.toLowerCase();
  const all = (onlyAscii.test(lower) ? lower.match(asciiWord) : plain(lower).match(word)) ?? [];
  for (const one of all) {
    found.add(one.length > maxLength ? one.slice(0, maxLength) : one);
    if (found.size === maxWords) break;
  }
  return [...found];
}

/** The marks that are there go first: to put a long run of them in order takes the square of its length. */
function plain(text: string): string {
  return text.replace(/\p{M}/gu, '').normalize('NFKD').replace(/\p{M}/gu, '');
}
