/**
 * The API of the internal port (docs/api.md): every operation with what it takes and answers. The one source for routes,
 * validation, types and docs/openapi.yaml.
 */
import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { AccountDetails, AccountObject, AccountPresence, SessionObject, Status } from './api-objects.ts';
import { requests } from './frames.ts';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api`; a part in braces is one of `params`. */
  readonly path: string;
  readonly tag: 'Gateway' | 'Accounts' | 'Sessions' | 'Messages';
  readonly summary: string;
  readonly description?: string;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TObject;
  /** What it answers with 200; absent = 204, nothing. */
  readonly result?: TSchema;
}

const optional = Type.Optional;

const AccountName = Type.String({
  minLength: 1,
  maxLength: 3071,
  description: 'The user name, as tokens have it, or the JID of the account',
});
const Account = Type.Object({ account: AccountName });
const Reason = optional(Type.String({ maxLength: 256, description: 'For people; the user is told' }));

const page = {
  after: optional(Type.String({ maxLength: 3071, description: 'The `last` of the page before' })),
  max: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default: 100' })),
};
const Accounts = Type.Object({
  items: Type.Array(AccountObject),
  last: optional(Type.String()),
  complete: Type.Boolean({ description: 'There is nothing after it' }),
});
const Sessions = Type.Object({
  items: Type.Array(SessionObject),
  last: optional(Type.String()),
  complete: Type.Boolean({ description: 'There is nothing after it' }),
});

const { data: MessageData, result: Sent } = requests['message.send'];

export const operations = {
  getStatus: {
    method: 'GET',
    path: '/status',
    tag: 'Gateway',
    summary: 'How the gateway is',
    result: Status,
  },
  reload: {
    method: 'POST',
    path: '/reload',
    tag: 'Gateway',
    summary: 'Read the configuration again',
    description:
      'As SIGHUP does. What can change while the process runs is in force when it is answered. A configuration that cannot be used is refused (422, with its own words), and nothing has changed.',
    result: Type.Object({
      changed: Type.Array(Type.String(), { description: 'Keys that are in force now' }),
      needRestart: Type.Array(Type.String(), { description: 'Keys that differ, and wait for a restart' }),
    }),
  },
  listAccounts: {
    method: 'GET',
    path: '/accounts',
    tag: 'Accounts',
    summary: 'All accounts, by their JIDs',
    query: Type.Object({
      ...page,
      prefix: optional(Type.String({ maxLength: 1023, description: 'What their user names begin with' })),
      disabled: optional(Type.Boolean({ description: 'true: only those that are disabled' })),
    }),
    result: Accounts,
  },
  getAccount: {
    method: 'GET',
    path: '/accounts/{account}',
    tag: 'Accounts',
    summary: 'One account',
    params: Account,
    result: AccountDetails,
  },
  createAccount: {
    method: 'PUT',
    path: '/accounts/{account}',
    tag: 'Accounts',
    summary: 'Make an account ahead of its first login',
    description:
      'An account comes into being with its first login. Made before, it can be written to and have contacts.',
    params: Account,
    result: Type.Object({
      ...AccountObject.properties,
      made: Type.Boolean({ description: 'It did not exist before' }),
    }),
  },
  removeAccount: {
    method: 'DELETE',
    path: '/accounts/{account}',
    tag: 'Accounts',
    summary: 'Remove an account and all that is stored of it',
    description:
      'Its sessions are closed with 4003, its contacts are told that it is no contact any more, its rooms are left, and everything that is kept of it is deleted and overwritten: messages, contacts, settings, files that wait. What others have in their own archives stays. Then it is an address that does not exist, until somebody logs in with a token of that name: stop issuing those first.',
    params: Account,
  },
  disableAccount: {
    method: 'POST',
    path: '/accounts/{account}/disable',
    tag: 'Accounts',
    summary: 'Let nobody connect as it, until it is enabled',
    description:
      'Its sessions are closed with 4003. To others it is offline: what they write is archived, and is there when it is enabled.',
    params: Account,
    body: Type.Object({ reason: Reason }),
    result: AccountObject,
  },
  enableAccount: {
    method: 'POST',
    path: '/accounts/{account}/enable',
    tag: 'Accounts',
    summary: 'Undo disableAccount',
    params: Account,
    result: AccountObject,
  },
  getPresence: {
    method: 'GET',
    path: '/accounts/{account}/presence',
    tag: 'Accounts',
    summary: 'Is the account online?',
    params: Account,
    result: AccountPresence,
  },
  connectAccounts: {
    method: 'PUT',
    path: '/accounts/{account}/contacts/{contact}',
    tag: 'Accounts',
    summary: 'Make two accounts contacts of each other, without asking either',
    description: 'Both must exist. They see each other from then on.',
    params: Type.Object({ account: AccountName, contact: AccountName }),
  },
  listSessions: {
    method: 'GET',
    path: '/sessions',
    tag: 'Sessions',
    summary: 'All sessions, or those of an account; the oldest first',
    query: Type.Object({ ...page, account: optional(AccountName) }),
    result: Sessions,
  },
  endSession: {
    method: 'DELETE',
    path: '/sessions/{session}',
    tag: 'Sessions',
    summary: 'End a session',
    description: 'Its socket is closed with 4003. Whoever has a token may begin another.',
    params: Type.Object({ session: Type.String({ maxLength: 64 }) }),
  },
  endSessions: {
    method: 'DELETE',
    path: '/accounts/{account}/sessions',
    tag: 'Sessions',
    summary: 'End all sessions of an account',
    params: Account,
    result: Type.Object({ ended: Type.Integer({ minimum: 0 }) }),
  },
  sendMessage: {
    method: 'POST',
    path: '/messages',
    tag: 'Messages',
    summary: 'Send a message as an account, or as the domain itself',
    description:
      'The fields are those of `message.send` (PROTOCOL.md §9 and §10). It is answered when the message is acknowledged: the XMPP server has taken it, or it is stored for an account of the gateway. Give an `id` of your own (a UUID), and it may be repeated for 24 hours: it is sent once. The sessions of the account see it as they see what another session sent.',
    body: Type.Object({
      from: optional(
        Type.String({
          minLength: 1,
          maxLength: 3071,
          description: 'The account: user name or JID. Absent: the domain, which nobody can answer',
        }),
      ),
      ...MessageData.properties,
    }),
    result: Sent,
  },
  request: {
    method: 'POST',
    path: '/accounts/{account}/requests',
    tag: 'Messages',
    summary: 'Carry out a request of the protocol as an account',
    description:
      'Any request of PROTOCOL.md §10 but those about the socket or the session itself: history, chats, contacts, profile, blocking, the administration of rooms, queries. The account need not have a session; what shows it as present (`presence.*`, `room.join`) needs one.',
    params: Account,
    body: Type.Object({
      type: Type.String({ maxLength: 64, description: 'As in a frame: `history.get`, `contact.list`, …' }),
      data: optional(Type.Object({}, { description: 'As in a frame' })),
    }),
    result: Type.Object({ data: optional(Type.Unknown({ description: 'That of `ok`, where it has some' })) }),
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
type Operations = typeof operations;

type Part<O, K extends string> = O extends { readonly [P in K]: infer S extends TSchema }
  ? Static<S>
  : Record<string, never>;

/** What an operation is called with, checked. */
export interface Input<I extends OperationId> {
  readonly params: Part<Operations[I], 'params'>;
  readonly query: Part<Operations[I], 'query'>;
  readonly body: Part<Operations[I], 'body'>;
}
export type Output<I extends OperationId> = Operations[I] extends { readonly result: infer R extends TSchema }
  ? Static<R>
  : undefined;

/** Who carries the operations out. @throws StanzaError */
export type Api = { readonly [I in OperationId]: (input: Input<I>) => Output<I> | Promise<Output<I>> };
