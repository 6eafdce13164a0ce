/**
 * Rooms (XEP-0045): the objects `room`, `occupant` and `invite` of PROTOCOL.md §9, and every `room.*` request and
 * event of §10 and §11. frames.ts spreads them into its tables.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { Form, FormValues } from './forms.ts';
import { ErrorObject, Jid, oneOf, Show, Time } from './objects.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const Text = (maxLength: number, description?: string) =>
  Type.String({ maxLength, ...(description === undefined ? {} : { description }) });

const RoomJid = Type.String({ minLength: 1, maxLength: 3071, description: "A room's bare JID" });
export const Nick = Type.String({ minLength: 1, maxLength: 1023, description: 'A name in a room' });
const Password = Text(1023);
const Reason = Text(3071);

export const affiliations = ['owner', 'admin', 'member', 'none', 'outcast'] as const;
export const roles = ['moderator', 'participant', 'visitor', 'none'] as const;
export const Affiliation = oneOf(affiliations, 'XEP-0045 §5.2');
export const Role = oneOf(roles, 'XEP-0045 §5.1');
const Actor = Type.Object({ nick: optional(Type.String()), jid: optional(Jid) }, { description: 'Who did it' });
const StatusCodes = Type.Array(Type.Integer(), { description: 'XEP-0045 §15.6' });

const BookmarkFields = {
  name: optional(Text(1023)),
  nick: optional(Nick),
  autojoin: optional(Type.Boolean()),
};
export const Bookmark = Type.Object(BookmarkFields, { description: 'XEP-0402' });

export const Room = Type.Object(
  {
    room: Jid,
    name: optional(Type.String()),
    description: optional(Type.String()),
    nick: optional(Type.String({ description: 'The own one' })),
    joined: Type.Boolean({ description: 'The account is in it' }),
    subject: optional(Type.String()),
    subjectBy: optional(Type.String({ description: 'The nick of who set it' })),
    affiliation: optional(Affiliation),
    role: optional(Role),
    membersOnly: optional(Type.Boolean()),
    moderated: optional(Type.Boolean()),
    anonymous: optional(oneOf(['full', 'semi', 'non'], 'Who sees real JIDs: nobody, moderators, everybody')),
    persistent: optional(Type.Boolean()),
    public: optional(Type.Boolean()),
    passwordProtected: optional(Type.Boolean()),
    occupants: optional(Type.Integer({ description: 'How many' })),
    avatar: optional(Type.Object({ id: Type.String(), mediaType: optional(Type.String()) })),
    bookmark: optional(Bookmark),
    features: Type.Array(Type.String(), { description: 'What the room can do: mam, moderation, …' }),
  },
  { description: 'A room, as the account sees it' },
);

export const Occupant = Type.Object(
  {
    room: Jid,
    nick: Type.String(),
    occupantId: optional(Type.String({ description: 'XEP-0421' })),
    jid: optional(Jid),
    type: oneOf(['available', 'unavailable']),
    affiliation: Affiliation,
    role: Role,
    show: optional(Show),
    status: optional(Type.String({ description: 'RFC 6121 §4.7.2.2' })),
    self: optional(Type.Boolean({ description: 'It is the account itself' })),
    newNick: optional(Type.String({ description: 'Of who goes by another name from now on' })),
    reason: optional(Type.String()),
    actor: optional(Actor),
    statusCodes: StatusCodes,
  },
  { description: 'Someone in a room' },
);

export const Invite = Type.Object({
  room: Jid,
  from: optional(Jid),
  reason: optional(Type.String()),
  password: optional(Type.String()),
  thread: optional(Type.String({ description: 'The chat that goes on in the room' })),
  direct: optional(Type.Boolean({ description: 'XEP-0249: not by way of the room' })),
  time: Time,
});

/** Someone on a list of the room, present or not. */
export const Member = Type.Object({
  jid: optional(Jid),
  nick: optional(Type.String()),
  affiliation: Affiliation,
  role: optional(Role),
  reason: optional(Type.String()),
});

const Joined = Type.Object({
  room: Room,
  occupants: Type.Array(Occupant, { description: 'All but oneself' }),
  self: Occupant,
  created: optional(Type.Boolean({ description: 'There was no such room before' })),
  complete: optional(Type.Boolean({ description: 'false: ask `room.occupants` for the rest' })),
});

const History = Type.Object(
  {
    max: optional(Type.Integer({ minimum: 0 })),
    seconds: optional(Type.Integer({ minimum: 0 })),
    since: optional(Time),
  },
  { description: 'How much of what was said before (XEP-0045 §7.2.13)' },
);

