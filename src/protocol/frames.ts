/**
 * Every frame of `stanzawire.v1` (PROTOCOL.md §2–§11): requests with what they take and answer, events with their
 * delivery class. The one source for validation, for types and for the published JSON Schema.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { actingRequests } from './acting.ts';
import { blockingEvents, blockingRequests } from './blocking.ts';
import { commandRequests } from './commands.ts';
import { discoveryRequests } from './discovery.ts';
import {
  ArchiveId,
  Chat,
  ChatState,
  Contact,
  ContactRequest,
  Edited,
  Element,
  ErrorObject,
  Jid,
  Limits,
  Message,
  MessageContent,
  MessageId,
  MessageType,
  OwnPresence,
  OwnSession,
  oneOf,
  Presence,
  Reaction,
  Receipt,
  Retracted,
  Time,
} from './objects.ts';
import { Profile, profileEvents, profileRequests } from './profile.ts';
import { pubsubEvents, pubsubRequests } from './pubsub.ts';
import { PushService, pushRequests } from './push.ts';
import { Claims, Extra, rawEvents, rawRequests } from './raw.ts';
import { Invite, Room, roomEvents, roomRequests } from './rooms.ts';
import { uploadEvents, uploadRequests } from './uploads.ts';

const optional = Type.Optional;

/** The subprotocol's name in `Sec-WebSocket-Protocol`. */
export const subprotocol = 'stanzawire.v1';

/** A request id: echoed by `ok` and `error`. */
export const RequestId = Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()]);
export type RequestId = Static<typeof RequestId>;

const Token = Type.String({ minLength: 1, maxLength: 16_384, description: 'A bearer token' });
const Nothing = Type.Object({});
const Seq = Type.Integer({ minimum: 0 });

export const Connect = Type.Object({
  token: optional(Token),
  resume: optional(Type.Object({ session: Type.String({ maxLength: 64 }), seq: Seq })),
  device: optional(Type.String({ maxLength: 64, description: "A label, shown to the user's other sessions" })),
  client: optional(Type.String({ maxLength: 128, description: "The client software's name, for the log" })),
  presence: optional(
    Type.Union([Type.Literal(false), OwnPresence], { description: 'Initial presence; false = invisible' }),
  ),
  want: optional(Type.Array(oneOf(['contacts', 'chats', 'rooms', 'blocks', 'profile']), { maxItems: 16 })),
  features: optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16, description: 'ack, batch, binary' })),
  raw: optional(oneOf(['none', 'extra', 'full'])),
  iq: optional(Claims),
});

export const Ready = Type.Object({
  session: Type.String(),
  resumed: Type.Boolean(),
  seq: Seq,
  user: Jid,
  link: oneOf(['up', 'down']),
  heartbeatMs: Type.Integer(),
  expiresAt: optional(Time),
  replaying: optional(Type.Integer()),
  reason: optional(oneOf(['expired', 'gap', 'unknown', 'other-user'])),
  resume: optional(Type.Object({ windowMs: Type.Integer(), maxEvents: Type.Integer() })),
  limits: optional(Limits),
  features: optional(Type.Array(Type.String())),
  services: optional(
    Type.Object({
      rooms: optional(Jid),
      upload: optional(Jid),
      uploadBytes: optional(Type.Integer()),
      push: optional(PushService),
    }),
  ),
  archive: optional(Type.Object({ last: optional(Type.String()) })),
  token: optional(Type.String({ description: "A guest's token for later connects" })),
  contacts: optional(Type.Array(Contact)),
  requests: optional(Type.Array(ContactRequest)),
  chats: optional(Type.Array(Chat)),
  rooms: optional(Type.Array(Room)),
  invites: optional(Type.Array(Invite)),
  profile: optional(Profile),
  blocks: optional(Type.Array(Jid)),
});

const Sent = Type.Object({
  id: MessageId,
  originId: optional(Type.String()),
  chat: Jid,
  type: MessageType,
  time: Time,
  archiveId: optional(Type.String()),
});

const Availability = optional(oneOf(['available', 'unavailable'], 'Default: available'));
const ContactSettings = {
  name: optional(Type.String({ maxLength: 1023 })),
  groups: optional(Type.Array(Type.String({ minLength: 1, maxLength: 1023 }), { maxItems: 100 })),
};

/**
 * Requests: what `data` holds, what `ok.data` answers (nothing when absent). `scope` is what the token must grant;
 * `takesNull` = a field that is null is not merely absent.
 */
