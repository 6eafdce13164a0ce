/** Text as people write it: addresses of the web become links, and nothing else becomes anything. */

const address = /\bhttps?:\/\/[^\s<>"'`]+/gi;

export function Linked({ text }: { readonly text: string }) {
  const parts: (string | { href: string; text: string })[] = [];
  let done = 0;
  for (const { 0: match, index } of text.matchAll(address)) {
    const shown = withoutTail(match);
    if (!isWeb(shown)) continue;
    parts.push(text.slice(done, index), { href: shown, text: shown });
    done = index + shown.length;
  }
  parts.push(text.slice(done));
  return (
    <>
      {parts.map((part, at) =>
        typeof part === 'string' ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other names
          <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </>
  );
}

/** What ends a sentence, or closes a parenthesis that was opened before, is not of the address. */
function withoutTail(match: string): string {
  let text = match.replace(/[.,;:!?*_~]+$/, '');
  if (text.endsWith(')') && !text.includes('(')) text = text.slice(0, -1);
  return text;
}

/** Never `javascript:`, `data:` or anything else that a page of ours would carry out. */
export function isWeb(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
