/**
 * The escape hatches (PROTOCOL.md §10, §12): queries and stanzas as element trees or XML text, for those whose token has the
 * scope `raw`.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { type Condition, conditions } from './errors.ts';
import { Element, Jid } from './objects.ts';
import { oneOf } from './one-of.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

/** Parts of a stanza that have no field, as a client writes them. */
export const Extra = Type.Array(Element, {
  maxItems: 50,
  description: 'Further parts of the stanza. Needs the scope raw',
});

/** Namespaces whose queries a session answers itself. */
export const Claims = Type.Array(Type.String({ minLength: 1, maxLength: 1023 }), {
  maxItems: 50,
  description: 'Namespaces of queries that come as iq events, for this session to answer. Needs the scope raw',
});

const QueryId = Type.String({ minLength: 1, maxLength: 64, description: 'Of an iq event' });

const Refusal = Type.Object(
  {
    code: oneOf(Object.keys(conditions) as Condition[], 'RFC 6120 §8.3.3'),
    message: optional(Type.String({ maxLength: 1023, description: 'For people' })),
    type: optional(oneOf(['auth', 'cancel', 'continue', 'modify', 'wait'])),
    app: optional(Element),
  },
  { description: 'Why a query is refused' },
);

export const rawRequests = {
  'iq.send': {
    data: Type.Object({ to: optional(Jid), type: oneOf(['get', 'set']), payload: Element }),
    result: Type.Object({ from: Jid, payload: optional(Element) }),
    scope: 'raw',
  },
  'iq.reply': {
    data: Type.Object({ iq: QueryId, payload: optional(Element), error: optional(Refusal) }),
    scope: 'raw',
  },
  'stanza.send': {
    data: Type.Object({
      stanza: optional(Element),
      xml: optional(Type.String({ minLength: 1, description: 'The same as XML text' })),
    }),
    scope: 'raw',
  },
} as const;

export const rawEvents = {
  iq: {
    data: Type.Object({ iq: QueryId, from: Jid, type: oneOf(['get', 'set']), payload: Element }),
    class: 'numbered',
  },
} as const;

export type Extra = Static<typeof Extra>;
