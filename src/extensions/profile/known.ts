/** What an account knows of others' profiles: what they told it (XEP-0163), and the hash in their presence (XEP-0153). */
import { type Account, type PresenceIn, slot } from '../../extension.ts';
import type { Avatar, Profile } from '../../protocol/profile.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { detach, type Element, elements, find, nameOf } from '../../xmpp/stanza.ts';
import { isSeen } from '../subscription.ts';
import { readMetadata } from '../xep0084-avatar.ts';
import { readHash } from '../xep0153-vcard-avatar.ts';
import { nick } from '../xep0172-nick.ts';

interface Known {
  nick?: string;
  avatar?: Avatar;
  /** Of the image in their vCard, by their presence. */
  hash?: string;
}

/** Others that one account knows something of; the oldest is forgotten, and asked again where it matters. */
const maxKnown = 5000;

const known = slot(() => new Map<string, Known>());

export function knownOf(account: Account, bare: string): Readonly<Known> {
  return account.slot(known).get(bare) ?? {};
}

/** For a session that has not heard it. */
export function* allKnown(account: Account): Generator<Profile> {
  for (const [jid, one] of account.slot(known))
    if (one.nick !== undefined || one.avatar) yield shown(account, jid, one);
}

export function shown({ gateway }: Account, jid: string, { nick: name, avatar }: Known): Profile {
  const url = avatar && gateway.files.address(avatar.id);
  return {
    jid,
    ...(name === undefined ? {} : { nick: name }),
    ...(avatar ? { avatar: url === undefined ? avatar : { ...avatar, url } } : {}),
  };
}

function noted(account: Account, bare: string): Known {
  const all = account.slot(known);
  const one = all.get(bare) ?? {};
  all.delete(bare);
  all.set(detach(bare), one);
  if (all.size > maxKnown) for (const oldest of all.keys().take(1)) all.delete(oldest);
  return one;
}

/** A contact's presence: only its hash, the rest is asked for when a client wants it. */
export function hear(account: Account, { from, type, stanza }: PresenceIn): void {
  if (type !== 'available' || !isSeen(account.roster.get(from.bare))) return;
  const id = readHash(stanza)?.id;
  if (id !== undefined && knownOf(account, from.bare).hash !== id) noted(account, from.bare).hash = detach(id);
}

const readers: Readonly<Record<string, (one: Known, payload: Element) => boolean>> = {
  [ns.nick]: (one, payload) => {
    // The element itself is what `nick` looks for inside of a stanza.
    const name = payload.parent ? nick.read(payload.parent as Element) : undefined;
    if (name === one.nick) return false;
    if (name === undefined) delete one.nick;
    else one.nick = detach(name);
    return true;
  },
  [ns.avatarMetadata]: (one, payload) => {
    const avatar = readMetadata(payload);
    if (avatar === undefined || (avatar === 'none' ? !one.avatar : avatar.id === one.avatar?.id)) return false;
    if (avatar === 'none') delete one.avatar;
    else one.avatar = avatar;
    return true;
  },
};

/** A notification of somebody's PEP service about a node that is read here. Of strangers nothing is kept. */
export function takes(account: Account, stanza: Element, from: Jid): boolean {
  const { type } = stanza.attrs;
  if (nameOf(stanza) !== 'message' || (type !== 'headline' && type !== undefined && type !== 'normal')) return false;
  const event = find(stanza, 'event', ns.pubsubEvent);
  const items = event && find(event, 'items', ns.pubsubEvent);
  const read = items && Object.hasOwn(readers, items.attrs.node ?? '') ? readers[items.attrs.node ?? ''] : undefined;
  if (!items || !read || from.local === '' || from.resource !== '') return false;
  const item = elements(items).findLast((child) => nameOf(child) === 'item');
  const [payload] = item ? elements(item) : [];
  if (!payload || !isSeen(account.roster.get(from.bare))) return true;
  const one = noted(account, from.bare);
  if (read(one, payload)) {
    const data = shown(account, detach(from.bare), one);
    account.inOrder(() => account.push({ type: 'profile', data }));
  }
  return true;
}
