/** The objects of the API of the internal port (docs/api.md), beside those of the protocol. */
import Type, { type Static } from 'typebox';
import { oneOf } from './one-of.ts';
import { Jid, Time } from './values.ts';

const optional = Type.Optional;
const Count = Type.Integer({ minimum: 0 });

export const Status = Type.Object(
  {
    version: Type.String(),
    node: Type.String({ description: 'The version of Node.js' }),
    domain: Jid,
    server: Jid,
    startedAt: Time,
    uptimeMs: Count,
    ready: Type.Boolean({ description: 'What /readyz says' }),
    draining: Type.Boolean({ description: 'It is about to stop' }),
    link: Type.Object(
      {
        state: oneOf(['up', 'down']),
        since: Time,
        reason: optional(Type.String({ description: 'Why it is down' })),
        retryAt: optional(Time),
      },
      { description: 'The stream to the XMPP server' },
    ),
    sockets: Type.Object({ connecting: Count, open: Count, closing: Count, limit: Count }),
    sessions: Type.Object({
      attached: Count,
      detached: Type.Integer({ minimum: 0, description: 'Without a socket; their clients may still come back' }),
    }),
    accounts: Type.Object({
      open: Type.Integer({ minimum: 0, description: 'In memory: with a session, or lately used' }),
      stored: Count,
    }),
    store: Type.Object({
      kind: oneOf(['sqlite', 'memory']),
      bytes: Count,
      available: Type.Boolean({ description: 'It took the last change' }),
    }),
    memory: Type.Object({ heapBytes: Count, heapLimitBytes: Count, residentBytes: Count }),
  },
  { description: 'How the gateway is' },
);
export type Status = Static<typeof Status>;
