/**
 * XEP-0153 vCard-Based Avatars 1.1, and XEP-0398: every available presence names the account's image by its hash, the same
 * as at its PEP service; those of others are events.
 *   {"avatar":{"id":"01b87fcd…"}} ↔ <x xmlns="vcard-temp:x:update"><photo>01b87fcd…</photo></x>
 */
import { extension, part, xep } from '../extension.ts';
import { custom } from '../fields.ts';
import type { Presence } from '../protocol/objects.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, type Element, el, find, textOf } from '../xmpp/stanza.ts';
import { profileOf } from './profile/own.ts';

type Hash = NonNullable<Presence['avatar']>;

/** §4.3: without `photo` a client is not ready to say anything; an empty one says that there is no image. */
export function readHash(stanza: Element): Hash | undefined {
  const x = find(stanza, 'x', ns.vcardUpdate);
  const photo = x && find(x, 'photo', ns.vcardUpdate);
  if (!photo) return undefined;
  const id = textOf(photo).trim().toLowerCase();
  if (id === '') return {};
  return /^[0-9a-f]{40}$/.test(id) ? { id } : undefined;
}

function write(stanza: Element, { id }: Hash): void {
  append(stanza, el('x', { xmlns: ns.vcardUpdate }, el('photo', {}, id)));
}

export default extension({
  spec: xep('0153', '1.1'),
  also: [part('0398', 'User Avatar to vCard-Based Avatars Conversion')],
  features: { account: [ns.avatarConversion] },
  presence: { avatar: custom([['x', ns.vcardUpdate]], readHash, write) },
  hooks: {
    presenceOut: (account, stanza) => {
      const { avatar } = profileOf(account);
      write(stanza, avatar ? { id: avatar.id } : {});
    },
  },
});
