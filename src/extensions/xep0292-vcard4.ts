/**
 * XEP-0292 vCard4 Over XMPP 0.11, with the elements of RFC 6351: what an account says of itself, at a node of its PEP
 * service and by IQ; and how others' are read.
 *   {"fn":"Bob Builder"} ↔ <vcard xmlns="urn:ietf:params:xml:ns:vcard-4.0"><fn><text>Bob Builder</text></fn></vcard>
 */
import { type Account, extension, xep } from '../extension.ts';
import type { VCard } from '../protocol/profile.ts';
import { ns } from '../xmpp/namespaces.ts';
import { type Element, el, elements, find, nameOf, textOf } from '../xmpp/stanza.ts';
import type { PepNode } from './pep-node.ts';
import { hasProfile, profileOf } from './profile/own.ts';
import { VCardDraft } from './profile/vcard.ts';

type Line = 'fn' | 'nickname' | 'birthday' | 'title' | 'role' | 'note' | 'org';
const lines: readonly (readonly [Line, name: string, type: string])[] = [
  ['fn', 'fn', 'text'],
  ['nickname', 'nickname', 'text'],
  ['birthday', 'bday', 'date'],
  ['title', 'title', 'text'],
  ['role', 'role', 'text'],
  ['org', 'org', 'text'],
  ['note', 'note', 'text'],
];
const lists: readonly (readonly ['email' | 'tel' | 'url', type: string])[] = [
  ['email', 'text'],
  ['tel', 'text'],
  ['url', 'uri'],
];

export function readVCard4(vcard: Element): VCard | undefined {
  const draft = new VCardDraft();
  // RFC 6351 §5: properties may be in groups.
  const all = elements(vcard).flatMap((child) => (nameOf(child) === 'group' ? elements(child) : [child]));
  const inside = (parent: Element | undefined, name: string): string | undefined => {
    const child = parent && find(parent, name, ns.vcard4);
    return child && textOf(child);
  };
  for (const property of all) {
    const name = nameOf(property);
    const value = elements(property).find((child) => nameOf(child) !== 'parameters');
    const line = lines.find(([, each]) => each === name);
    const list = lists.find(([each]) => each === name);
    if (line) draft.line(line[0], value && textOf(value));
    else if (list) draft.add(list[0], value && textOf(value).replace(/^(?:tel|mailto):/, ''));
    else if (name === 'n') {
      draft.line('family', inside(property, 'surname'));
      draft.line('given', inside(property, 'given'));
    } else if (name === 'adr') {
      draft.line('locality', inside(property, 'locality'));
      draft.line('country', inside(property, 'country'));
    }
  }
  return draft.done();
}

export function writeVCard4(card: VCard, nick: string | undefined): Element {
  const one = (name: string, type: string, value: string | undefined) =>
    value === undefined ? undefined : el(name, {}, el(type, {}, value));
  const line = { nickname: nick, ...card };
  const { family, given, locality, country } = card;
  const part = (name: string, value: string | undefined) => (value === undefined ? undefined : el(name, {}, value));
  return el(
    'vcard',
    { xmlns: ns.vcard4 },
    ...lines.map(([field, name, type]) => one(name, type, line[field])),
    family === undefined && given === undefined
      ? undefined
      : el('n', {}, part('surname', family), part('given', given)),
    locality === undefined && country === undefined
      ? undefined
      : el('adr', {}, part('locality', locality), part('country', country)),
    ...lists.flatMap(([name, type]) => (card[name] ?? []).map((value) => one(name, type, value))),
  );
}

function own(account: Account): Element {
  const { vcard = {}, nick } = profileOf(account);
  return writeVCard4(vcard, nick);
}

export const vcard4Node: PepNode = {
  name: ns.vcard4Node,
  item: (account) => ({ id: 'current', payload: own(account) }),
};

export default extension({
  spec: xep('0292', '0.11'),
  features: { account: [ns.vcard4] },
  iq: [
    {
      type: 'get',
      name: 'vcard',
      xmlns: ns.vcard4,
      places: ['account'],
      // Who has said nothing of themselves is no more there than who is not there (XEP-0054 §3.1).
      open: hasProfile,
      handle: ({ account }) => account && own(account),
    },
  ],
});
