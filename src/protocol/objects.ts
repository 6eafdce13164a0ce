/**
 * The objects of PROTOCOL.md §9 as schemas: they validate, give the TypeScript types, and are published as JSON Schema.
 * On output the same shapes hold; absent fields are omitted.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { content } from './content.ts';
import { type ErrorCode, type ErrorType, errorCodes } from './errors.ts';
import { oneOf } from './one-of.ts';
import { Jid, MessageId, Time } from './values.ts';

export { MessageContent } from './content.ts';
export { Jid, MessageId, oneOf, Time };

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

export const ArchiveId = Type.String({ minLength: 1, maxLength: 64, description: 'A cursor of one archive' });

const ShortText = (maxLength: number, description: string) => Type.String({ maxLength, description });

const Module = Type.Module({
  Element: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 256 }),
      attrs: Type.Optional(Type.Record(Type.String(), Type.String())),
      children: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Ref('Element')]))),
    },
    { description: 'An XML element; its namespace is attrs.xmlns, inherited when absent' },
  ),
});
export const Element = Module.Element;

export const ErrorObject = Type.Object(
  {
    code: oneOf<readonly ErrorCode[]>(errorCodes),
    message: Type.String(),
    retry: Type.Boolean(),
    retryAfterMs: optional(Type.Integer({ minimum: 0 })),
    field: optional(Type.String()),
    by: optional(Jid),
    type: optional(oneOf<readonly ErrorType[]>(['auth', 'cancel', 'continue', 'modify', 'wait'])),
    uri: optional(Type.String()),
    app: optional(Element),
  },
  { description: 'Why something failed (RFC 6120 §8.3)' },
);

export const Show = oneOf(['chat', 'away', 'xa', 'dnd'], 'RFC 6121 §4.7.2.1; none = online');
export const ChatState = oneOf(['active', 'composing', 'paused', 'inactive', 'gone'], 'XEP-0085');
export const MessageType = oneOf(['chat', 'groupchat', 'normal', 'headline'], 'RFC 6121 §5.2.2');

export const Message = Type.Object(
  {
    id: MessageId,
    chat: Jid,
    type: MessageType,
    from: Jid,
    to: Jid,
    outgoing: optional(Type.Boolean({ description: 'Sent by this account, from another session' })),
    time: Time,
    delay: optional(
      Type.Object(
        { from: optional(Jid), time: Time, reason: optional(Type.String()) },
        { description: 'XEP-0203: who held it, since when' },
      ),
    ),
    ...content,
    occupantId: optional(Type.String({ description: 'In rooms: who it is, whatever the nick (XEP-0421)' })),
    originId: optional(Type.String({ description: 'XEP-0359' })),
    stanzaIds: optional(Type.Array(Type.Object({ id: Type.String(), by: Jid }), { description: 'XEP-0359' })),
    archiveId: optional(ArchiveId),
    replace: optional(Type.String({ description: 'Of an edit: the id of the first version (XEP-0308)' })),
    edited: optional(Type.Object({ time: Time }, { description: 'Folded history: its last edit' })),
    retracted: optional(
      Type.Object(
        { time: Time, reason: optional(Type.String()), moderatedBy: optional(Jid) },
        { description: 'Folded history: taken back' },
      ),
    ),
    reactions: optional(
      Type.Record(Type.String(), Type.Array(Type.String()), { description: 'Folded history: by sender' }),
    ),
    status: optional(oneOf(['sent', 'delivered', 'displayed', 'failed'], 'Folded history: of an own message')),
    error: optional(ErrorObject),
    extra: optional(Type.Array(Element, { description: 'Parts of the stanza that have no field' })),
    stanza: optional(Element),
  },
  { description: 'A message' },
);

export const Presence = Type.Object(
  {
    from: Jid,
    user: Jid,
    type: oneOf(['available', 'unavailable']),
    show: optional(Show),
    status: optional(Type.String({ description: 'RFC 6121 §4.7.2.2' })),
    idleSince: optional(Time),
    nick: optional(Type.String({ description: 'XEP-0172' })),
    avatar: optional(
      Type.Object({ id: optional(Type.String()) }, { description: 'XEP-0153: its hash; empty = they have none' }),
    ),
    extra: optional(Type.Array(Element)),
    stanza: optional(Element),
  },
  { description: "Someone's availability" },
);

/** Something that happened to a message: whose, in which chat. */
const happened = { chat: Jid, id: MessageId, from: Jid, time: Time, archiveId: optional(ArchiveId) };