export const requests = {
  connect: { data: Connect },
  'auth.refresh': { data: Type.Object({ token: Token }), result: Type.Object({ expiresAt: optional(Time) }) },
  'session.update': {
    data: Type.Object({
      active: optional(Type.Boolean({ description: 'false: nobody looks (XEP-0352)' })),
      iq: optional(Claims),
    }),
  },
  'session.list': { data: Nothing, result: Type.Object({ items: Type.Array(OwnSession) }) },
  'session.end': { data: Type.Object({ session: optional(Type.String({ maxLength: 64 })) }) },
  ping: { data: Nothing },
  pong: { data: Type.Object({ seq: optional(Seq) }) },
  ack: { data: Type.Object({ seq: Seq }) },
  'message.send': {
    data: Type.Object({
      to: Jid,
      id: optional(Type.String({ minLength: 1, maxLength: 128, description: 'A UUID: makes sending again safe' })),
      type: optional(MessageType),
      ...MessageContent.properties,
      extra: optional(Extra),
    }),
    result: Sent,
  },
  ...actingRequests,
  'message.mark': {
    data: Type.Object({
      to: Jid,
      id: MessageId,
      status: optional(oneOf(['displayed'])),
      private: optional(Type.Boolean({ description: 'Tell the own sessions only' })),
    }),
  },
  'history.get': {
    data: Type.Object({
      chat: optional(Jid),
      before: optional(ArchiveId),
      after: optional(ArchiveId),
      start: optional(Time),
      end: optional(Time),
      ids: optional(Type.Array(MessageId, { maxItems: 100 })),
      text: optional(Type.String({ maxLength: 1024 })),
      max: optional(Type.Integer({ minimum: 1 })),
      view: optional(oneOf(['folded', 'log'])),
    }),
    result: Type.Object({
      items: Type.Array(Type.Object({ type: Type.String(), data: Type.Unknown() })),
      first: optional(ArchiveId),
      last: optional(ArchiveId),
      complete: Type.Boolean(),
    }),
  },
  'chat.list': {
    data: Type.Object({ max: optional(Type.Integer({ minimum: 1 })), after: optional(Jid) }),
    result: Type.Object({
      items: Type.Array(Chat),
      first: optional(Jid),
      last: optional(Jid),
      count: Type.Integer(),
      complete: Type.Boolean(),
    }),
  },
  'chat.update': {
    data: Type.Object({
      chat: Jid,
      muted: optional(Type.Boolean()),
      pinned: optional(Type.Boolean()),
      archived: optional(Type.Boolean()),
    }),
    result: Chat,
  },
  'typing.send': { data: Type.Object({ to: Jid, state: ChatState }) },
  'presence.set': { data: Type.Object({ type: Availability, ...OwnPresence.properties }) },
  'presence.send': {
    data: Type.Object({ to: Jid, type: Availability, ...OwnPresence.properties, extra: optional(Extra) }),
  },
  'contact.list': {
    data: Nothing,
    result: Type.Object({ items: Type.Array(Contact), requests: Type.Array(ContactRequest) }),
  },
  'contact.add': {
    data: Type.Object({ jid: Jid, ...ContactSettings, message: optional(Type.String({ maxLength: 1023 })) }),
    result: Contact,
  },
  'contact.set': { data: Type.Object({ jid: Jid, ...ContactSettings }), result: Contact },
  'contact.remove': { data: Type.Object({ jid: Jid }) },
  'contact.approve': { data: Type.Object({ jid: Jid }) },
  'contact.deny': { data: Type.Object({ jid: Jid }) },
  ...roomRequests,
  ...discoveryRequests,
  ...uploadRequests,
  ...profileRequests,
  ...blockingRequests,
  ...commandRequests,
  ...pubsubRequests,
  ...pushRequests,
  ...rawRequests,
} as const satisfies Record<string, { data: TSchema; result?: TSchema; scope?: string; takesNull?: true }>;

/** How an event is treated on resume and under pressure (PROTOCOL.md §5). */
export type EventClass = 'numbered' | 'latest' | 'ephemeral' | 'control';

/** Events: what `data` holds, and their class. */
export const events = {
  ping: { data: Nothing, class: 'control' },
  reconnect: {
    data: Type.Object({ reason: Type.String(), withinMs: Type.Integer(), url: optional(Type.String()) }),
    class: 'control',
  },
  'auth.expiring': { data: Type.Object({ expiresAt: Time }), class: 'control' },
  state: {
    data: Type.Object({
      link: oneOf(['up', 'down']),
      since: Time,
      reason: optional(Type.String()),
      retryInMs: optional(Type.Integer()),
    }),
    class: 'ephemeral',
  },
  message: { data: Message, class: 'numbered' },
  'message.edited': { data: Edited, class: 'numbered' },
  'message.retracted': { data: Retracted, class: 'numbered' },
  'message.failed': {
    data: Type.Object({
      chat: Jid,
      id: MessageId,
      replace: optional(Type.String({ description: 'Of an edit: the id of the first version' })),
      error: ErrorObject,
      archiveId: optional(ArchiveId),
    }),
    class: 'numbered',
  },
  reaction: { data: Reaction, class: 'numbered' },
  receipt: { data: Receipt, class: 'numbered' },
  chat: { data: Chat, class: 'numbered' },
  typing: { data: Type.Object({ chat: Jid, from: Jid, state: ChatState }), class: 'ephemeral' },
  presence: { data: Presence, class: 'latest' },
  contact: { data: Contact, class: 'numbered' },
  'contact.removed': { data: Type.Object({ jid: Jid }), class: 'numbered' },
  'contact.request': { data: ContactRequest, class: 'numbered' },
  ...roomEvents,
  ...uploadEvents,
  ...profileEvents,
  ...blockingEvents,
  ...pubsubEvents,
  ...rawEvents,
  stanza: { data: Type.Object({ stanza: Element }), class: 'numbered' },
} as const satisfies Record<string, { data: TSchema; class: EventClass }>;

/** Answers to a request, by its `id`. */
export const replies = {
  ready: Ready,
  ok: optional(Type.Unknown()),
  pong: optional(Nothing),
} as const;

export type RequestType = keyof typeof requests;
export type RequestData<T extends RequestType> = Static<(typeof requests)[T]['data']>;
export type RequestResult<T extends RequestType> = (typeof requests)[T] extends { result: infer R extends TSchema }
  ? Static<R>
  : undefined;
export type EventType = keyof typeof events;
export type EventData<T extends EventType> = Static<(typeof events)[T]['data']>;
export type Ready = Static<typeof Ready>;
export type Connect = Static<typeof Connect>;

/** An event before it is numbered. */
export type Event = { [T in EventType]: { type: T; data: EventData<T> } }[EventType];
