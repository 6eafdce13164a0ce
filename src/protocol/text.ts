/** What XML 1.0 allows in text. The JSON side names the offending field, the link refuses the stanza: one rule for both. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be found
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Is every character one that XML 1.0 §2.2 allows? Lone surrogates are not. */
export function isXmlText(text: string): boolean {
  return text.isWellFormed() && !forbidden.test(text);
}