export const Edited = Type.Object(
  { ...Message.properties, replace: Type.String({ description: "The id of the message's first version" }) },
  { description: 'A new version of a message, whole' },
);
export const Retracted = Type.Object({
  ...happened,
  reason: optional(Type.String()),
  moderatedBy: optional(Jid),
});
export const Reaction = Type.Object({
  ...happened,
  occupantId: optional(Type.String({ description: 'In rooms: whose set it is, whatever the nick (XEP-0421)' })),
  reactions: Type.Array(Type.String(), { description: "The sender's whole set; empty = none" }),
});
export const Receipt = Type.Object({ ...happened, status: oneOf(['delivered', 'displayed']) });

export const Chat = Type.Object({
  chat: Jid,
  kind: oneOf(['direct', 'room']),
  name: optional(Type.String()),
  unread: Type.Integer(),
  mentions: Type.Integer(),
  readUpTo: optional(Type.Object({ id: MessageId, time: Time })),
  last: optional(Message),
  muted: optional(Type.Boolean()),
  pinned: optional(Type.Boolean()),
  archived: optional(Type.Boolean()),
});

/** One of the account's own sessions. */
export const OwnSession = Type.Object({
  session: Type.String(),
  device: optional(Type.String()),
  client: optional(Type.String()),
  current: Type.Boolean({ description: 'The one that asks' }),
  attached: Type.Boolean({ description: 'Has a socket; else its client may still resume it' }),
  active: Type.Boolean(),
  since: Time,
});

/** Own availability, as a client sets it. */
export const OwnPresence = Type.Object({
  show: optional(Show),
  status: optional(ShortText(1023, 'RFC 6121 §4.7.2.2')),
  idleSince: optional(Time),
});

export const Contact = Type.Object({
  jid: Jid,
  name: optional(Type.String()),
  groups: Type.Array(Type.String()),
  subscription: oneOf(['none', 'to', 'from', 'both']),
  ask: optional(Type.Boolean({ description: 'A subscription request of ours waits for their answer' })),
  request: optional(Type.Boolean({ description: 'Theirs waits for ours: a contact.request has come' })),
  approved: optional(Type.Boolean({ description: 'Pre-approved (RFC 6121 §3.4)' })),
  presence: optional(Presence),
});

export const ContactRequest = Type.Object({
  jid: Jid,
  nick: optional(Type.String({ description: 'XEP-0172' })),
  message: optional(Type.String()),
});

export const Limits = Type.Object({
  frameBytes: Type.Integer(),
  batch: Type.Integer(),
  inFlight: Type.Integer(),
  rate: Type.Object({ perSecond: Type.Number(), burst: Type.Integer() }),
  historyMax: Type.Integer(),
  sendTimeoutMs: Type.Integer(),
});

export type Message = Static<typeof Message>;

export type Presence = Static<typeof Presence>;
export type OwnPresence = Static<typeof OwnPresence>;
export type Chat = Static<typeof Chat>;
export type OwnSession = Static<typeof OwnSession>;
export type Contact = Static<typeof Contact>;
export type ContactRequest = Static<typeof ContactRequest>;
export type Limits = Static<typeof Limits>;
export type Show = Static<typeof Show>;
export type ChatState = Static<typeof ChatState>;
export type MessageType = Static<typeof MessageType>;
