/** What others say of themselves, asked of their server in the account's name: XEP-0292, XEP-0172, XEP-0084, XEP-0054. */
import { type Account, slot } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Avatar, Profile, VCard } from '../../protocol/profile.ts';
import { type Jid, parse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../../xmpp/stanza.ts';
import { ask } from '../discovery.ts';
import { maxPhoto, readVCard } from '../xep0054-vcard.ts';
import { readMetadata } from '../xep0084-avatar.ts';
import { readVCard4 } from '../xep0292-vcard4.ts';
import { fromBase64, type Image, readImage } from './image.ts';
import { knownOf } from './known.ts';
import { shownAvatar } from './own.ts';

/** Whom to ask: someone in a room has no PEP service, and the room passes on what is asked of its occupants. */
interface Target {
  readonly jid: Jid;
  readonly hasPep: boolean;
}

export function targetOf(account: Account, jid: Jid): Target {
  const isOccupant = jid.resource !== '' && account.gateway.serving(account, jid) !== undefined;
  if (isOccupant) return { jid, hasPep: false };
  return { jid: jid.resource === '' ? jid : parse(jid.bare), hasPep: jid.local !== '' };
}

/** Undefined where there is none, or it cannot be had. */
async function attempt<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
}

/** The payload of the node's newest item, or of the one named. */
async function item(account: Account, to: Jid, node: string, id?: string): Promise<Element | undefined> {
  const wanted = id === undefined ? { node, max_items: '1' } : { node };
  const query = el('items', wanted, id === undefined ? undefined : el('item', { id }));
  const answer = await ask(account, to, 'get', el('pubsub', { xmlns: ns.pubsub }, query));
  const items = answer && find(answer, 'items', ns.pubsub);
  const last = items && elements(items).findLast((child) => nameOf(child) === 'item');
  return last && elements(last)[0];
}

async function vcardTemp(account: Account, to: Jid): Promise<{ card: VCard | undefined; photo: Image | undefined }> {
  try {
    const answer = await ask(account, to, 'get', el('vCard', { xmlns: ns.vcard }));
    if (answer && namespaceOf(answer) === ns.vcard) return readVCard(answer);
  } catch (error) {
    // XEP-0054 §3.1: there is somebody, who says nothing.
    if (!(error instanceof StanzaError) || error.code !== 'item-not-found') throw error;
  }
  return { card: undefined, photo: undefined };
}

async function pepImage(account: Account, to: Jid, id: string): Promise<Image | undefined> {
  const data = await item(account, to, ns.avatarData, id);
  const bytes = data && fromBase64(textOf(data), maxPhoto);
  const image = bytes && readImage(bytes);
  // The hash is what it is known by, and kept by for everybody: another's image must not come in under it.
  return image?.id === id ? image : undefined;
}

async function pepAvatar(account: Account, to: Jid): Promise<Image | undefined> {
  const metadata = await item(account, to, ns.avatarMetadata);
  const avatar = metadata && readMetadata(metadata);
  return typeof avatar === 'object' ? pepImage(account, to, avatar.id) : undefined;
}

/** Requests for images under way, so that many clients that show one person ask once. */
const fetching = slot(() => new Map<string, Promise<Image | undefined>>());

/** @throws StanzaError item-not-found where there is none that can be shown */
export async function fetchAvatar(account: Account, target: Target): Promise<Avatar> {
  const { gateway } = account;
  const { bare, full } = target.jid;
  const { avatar, hash } = target.hasPep ? knownOf(account, bare) : {};
  for (const id of [avatar?.id, hash]) {
    const file = id === undefined ? undefined : gateway.files.get(id);
    const image = file && readImage(file.bytes);
    if (image) return shownAvatar(gateway, image);
  }
  const all = account.slot(fetching);
  const under = all.get(full) ?? fetchImage(account, target, avatar?.id).finally(() => all.delete(full));
  all.set(full, under);
  const image = await under;
  if (!image) throw new StanzaError('item-not-found', 'There is no avatar that can be shown', { by: full });
  return shownAvatar(gateway, image);
}

async function fetchImage(account: Account, { jid, hasPep }: Target, id: string | undefined) {
  const known = id === undefined ? undefined : await attempt(pepImage(account, jid, id));
  if (known) return known;
  const said = hasPep ? await attempt(pepAvatar(account, jid)) : undefined;
  return said ?? (await vcardTemp(account, jid)).photo;
}

/** @throws StanzaError where nobody answers */
export async function fetchProfile(account: Account, target: Target): Promise<Profile> {
  const { jid, hasPep } = target;
  const known = hasPep ? knownOf(account, jid.bare) : {};
  const [vcard4, nick, temp] = await Promise.all([
    hasPep ? attempt(item(account, jid, ns.vcard4Node)) : undefined,
    hasPep && known.nick === undefined ? attempt(item(account, jid, ns.nick)) : undefined,
    vcardTemp(account, jid),
  ]);
  const card = (vcard4 && readVCard4(vcard4)) ?? temp.card;
  const name = known.nick ?? ((nick && textOf(nick).slice(0, 1023).toWellFormed()) || undefined);
  const avatar = avatarOf(account, known.avatar, temp.photo);
  return {
    jid: jid.full,
    ...(name === undefined ? {} : { nick: name }),
    ...(avatar ? { avatar } : {}),
    ...(card ? { vcard: card } : {}),
  };
}

function avatarOf({ gateway }: Account, known: Avatar | undefined, photo: Image | undefined): Avatar | undefined {
  if (photo && (known === undefined || known.id === photo.id)) return shownAvatar(gateway, photo);
  const url = known && gateway.files.address(known.id);
  return known && (url === undefined ? known : { ...known, url });
}
