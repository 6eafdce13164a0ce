/**
 * Is somebody mentioned? By a reference (XEP-0372 0.7.1, type `mention`), or by the nick as a word of the text, as people
 * in rooms do it. Looked at once a message; each account then asks with its own nick.
 */
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, elements, nameOf, namespaceOf } from '../../xmpp/stanza.ts';

/** A nick further behind is not looked for. */
const maxChars = 4096;
const maxReferences = 100;

/** Answers whether the message mentions the occupant with this nick, or this account. */
export function mentionedIn(
  stanza: Element,
  body: string | undefined,
  room: string,
): (nick: string, who: Jid) => boolean {
  let text: string | undefined;
  const referred = referencesIn(stanza);
  return (nick, { bare }) => {
    if (referred.has(`${room}/${nick}`) || referred.has(bare)) return true;
    if (body === undefined || nick === '') return false;
    text ??= body.slice(0, maxChars).toLowerCase();
    return hasWord(text, nick.toLowerCase());
  };
}

function referencesIn(stanza: Element): ReadonlySet<string> {
  const found = new Set<string>();
  for (const child of elements(stanza)) {
    if (nameOf(child) !== 'reference' || namespaceOf(child) !== ns.references) continue;
    const { type, uri = '' } = child.attrs;
    if (type !== 'mention' || !uri.startsWith('xmpp:') || found.size >= maxReferences) continue;
    const jid = tryParse(unescaped(uri.slice('xmpp:'.length).split('?')[0] ?? ''));
    if (jid) found.add(jid.full);
  }
  return found;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Not inside of a longer word: `bob` is not in `bobby`. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isWordAt(text, at - 1, -1) && !isWordAt(text, at + word.length, 0)) return true;
  }
  return false;
}

function isWordAt(text: string, index: number, back: -1 | 0): boolean {
  // Of a surrogate pair the half before is part of the character.
  const code = text.codePointAt(back === -1 && /[\udc00-\udfff]/.test(text[index] ?? '') ? index - 1 : index);
  return code !== undefined && index >= 0 && /[\p{L}\p{N}_]/u.test(String.fromCodePoint(code));
}
