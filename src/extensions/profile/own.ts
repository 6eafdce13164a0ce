/** What an account says of itself, as it is kept. */
import type { Account, Gateway } from '../../extension.ts';
import type { Avatar, Profile, VCard } from '../../protocol/profile.ts';
import { type Image, readImage } from './image.ts';

export interface OwnProfile {
  readonly nick?: string;
  readonly vcard?: VCard;
  /** Without `url`; the image itself is a record. */
  readonly avatar?: Avatar;
}

/** The kind of the record that holds the image, by its id. */
const imageKind = 'avatar';
const noteName = 'profile';

export function profileOf(account: Account): OwnProfile {
  return (account.notes.get(noteName)?.value as OwnProfile | undefined) ?? {};
}

/** Has it ever said anything? */
export function hasProfile(account: Account): boolean {
  return account.notes.get(noteName) !== undefined;
}

/** Stores it whole, an image with its avatar. */
export async function saveProfile(account: Account, profile: OwnProfile, image?: Image): Promise<void> {
  const before = profileOf(account);
  if (image) {
    await account.records.save(imageKind, image.id, Buffer.from(image.bytes).toString('base64'));
  }
  await account.notes.save({ name: noteName, value: profile });
  const old = before.avatar?.id;
  // Whoever asks for it just now has the new one to ask for.
  if (old !== undefined && old !== profile.avatar?.id) await account.records.remove(imageKind, old);
}

/** The account's own avatar as an image; undefined where it has none. */
export async function ownImage(account: Account): Promise<Image | undefined> {
  const { avatar } = profileOf(account);
  if (!avatar) return undefined;
  const cached = account.gateway.files.get(avatar.id);
  if (cached) return readImage(cached.bytes);
  const data = (await account.records.all(imageKind)).get(avatar.id);
  const image = typeof data === 'string' ? readImage(new Uint8Array(Buffer.from(data, 'base64'))) : undefined;
  if (image) account.gateway.files.add(image.id, image);
  return image;
}

/** As its own sessions see it. */
export async function shownProfile(account: Account): Promise<Profile> {
  const { nick, vcard } = profileOf(account);
  const image = await ownImage(account);
  return {
    jid: account.jid.bare,
    ...(nick === undefined ? {} : { nick }),
    ...(image ? { avatar: shownAvatar(account.gateway, image) } : {}),
    ...(vcard === undefined ? {} : { vcard }),
  };
}

export function shownAvatar(gateway: Gateway, image: Image): Avatar {
  return { ...describe(image), url: gateway.files.add(image.id, image) };
}

export function describe({ id, mediaType, bytes, width, height }: Image): Avatar {
  return { id, mediaType, bytes: bytes.length, width, height };
}
