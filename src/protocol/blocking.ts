/** Blocking (XEP-0191) with reports (XEP-0377), and what the account tells others of itself, as PROTOCOL.md §10 has them. */
import Type, { type Static } from 'typebox';
import { Jid, MessageId, oneOf } from './objects.ts';

const optional = Type.Optional;

const Jids = Type.Array(Jid, { minItems: 1, maxItems: 100 });

/** What the account tells others without being asked. */
export const Settings = Type.Object({
  sendReceipts: Type.Boolean({ description: 'That a message has come (XEP-0184)' }),
  sendMarkers: Type.Boolean({ description: 'How far it was read (XEP-0333)' }),
  sendTyping: Type.Boolean({ description: 'That somebody is typing (XEP-0085)' }),
});

export const blockingRequests = {
  'block.list': { data: Type.Object({}), result: Type.Object({ items: Type.Array(Jid) }) },
  'block.add': {
    data: Type.Object({
      jids: Jids,
      report: optional(oneOf(['spam', 'abuse'], "Tells the gateway's operator too (XEP-0377)")),
      text: optional(Type.String({ maxLength: 3071, description: "The user's own words, for the report" })),
      messages: optional(
        Type.Array(MessageId, { maxItems: 20, description: 'Messages from there that the report shows' }),
      ),
    }),
  },
  'block.remove': { data: Type.Object({ jids: optional(Jids) }, { description: 'Without `jids`: all' }) },
  'settings.get': { data: Type.Object({}), result: Settings },
  'settings.set': { data: Type.Partial(Settings), result: Settings },
} as const;

export const blockingEvents = {
  block: {
    data: Type.Object({ jids: Type.Array(Jid), blocked: Type.Boolean({ description: 'false: not any more' }) }),
    class: 'numbered',
  },
  settings: { data: Settings, class: 'numbered' },
} as const;

export type Settings = Static<typeof Settings>;
