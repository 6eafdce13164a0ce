/**
 * Profiles in JSON (PROTOCOL.md §10): `profile.get`, `profile.set`, `avatar.get`. What the account sets is told at once by
 * its PEP service (XEP-0163) and its presence (XEP-0153); what others say is read, and their images are served here.
 */
import { type Account, extension, type Session } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { RequestData, RequestResult } from '../../protocol/frames.ts';
import { maxOwnAvatar } from '../../protocol/profile.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { address } from '../address.ts';
import { announceAgain } from '../availability.ts';
import { statusPresence } from '../xep0045-muc/enter.ts';
import { roomsOf } from '../xep0045-muc/rooms.ts';
import { notify } from '../xep0163-pep.ts';
import { fetchAvatar, fetchProfile, targetOf } from './fetch.ts';
import { fromBase64, type Image, readImage } from './image.ts';
import { allKnown, hear, takes } from './known.ts';
import { describe, type OwnProfile, ownImage, profileOf, saveProfile, shownAvatar, shownProfile } from './own.ts';
import { withoutEmpty } from './vcard.ts';

/** @throws StanzaError bad-request */
function imageIn(data: string): Image {
  const bytes = fromBase64(data, maxOwnAvatar);
  if (!bytes) throw badRequest('avatar.data', `avatar.data is base64 of at most ${maxOwnAvatar} bytes`);
  const image = readImage(bytes);
  if (image) return image;
  throw badRequest('avatar.data', 'avatar.data is no PNG, JPEG, GIF or WebP of at most 4096 by 4096');
}

async function set(session: Session, asked: RequestData<'profile.set'>): Promise<RequestResult<'profile.set'>> {
  const { account } = session;
  const before = profileOf(account);
  const image = asked.avatar ? imageIn(asked.avatar.data) : undefined;
  const nick = asked.nick === undefined ? before.nick : asked.nick.trim() || undefined;
  const vcard = asked.vcard === undefined ? before.vcard : withoutEmpty(asked.vcard);
  const avatar = asked.avatar === undefined ? before.avatar : image && describe(image);
  const profile: OwnProfile = {
    ...(nick === undefined ? {} : { nick }),
    ...(vcard === undefined ? {} : { vcard }),
    ...(avatar === undefined ? {} : { avatar }),
  };
  await saveProfile(account, profile, image);
  await announce(account, before);
  const data = await shownProfile(account);
  account.push({ type: 'profile', data }, { except: session });
  return data;
}

/** Contacts are told of what has changed, and of nothing else. */
async function announce(account: Account, before: OwnProfile): Promise<void> {
  const now = profileOf(account);
  const nick = now.nick !== before.nick;
  if (nick) await notify(account, ns.nick);
  if (nick || JSON.stringify(now.vcard) !== JSON.stringify(before.vcard)) await notify(account, ns.vcard4Node);
  if (now.avatar?.id === before.avatar?.id) return;
  await notify(account, ns.avatarMetadata);
  announceAgain(account);
  for (const room of roomsOf(account)) {
    if (room.state === 'joined') account.gateway.send(statusPresence(account, room.occupantJid));
  }
}

async function getAvatar({ account }: Session, jid: string): Promise<RequestResult<'avatar.get'>> {
  const asked = address(jid, 'jid');
  if (asked.bare !== account.jid.bare) return fetchAvatar(account, targetOf(account, asked));
  const image = await ownImage(account);
  if (image) return shownAvatar(account.gateway, image);
  throw new StanzaError('item-not-found', 'The account has no avatar');
}

function getProfile({ account }: Session, jid: string | undefined): Promise<RequestResult<'profile.get'>> {
  const asked = jid === undefined ? account.jid : address(jid, 'jid');
  if (asked.bare === account.jid.bare) return shownProfile(account);
  return fetchProfile(account, targetOf(account, asked));
}

export default extension({
  spec: { name: 'PROTOCOL.md §9', url: 'PROTOCOL.md#profile' },
  requests: {
    'profile.get': (session, { jid }) => getProfile(session, jid),
    'profile.set': set,
    'avatar.get': (session, { jid }) => getAvatar(session, jid),
  },
  snapshots: { profile: async (account) => ({ profile: await shownProfile(account) }) },
  takes,
  hooks: {
    presenceIn: hear,
    // Whoever else shows the same image brings it back when it is asked for.
    accountRemove: (account) => {
      const { avatar } = profileOf(account);
      if (avatar) account.gateway.files.remove(avatar.id);
    },
    sessionOpen: (session) => {
      for (const data of allKnown(session.account)) session.push({ type: 'profile', data });
    },
  },
});
