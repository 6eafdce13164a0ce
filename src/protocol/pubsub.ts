/** Nodes and items (XEP-0060), as PROTOCOL.md §10 and §11 describe them. */
import Type, { type Static } from 'typebox';
import { Paged, WithPage } from './discovery.ts';
import { Form, FormValues } from './forms.ts';
import { Element, Jid, Time } from './objects.ts';

const optional = Type.Optional;

const Service = Type.String({
  minLength: 1,
  maxLength: 3071,
  description: 'A JID: a service, or whose own nodes (PEP)',
});
const Node = Type.String({ minLength: 1, maxLength: 1023 });
const ItemId = Type.String({ minLength: 1, maxLength: 1023 });
const Where = { service: Service, node: Node };
const Subscription = Type.String({ description: '`none` `pending` `subscribed` `unconfigured`' });

const payload = {
  json: optional(Type.Unknown({ description: 'Any JSON value (XEP-0335)' })),
  payload: optional(Element),
};

/** An item as services send it; without `json` and `payload` it is empty, or the node tells ids only. */
export const PubsubItem = Type.Object({
  id: optional(Type.String({ description: 'Absent where the node keeps no items' })),
  publisher: optional(Jid),
  ...payload,
});

/** What has happened at a node. */
export const PubsubEvent = Type.Object({
  service: Jid,
  node: Type.String(),
  items: Type.Array(PubsubItem, { description: 'New, or anew' }),
  retracted: Type.Array(Type.String(), { description: 'Ids of items that are no more' }),
  purged: optional(Type.Boolean({ description: 'All items are no more' })),
  deleted: optional(Type.Boolean({ description: 'The node itself is no more' })),
  redirect: optional(Type.String({ description: 'Of a deleted node: where it went' })),
  configured: optional(Type.Boolean({ description: 'The configuration has changed' })),
  form: optional(Form),
  subscription: optional(Subscription),
  time: optional(Time),
});

export const pubsubRequests = {
  'pubsub.get': {
    data: Type.Object({ ...Where, ids: optional(Type.Array(ItemId, { minItems: 1, maxItems: 100 })), ...WithPage }),
    result: Type.Object({ items: Type.Array(PubsubItem), ...Paged }),
  },
  'pubsub.publish': {
    data: Type.Object({
      ...Where,
      item: Type.Object({ id: optional(ItemId), ...payload }),
      options: optional(FormValues),
    }),
    result: Type.Object({ id: optional(Type.String()) }),
  },
  'pubsub.retract': {
    data: Type.Object({
      ...Where,
      ids: Type.Array(ItemId, { minItems: 1, maxItems: 100 }),
      notify: optional(Type.Boolean({ description: 'Tell the subscribers; default: true' })),
    }),
  },
  'pubsub.subscribe': {
    data: Type.Object({ ...Where, values: optional(FormValues) }),
    result: Type.Object({ subscription: Subscription, subId: optional(Type.String()) }),
  },
  'pubsub.unsubscribe': {
    data: Type.Object({ ...Where, subId: optional(Type.String({ minLength: 1, maxLength: 1023 })) }),
  },
  'pubsub.create': {
    data: Type.Object({ service: Service, node: optional(Node), values: optional(FormValues) }),
    result: Type.Object({ node: Type.String() }),
  },
  'pubsub.delete': { data: Type.Object({ ...Where, redirect: optional(Type.String({ maxLength: 3071 })) }) },
  'pubsub.config': {
    data: Type.Object({ ...Where, values: optional(FormValues) }),
    result: Type.Object({ form: Form }),
  },
} as const;

export const pubsubEvents = { pubsub: { data: PubsubEvent, class: 'numbered' } } as const;

export type PubsubItem = Static<typeof PubsubItem>;
export type PubsubEvent = Static<typeof PubsubEvent>;
