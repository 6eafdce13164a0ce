/** What the client is told and what it tells: its options and its events. The wire's own types come from src/protocol. */
import type { ErrorObject } from '../protocol/errors.ts';
import type {
  Connect,
  EventData,
  EventType,
  Ready,
  RequestData,
  RequestResult,
  RequestType,
} from '../protocol/frames.ts';
import type { ClientError } from './error.ts';
import type { KeyValueStorage, SocketClass } from './platform.ts';

type Awaitable<T> = T | Promise<T>;

export interface ConnectOptions extends Pick<Connect, 'device' | 'client' | 'presence' | 'want' | 'raw'> {
  /** `wss://HOST/ws` */
  url: string;
  /** The token, or a function that gets a fresh one: called for each socket, and when the gateway says that it ends. Without one: a guest. */
  token?: string | (() => Awaitable<string | undefined>);
  /** Tells the clients of one page apart in its storage. */
  name?: string;
  /** Where session, place and unsent messages are kept over a reload; `false` = nowhere. Default: `sessionStorage`, where there is one. */
  storage?: KeyValueStorage | false;
  /** Where unsent messages are kept. Default: with the session. */
  outbox?: Outbox;
  /** How many archived items are read at most, of one archive, after a session was lost: more is a `gap`. Default: 2000. */
  catchUp?: number;
  /** How long a request waits for its answer, being offline included. Default: 60000. Messages wait in the outbox instead. */
  timeoutMs?: number;
  /** How long a message is tried while the XMPP server does not take it. Default: 120000. */
  patienceMs?: number;
  /** Default: the platform's. */
  WebSocket?: SocketClass;
  /** Sees every frame's text as it passes. */
  trace?: (direction: 'in' | 'out', text: string) => void;
}

/** A message to send: `to`, and one of `body`, `bodies`, `subject`. `id` is made where it is absent. */
export type Draft = RequestData<'message.send'>;
export type Sent = RequestResult<'message.send'>;

/** A message that has not been sent for sure. */
export interface Unsent {
  readonly data: Draft & { readonly id: string };
  /** When it was written, and when it was first given to a socket: milliseconds since 1970. */
  readonly at: number;
  readonly tried?: number | undefined;
  /** Who wrote it, where that was known. It is never sent as anybody else. */
  readonly user?: string | undefined;
}

/** Keeps unsent messages; each of its functions may fail, and nothing is lost but what would be kept. */
export interface Outbox {
  all(): Awaitable<readonly Unsent[]>;
  put(unsent: Unsent): Awaitable<void>;
  remove(id: string): Awaitable<void>;
}

/** `send` answers with a promise of `ok.data` that knows the message's id at once. */
export type Sending = Promise<Sent> & { readonly id: string };

/** `stopped` needs `reconnect()`, and first of all a remedy: see its `error`. */
export type Status = 'connecting' | 'online' | 'waiting' | 'stopped';

export interface StatusChange {
  readonly status: Status;
  /** Why it is `waiting`: the close code of the last socket. */
  readonly code?: number;
  readonly reason?: string;
  readonly retryInMs?: number;
  /** Why it is `stopped`; absent after `close()`. */
  readonly error?: ClientError;
}

/** A message's ladder. */
export type DeliveryStatus = 'pending' | 'sent' | 'delivered' | 'displayed' | 'failed';

/** An own message has come to another rung. */
export interface Delivery {
  readonly id: string;
  /** The id it was sent with. In rooms `id` becomes the room's. */
  readonly originId?: string;
  /** Its chat; `draft.to` until the gateway has named it. */
  readonly chat: string;
  readonly status: DeliveryStatus;
  /** With `pending`, and with a `failed` that came instead of `sent`. */
  readonly draft?: Draft;
  readonly sent?: Sent;
  readonly error?: ErrorObject | undefined;
}

/** An answered request, for whoever keeps what requests tell. */
export type Answer = {
  [T in RequestType]: { request: T; data: RequestData<T>; result: RequestResult<T> };
}[RequestType];

type WireEvents = { [T in Exclude<EventType, 'ping'>]: EventData<T> };
export interface ClientEvents extends WireEvents {
  status: StatusChange;
  ready: Ready;
  delivery: Delivery;
  answer: Answer;
  /** Not everything could be read from the archive: of that chat, or of all that are no rooms. What is shown of it is to be read anew. */
  gap: { readonly chat?: string };
}

/** `history`: it happened while there was no session, and comes from the archive. */
export type Origin = 'live' | 'history';
export type ClientEvent = { [T in keyof ClientEvents]: { type: T; data: ClientEvents[T] } }[keyof ClientEvents];
