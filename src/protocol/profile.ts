/**
 * What people say of themselves: nick, avatar, vCard (XEP-0172, 0084, 0153, 0054, 0292), as the objects of PROTOCOL.md §9
 * and the requests and events about them. frames.ts spreads them into its tables.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { Jid } from './objects.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const Line = (description: string) => optional(Type.String({ maxLength: 1023, description }));
const Lines = (description: string) =>
  optional(Type.Array(Type.String({ minLength: 1, maxLength: 1023 }), { maxItems: 16, description }));

export const VCard = Type.Object(
  {
    fn: Line('The whole name'),
    family: Line('Family name'),
    given: Line('Given name'),
    nickname: Line('RFC 6350 §6.2.3'),
    email: Lines('Addresses'),
    tel: Lines('Telephone numbers'),
    url: Lines('Web pages'),
    org: Line('Organisation'),
    title: Line('Position'),
    role: Line('What they do there'),
    birthday: Line('As its owner wrote it, mostly YYYY-MM-DD'),
    locality: Line('Town'),
    country: Line('Country'),
    note: optional(Type.String({ maxLength: 4095 })),
  },
  { description: 'A vCard' },
);

export const Avatar = Type.Object(
  {
    id: Type.String({ description: 'SHA-1 of the image, in hex' }),
    mediaType: optional(Type.String()),
    bytes: optional(Type.Integer()),
    width: optional(Type.Integer()),
    height: optional(Type.Integer()),
    url: optional(Type.String({ description: 'A path of the public port; absent until it is asked for' })),
  },
  { description: 'An avatar' },
);

const Nick = Type.String({ maxLength: 1023, description: 'XEP-0172' });

export const Profile = Type.Object(
  { jid: Jid, nick: optional(Nick), avatar: optional(Avatar), vcard: optional(VCard) },
  { description: 'What someone says of themselves' },
);

/** Of an avatar that is set: base64 of at most so many bytes. */
export const maxOwnAvatar = 128 * 1024;

export const profileRequests = {
  'profile.get': {
    data: Type.Object({
      jid: optional(Type.String({ minLength: 1, maxLength: 3071, description: 'Default: the own' })),
    }),
    result: Profile,
  },
  'profile.set': {
    data: Type.Object({
      nick: optional(Type.String({ maxLength: 255, description: 'Empty = none' })),
      vcard: optional(VCard),
      avatar: optional(
        Type.Union(
          [
            Type.Literal(false),
            Type.Object({ data: Type.String({ minLength: 1, maxLength: Math.ceil(maxOwnAvatar / 3) * 4 }) }),
          ],
          { description: 'An image in base64; false = none' },
        ),
      ),
    }),
    result: Profile,
  },
  'avatar.get': {
    data: Type.Object({ jid: Jid }),
    result: Avatar,
  },
} as const;

export const profileEvents = {
  profile: { data: Profile, class: 'latest' },
} as const;

export type VCard = Static<typeof VCard>;
export type Avatar = Static<typeof Avatar>;
export type Profile = Static<typeof Profile>;
