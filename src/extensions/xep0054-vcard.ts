/**
 * XEP-0054 vcard-temp 1.2: what an account says of itself, for clients that ask the old way; and how others' are read.
 *   {"fn":"Bob Builder","email":["bob@example.com"]}
 *   ↔ <vCard xmlns="vcard-temp"><FN>Bob Builder</FN><EMAIL><INTERNET/><USERID>bob@example.com</USERID></EMAIL></vCard>
 */
import { type Account, extension, xep } from '../extension.ts';
import type { VCard } from '../protocol/profile.ts';
import { ns } from '../xmpp/namespaces.ts';
import { type Element, el, elements, find, nameOf, textOf } from '../xmpp/stanza.ts';
import { fromBase64, type Image, readImage } from './profile/image.ts';
import { hasProfile, ownImage, profileOf } from './profile/own.ts';
import { VCardDraft } from './profile/vcard.ts';

/** Bytes of a stranger's photo. */
export const maxPhoto = 512 * 1024;

const plain: readonly (readonly [
  keyof VCard & ('fn' | 'nickname' | 'birthday' | 'title' | 'role' | 'note'),
  string,
])[] = [
  ['fn', 'FN'],
  ['nickname', 'NICKNAME'],
  ['birthday', 'BDAY'],
  ['title', 'TITLE'],
  ['role', 'ROLE'],
  ['note', 'DESC'],
];

/** `photo` = the image in it, if that is one. */
export function readVCard(vcard: Element): { card: VCard | undefined; photo: Image | undefined } {
  const draft = new VCardDraft();
  const text = (parent: Element | undefined, name: string): string | undefined => {
    const child = parent && find(parent, name, ns.vcard);
    return child && textOf(child);
  };
  const [n, org, adr] = ['N', 'ORG', 'ADR'].map((name) => find(vcard, name, ns.vcard));
  for (const [field, name] of plain) draft.line(field, text(vcard, name));
  draft.line('note', text(vcard, 'NOTE'));
  draft.line('family', text(n, 'FAMILY'));
  draft.line('given', text(n, 'GIVEN'));
  draft.line('org', text(org, 'ORGNAME'));
  draft.line('locality', text(adr, 'LOCALITY'));
  draft.line('country', text(adr, 'CTRY'));
  for (const child of elements(vcard)) {
    const name = nameOf(child);
    if (name === 'EMAIL') draft.add('email', text(child, 'USERID'));
    else if (name === 'TEL') draft.add('tel', text(child, 'NUMBER'));
    else if (name === 'URL') draft.add('url', textOf(child));
  }
  const photo = fromBase64(text(find(vcard, 'PHOTO', ns.vcard), 'BINVAL') ?? '', maxPhoto);
  return { card: draft.done(), photo: photo && readImage(photo) };
}

export function writeVCard(card: VCard, nick: string | undefined, photo: Image | undefined): Element {
  const text = (name: string, value: string | undefined) => (value === undefined ? undefined : el(name, {}, value));
  const group = (name: string, ...children: (Element | undefined)[]) =>
    children.some(Boolean) ? el(name, {}, ...children) : undefined;
  const line = { nickname: nick, ...card };
  return el(
    'vCard',
    { xmlns: ns.vcard },
    ...plain.map(([field, name]) => text(name, line[field])),
    group('N', text('FAMILY', card.family), text('GIVEN', card.given)),
    group('ORG', text('ORGNAME', card.org)),
    group('ADR', text('LOCALITY', card.locality), text('CTRY', card.country)),
    ...(card.email ?? []).map((address) => el('EMAIL', {}, el('INTERNET'), el('USERID', {}, address))),
    ...(card.tel ?? []).map((number) => el('TEL', {}, el('NUMBER', {}, number))),
    ...(card.url ?? []).map((url) => el('URL', {}, url)),
    photo &&
      el('PHOTO', {}, el('TYPE', {}, photo.mediaType), el('BINVAL', {}, Buffer.from(photo.bytes).toString('base64'))),
  );
}

async function ownVCard(account: Account): Promise<Element> {
  const { vcard = {}, nick } = profileOf(account);
  return writeVCard(vcard, nick, await ownImage(account));
}

export default extension({
  spec: xep('0054', '1.2'),
  features: { account: [ns.vcard] },
  iq: [
    {
      type: 'get',
      name: 'vCard',
      xmlns: ns.vcard,
      places: ['account', 'client'],
      // Who has said nothing of themselves is no more there than who is not there (XEP-0054 §3.1).
      open: hasProfile,
      handle: ({ account }) => (account ? ownVCard(account) : undefined),
    },
  ],
});
