/** Service discovery (XEP-0030) and the search for rooms (XEP-0433), as PROTOCOL.md §10 describes them. */
import Type, { type Static } from 'typebox';
import { Form } from './forms.ts';
import { Jid, oneOf } from './objects.ts';

const optional = Type.Optional;

const Where = {
  jid: optional(Type.String({ minLength: 1, maxLength: 3071, description: "Default: the XMPP server's domain" })),
  node: optional(Type.String({ minLength: 1, maxLength: 3071 })),
};
export const WithPage = {
  max: optional(Type.Integer({ minimum: 1 })),
  after: optional(Type.String({ minLength: 1, maxLength: 6150, description: 'The `last` of the page before' })),
};
export const Paged = {
  first: optional(Type.String()),
  last: optional(Type.String()),
  count: optional(Type.Integer({ description: 'How many there are in all, where that is known' })),
  complete: Type.Boolean({ description: 'There is nothing behind this page' }),
};

export const Identity = Type.Object({
  category: Type.String(),
  type: Type.String(),
  name: optional(Type.String()),
  lang: optional(Type.String()),
});

export const DiscoInfo = Type.Object({
  identities: Type.Array(Identity),
  features: Type.Array(Type.String()),
  forms: optional(Type.Array(Form, { description: 'What else it says of itself (XEP-0128)' })),
});

export const DiscoItem = Type.Object({
  jid: Jid,
  node: optional(Type.String()),
  name: optional(Type.String()),
});

/** A room as a directory shows it. */
export const Found = Type.Object({
  jid: Jid,
  name: optional(Type.String()),
  description: optional(Type.String()),
  language: optional(Type.String()),
  occupants: optional(Type.Integer()),
  open: optional(Type.Boolean({ description: 'Anybody may join' })),
  anonymous: optional(oneOf(['semi', 'non'], 'Who sees real JIDs: moderators, everybody')),
});

export const discoveryRequests = {
  'disco.info': { data: Type.Object(Where), result: DiscoInfo },
  'disco.items': {
    data: Type.Object({ ...Where, ...WithPage }),
    result: Type.Object({ items: Type.Array(DiscoItem), ...Paged }),
  },
  'directory.search': {
    data: Type.Object({
      text: optional(Type.String({ maxLength: 1024, description: 'Each of its words must be there' })),
      service: optional(
        Type.String({ minLength: 1, maxLength: 3071, description: 'Default: the room service of the XMPP server' }),
      ),
      ...WithPage,
    }),
    result: Type.Object({ items: Type.Array(Found), ...Paged }),
  },
} as const;

export type DiscoInfo = Static<typeof DiscoInfo>;
export type DiscoItem = Static<typeof DiscoItem>;
export type Found = Static<typeof Found>;
