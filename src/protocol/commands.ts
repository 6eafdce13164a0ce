/** Ad-hoc commands (XEP-0050), as PROTOCOL.md §10 describes them. */
import Type, { type Static } from 'typebox';
import { Paged, WithPage } from './discovery.ts';
import { Form, FormValues } from './forms.ts';
import { Element, Jid, oneOf } from './objects.ts';

const optional = Type.Optional;

const Address = Type.String({ minLength: 1, maxLength: 3071, description: "Default: the XMPP server's domain" });

export const commandActions = ['prev', 'next', 'complete'] as const;

/** Where a command stands. */
export const CommandState = Type.Object({
  node: Type.String(),
  sessionId: optional(Type.String({ description: 'Goes into the next step' })),
  status: oneOf(['executing', 'completed', 'canceled']),
  actions: Type.Array(oneOf(commandActions), { description: 'What may be done next, beside `cancel`' }),
  default: optional(oneOf(commandActions, 'What `execute` means there')),
  notes: Type.Array(Type.Object({ type: oneOf(['info', 'warn', 'error']), text: Type.String() })),
  form: optional(Form),
  extra: optional(Type.Array(Element, { description: 'What else it carries' })),
});

export const commandRequests = {
  'command.list': {
    data: Type.Object({ jid: optional(Address), ...WithPage }),
    result: Type.Object({
      items: Type.Array(Type.Object({ jid: Jid, node: Type.String(), name: optional(Type.String()) })),
      ...Paged,
    }),
  },
  'command.run': {
    data: Type.Object({
      jid: optional(Address),
      node: Type.String({ minLength: 1, maxLength: 3071 }),
      sessionId: optional(Type.String({ minLength: 1, maxLength: 1024 })),
      action: optional(oneOf(['execute', 'cancel', ...commandActions], 'Default: execute')),
      values: optional(FormValues),
    }),
    result: CommandState,
  },
} as const;

export type CommandState = Static<typeof CommandState>;
