/** Acting on messages (PROTOCOL.md §10): edit, retract, moderate, react. What is acted on is named by its one `id`. */
import Type, { type TNull, type TOptional, type TSchema, type TUnion } from 'typebox';
import { ArchiveId, Jid, MessageContent, MessageId, MessageType, Time } from './objects.ts';

const optional = Type.Optional;

type Nullable<P extends Record<string, TSchema>> = { [K in keyof P]: TOptional<TUnion<[P[K], TNull]>> };

/** Each field may be there, or null to remove it. */
function nullable<P extends Record<string, TSchema>>(properties: P): Nullable<P> {
  const all = Object.entries(properties).map(([name, schema]) => [name, optional(Type.Union([schema, Type.Null()]))]);
  return Object.fromEntries(all) as Nullable<P>;
}

const acted = { id: MessageId, chat: Jid, time: Time, archiveId: optional(ArchiveId) };
const Acted = Type.Object(acted);

export const Reactions = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  maxItems: 32,
  uniqueItems: true,
  description: 'The whole set; empty = none',
});

export const actingRequests = {
  'message.edit': {
    data: Type.Object({
      to: Jid,
      id: MessageId,
      originId: optional(
        Type.String({ minLength: 1, maxLength: 128, description: 'Of the edit, a UUID: makes sending again safe' }),
      ),
      ...nullable(MessageContent.properties),
    }),
    takesNull: true,
    result: Type.Object({ ...acted, replace: MessageId, type: MessageType, originId: optional(Type.String()) }),
  },
  'message.retract': {
    data: Type.Object({ to: Jid, id: MessageId, reason: optional(Type.String({ maxLength: 1023 })) }),
    result: Acted,
  },
  'message.moderate': {
    data: Type.Object({ room: Jid, id: MessageId, reason: optional(Type.String({ maxLength: 1023 })) }),
  },
  'message.react': { data: Type.Object({ to: Jid, id: MessageId, reactions: Reactions }), result: Acted },
} as const;
