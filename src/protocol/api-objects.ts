/** The objects of the API of the internal port (docs/api.md), beside those of the protocol. */
import Type, { type Static } from 'typebox';
import { OwnPresence } from './objects.ts';
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

const Disabled = Type.Object(
  { since: Time, reason: optional(Type.String()) },
  { description: 'It is disabled: nobody can connect as it' },
);

export const AccountObject = Type.Object(
  {
    user: Type.String({ description: 'The user name, as tokens have it but in lower case' }),
    jid: Jid,
    created: Time,
    disabled: optional(Disabled),
    sessions: Type.Integer({ minimum: 0, description: 'Open ones, attached or not' }),
  },
  { description: 'An account' },
);

export const SessionObject = Type.Object(
  {
    session: Type.String(),
    jid: Jid,
    device: optional(Type.String()),
    client: optional(Type.String()),
    attached: Type.Boolean({ description: 'Has a socket; else its client may still come back' }),
    active: Type.Boolean({ description: 'Somebody is looking at it' }),
    since: Time,
    presence: optional(OwnPresence),
  },
  { description: 'A session of an account; without `presence` it is invisible' },
);

export const AccountDetails = Type.Object(
  {
    ...AccountObject.properties,
    presence: optional(OwnPresence),
    contacts: Count,
    rooms: Count,
    blocked: Count,
    chats: Count,
    messages: Type.Integer({ minimum: 0, description: 'What its archive holds, actions on messages included' }),
    lastActivity: optional(Time),
  },
  { description: 'An account, looked at closely; without `presence` it is offline or invisible' },
);

export const AccountPresence = Type.Object(
  {
    user: Type.String(),
    jid: Jid,
    available: Type.Boolean(),
    presence: optional(OwnPresence),
    sessions: Count,
    attached: Type.Integer({ minimum: 0, description: 'Of the sessions: those with a socket' }),
  },
  { description: 'Is the account online? As its contacts see it, and as its sessions are' },
);

export type AccountObject = Static<typeof AccountObject>;
export type SessionObject = Static<typeof SessionObject>;
export type AccountDetails = Static<typeof AccountDetails>;
export type AccountPresence = Static<typeof AccountPresence>;
