/** Full-text search: what of a text counts as words. They hold letters and digits only, never syntax of a search. */

/** Scripts that write no spaces between words: each character is a word. */
const scripts = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];
const unspaced = scripts.map((script) => `\\p{Script=${script}}`).join('');
const word = new RegExp(`[${unspaced}]|[[\\p{L}\\p{N}\\p{Co}]--[${unspaced}]]+`, 'gv');

/** What is indexed of one text: so many different words, each cut to that length. */
const maxWords = 1000;
const maxLength = 40;

/** The different words of a text, without case and diacritics, in the order in which they come first. */
export function words(text: string): string[] {
  const found = new Set<string>();
  for (const [match] of plain(text).matchAll(word)) {
    found.add(match.slice(0, maxLength));
    if (found.size === maxWords) break;
  }
  return [...found];
}

function plain(text: string): string {
  const folded = text.toLowerCase().normalize('NFKD');
  return folded.replace(/\p{M}/gu, '');
}