const page = { max: optional(Type.Integer({ minimum: 1 })), after: optional(Type.String({ maxLength: 3071 })) };
const paged = <T extends TSchema>(items: T) =>
  Type.Object({
    items: Type.Array(items),
    first: optional(Type.String()),
    last: optional(Type.String()),
    count: optional(Type.Integer()),
    complete: Type.Boolean(),
  });

const room = { room: RoomJid };

export const roomRequests = {
  'room.join': {
    data: Type.Object({ ...room, nick: optional(Nick), password: optional(Password), history: optional(History) }),
    result: Joined,
  },
  'room.leave': { data: Type.Object({ ...room, status: optional(Text(1023)) }) },
  'room.list': { data: Type.Object(page), result: paged(Room) },
  'room.info': {
    data: Type.Object(room),
    result: Type.Object({ ...Room.properties, form: optional(Form) }),
  },
  'room.occupants': { data: Type.Object({ ...room, ...page }), result: paged(Occupant) },
  'room.nick': { data: Type.Object({ ...room, nick: Nick }), result: Type.Object({ nick: Type.String() }) },
  'room.create': {
    data: Type.Object({ ...room, nick: optional(Nick), password: optional(Password), values: optional(FormValues) }),
    result: Joined,
  },
  'room.config.get': {
    data: Type.Object(room),
    result: Type.Object({ form: Form, values: FormValues }),
  },
  'room.config.set': { data: Type.Object({ ...room, values: FormValues }) },
  'room.members': {
    data: Type.Object({ ...room, affiliation: optional(Affiliation), role: optional(Role), ...page }),
    result: paged(Member),
  },
  'room.affiliation': {
    data: Type.Object({ ...room, jid: Jid, affiliation: Affiliation, nick: optional(Nick), reason: optional(Reason) }),
  },
  'room.role': { data: Type.Object({ ...room, nick: Nick, role: Role, reason: optional(Reason) }) },
  'room.voice': {
    data: Type.Object({
      ...room,
      nick: optional(Nick),
      jid: optional(Jid),
      allow: optional(Type.Boolean({ description: 'Of a moderator: the answer to who asked' })),
    }),
  },
  'room.register': {
    data: Type.Object({
      ...room,
      nick: optional(Nick),
      values: optional(FormValues),
      remove: optional(Type.Boolean({ description: 'true: not registered any more' })),
    }),
    result: Type.Object({ registered: Type.Boolean(), form: optional(Form), nick: optional(Type.String()) }),
  },
  'room.destroy': {
    data: Type.Object({
      ...room,
      reason: optional(Reason),
      alternate: optional(Jid),
      password: optional(Password),
    }),
  },
  'room.subject': { data: Type.Object({ ...room, subject: Text(3071) }) },
  'room.invite': {
    data: Type.Object({
      ...room,
      jid: Jid,
      reason: optional(Reason),
      password: optional(Password),
      thread: optional(Text(1023)),
      direct: optional(Type.Boolean()),
    }),
  },
  'room.decline': { data: Type.Object({ ...room, jid: optional(Jid), reason: optional(Reason) }) },
  'room.bookmark': {
    data: Type.Object({
      ...room,
      ...BookmarkFields,
      remove: optional(Type.Boolean({ description: 'true: no bookmark any more' })),
    }),
    result: Room,
  },
} as const;

export const roomEvents = {
  room: { data: Room, class: 'numbered' },
  'room.occupant': { data: Occupant, class: 'latest' },
  'room.left': {
    data: Type.Object({
      room: Jid,
      cause: oneOf(['kicked', 'banned', 'affiliation', 'membersOnly', 'shutdown', 'destroyed', 'error', 'left']),
      reason: optional(Type.String()),
      actor: optional(Actor),
      rejoin: Type.Boolean({ description: 'It may be joined again; after `shutdown` that happens by itself' }),
      alternate: optional(Type.Object({ room: Jid, password: optional(Type.String()) })),
      error: optional(ErrorObject),
      statusCodes: StatusCodes,
    }),
    class: 'numbered',
  },
  'room.invite': { data: Invite, class: 'numbered' },
  'room.declined': {
    data: Type.Object({ room: Jid, from: optional(Jid), reason: optional(Type.String()) }),
    class: 'numbered',
  },
  'room.invite.removed': { data: Type.Object({ room: Jid }), class: 'numbered' },
  'room.voice.requested': {
    data: Type.Object({ room: Jid, nick: Type.String(), jid: optional(Jid), role: optional(Role) }),
    class: 'numbered',
  },
} as const;

export type Room = Static<typeof Room>;
export type Occupant = Static<typeof Occupant>;
export type Affiliation = Static<typeof Affiliation>;
export type Role = Static<typeof Role>;
export type Bookmark = Static<typeof Bookmark>;
export type Invite = Static<typeof Invite>;
export type Member = Static<typeof Member>;
