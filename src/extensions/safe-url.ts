/** Addresses in messages that a web page may follow: no script, nothing of the page's own origin. */

/** Is it an absolute address of one of these schemes? */
export function isSafeUrl(text: string, schemes: readonly string[]): boolean {
  if (text.length > 4096 || /[\s\p{Cc}]/u.test(text)) return false;
  const scheme = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(text);
  if (!scheme || !schemes.includes(scheme[1]?.toLowerCase() ?? '')) return false;
  return URL.canParse(text);
}
