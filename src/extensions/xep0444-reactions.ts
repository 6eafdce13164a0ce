/**
 * XEP-0444 Message Reactions 0.2.1.
 *   {"type":"message.react","data":{"to":"bob@example.com","id":"m3","reactions":["👋"]}}
 *   → <reactions xmlns="urn:xmpp:reactions:0" id="m3"><reaction>👋</reaction></reactions>
 *   → {"type":"reaction","data":{"id":"m3","reactions":["👋"],…}}
 */
import { type Account, type Act, extension, type Target, xep } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, detach, type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { act, known, mustBeThere } from './acting.ts';
import { hint } from './xep0334-hints.ts';

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

function reaction(account: Account, id: string, reactions: readonly string[]): Act {
  return {
    type: 'reaction',
    target: id,
    id: crypto.randomUUID(),
    digest: '',
    data: { reactions },
    isDone: ({ message }) => isSame(message.reactions?.[account.jid.bare] ?? [], reactions),
    write: (stanza, target, place) => {
      mustBeThere(target);
      const named = place === 'room' ? inRoom(target) : known(target.originId ?? target.idAttribute);
      const set = reactions.map((text) => el('reaction', {}, text));
      append(stanza, el('reactions', { xmlns: ns.reactions, id: named }, ...set));
      append(stanza, hint('store'));
    },
  };
}

/** §3: in a room only the id that the room gave the message is the same for everybody. */
function inRoom({ stanzaId }: Target): string {
  if (stanzaId !== undefined) return stanzaId;
  throw new StanzaError('feature-not-implemented', 'The room gives its messages no ids', { field: 'to' });
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text) => other.includes(text));
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
  requests: {
    'message.react': async (session, { to, id, reactions }) => {
      const { type: _, originId: __, ...acted } = await act(session, to, reaction(session.account, id, reactions));
      return acted;
    },
  },
});
