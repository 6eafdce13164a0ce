/** Web Push (RFC 8030) as PROTOCOL.md §10 describes it: where a browser wants to be woken, as its PushSubscription says it. */
import Type, { type Static } from 'typebox';
import { ArchiveId, Jid, MessageId, Time } from './objects.ts';
import { oneOf } from './one-of.ts';

const optional = Type.Optional;

const Endpoint = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^https://',
  description: 'The address that the push service of the browser gave out',
});

export const pushRequests = {
  'push.subscribe': {
    data: Type.Object({
      endpoint: Endpoint,
      expirationTime: optional(Type.Number({ description: 'Milliseconds since 1970' })),
      keys: Type.Object({
        p256dh: Type.String({ maxLength: 128, description: "The browser's public key, in base64url" }),
        auth: Type.String({ maxLength: 64, description: '16 random bytes, in base64url' }),
      }),
    }),
  },
  'push.unsubscribe': {
    data: Type.Object({ endpoint: optional(Endpoint) }, { description: 'Without `endpoint`: all of the account' }),
  },
} as const;

/** `ready.services.push`. */
export const PushService = Type.Object({
  key: Type.String({ description: 'The applicationServerKey of PushManager.subscribe(), in base64url' }),
});

/** What a browser is sent, encrypted for it. */
export const PushMessage = Type.Object({
  type: Type.Literal('message'),
  user: Jid,
  chat: Jid,
  kind: oneOf(['direct', 'room']),
  from: Jid,
  id: MessageId,
  archiveId: optional(ArchiveId),
  time: Time,
  unread: Type.Integer(),
  name: optional(Type.String()),
  body: optional(Type.String({ maxLength: 400 })),
  mention: optional(Type.Boolean()),
});
export type PushMessage = Static<typeof PushMessage>;
