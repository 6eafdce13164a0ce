/**
 * XEP-0084 User Avatar 1.1.4: an account's image and what is said of it, at two nodes of its PEP service; and how others'
 * are read.
 *   {"id":"111f4b3c…","mediaType":"image/png","bytes":12345,"width":64,"height":64}
 *   ↔ <metadata xmlns="urn:xmpp:avatar:metadata"><info id="111f4b3c…" type="image/png" bytes="12345" width="64" height="64"/></metadata>
 */
import { extension, xep } from '../extension.ts';
import type { Avatar } from '../protocol/profile.ts';
import { ns } from '../xmpp/namespaces.ts';
import { detach, type Element, el, elements, nameOf } from '../xmpp/stanza.ts';
import type { PepNode } from './pep-node.ts';
import { ownImage, profileOf } from './profile/own.ts';

const sha1 = /^[0-9a-f]{40}$/;
const shown: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Some clients say what no image is (profanity 0.13: `img/png`). That says nothing, and the image tells when it is here. */
const typeOf = ({ attrs }: Element): string | undefined => (attrs.type?.startsWith('image/') ? attrs.type : undefined);

/** The first of its forms that can be shown and is at its node; `none` = the person has no avatar. */
export function readMetadata(metadata: Element): Avatar | 'none' | undefined {
  const infos = elements(metadata).filter((child) => nameOf(child) === 'info');
  if (infos.length === 0) return 'none';
  const info = infos.find((each) => {
    const type = typeOf(each);
    return sha1.test(each.attrs.id ?? '') && each.attrs.url === undefined && (!type || shown.includes(type));
  });
  if (!info) return undefined;
  const { id = '' } = info.attrs;
  const type = typeOf(info);
  const number = (name: 'bytes' | 'width' | 'height') => {
    const value = Number(info.attrs[name]);
    return Number.isSafeInteger(value) && value > 0 ? { [name]: value } : {};
  };
  return {
    id: detach(id),
    ...(type ? { mediaType: detach(type) } : {}),
    ...number('bytes'),
    ...number('width'),
    ...number('height'),
  };
}

export function writeMetadata(avatar: Avatar | undefined): Element {
  const metadata = el('metadata', { xmlns: ns.avatarMetadata });
  if (!avatar) return metadata;
  const { id, mediaType, bytes, width, height } = avatar;
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
  const sizes = { bytes: text(bytes), width: text(width), height: text(height) };
  return el('metadata', metadata.attrs, el('info', { id, type: mediaType, ...sizes }));
}

export const metadataNode: PepNode = {
  name: ns.avatarMetadata,
  // §3.4: without an image the element is empty.
  item: (account) => {
    const { avatar } = profileOf(account);
    return { id: avatar?.id ?? 'current', payload: writeMetadata(avatar) };
  },
};

/** §3.1: the image is fetched by who does not have it yet. */
export const dataNode: PepNode = {
  name: ns.avatarData,
  quiet: true,
  item: async (account) => {
    const image = await ownImage(account);
    if (!image) return undefined;
    const text = Buffer.from(image.bytes).toString('base64');
    return { id: image.id, payload: el('data', { xmlns: ns.avatarData }, text) };
  },
};

export default extension({
  spec: xep('0084', '1.1.4'),
  features: { client: [`${ns.avatarMetadata}+notify`] },
});
