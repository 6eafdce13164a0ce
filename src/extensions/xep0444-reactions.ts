/**
 * XEP-0444 Message Reactions 0.2.1: so far the reading side.
 *   <reactions xmlns="urn:xmpp:reactions:0" id="m3"><reaction>👋</reaction></reactions>
 *   → {"type":"reaction","data":{"id":"m3","reactions":["👋"],…}}
 */
import { extension, xep } from '../extension.ts';
import { ns } from '../xmpp/namespaces.ts';
import { detach, type Element, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';

/** §4 leaves the number open; more than anybody shows is an attack. */
const most = 32;
/** UTF-16 units; the longest emoji (a family with skin tones) has some 30. */
const longest = 64;

/** The sender's whole set: each once, in its order. */
function reactionsIn(element: Element): string[] {
  const texts = elements(element)
    .filter((child) => nameOf(child) === 'reaction' && namespaceOf(child) === ns.reactions)
    .map((child) => textOf(child).trim())
    .filter((text) => text !== '' && text.length <= longest);
  return [...new Set(texts)].slice(0, most).map(detach);
}

export default extension({
  spec: xep('0444', '0.2.1'),
  features: { client: [ns.reactions] },
  actions: [
    {
      type: 'reaction',
      read: (stanza) => {
        const element = find(stanza, 'reactions', ns.reactions);
        // §4.1: both may react to anybody's message. That a delayed set never replaces a newer one is the archive's part.
        return element?.attrs.id ? { target: element.attrs.id, data: { reactions: reactionsIn(element) } } : undefined;
      },
    },
  ],
});
