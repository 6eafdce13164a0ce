/** What the state helper shows: plain objects, never changed once they were shown, so that `===` tells what has changed. */
import type { ErrorObject } from '../../protocol/errors.ts';
import type { Ready } from '../../protocol/frames.ts';
import type { Chat, ChatState, Contact, ContactRequest, Message } from '../../protocol/objects.ts';
import type { Invite, Occupant, Room } from '../../protocol/rooms.ts';
import type { DeliveryStatus, Draft, Status } from '../types.ts';

/** A message, in its last version. Own ones have `outgoing` and their rung of the ladder. */
export interface ShownMessage extends Omit<Message, 'status' | 'error'> {
  readonly status?: DeliveryStatus;
  readonly error?: ErrorObject;
  /** Of an own one that is not sent: what `retry` sends again. */
  readonly draft?: Draft;
}

type By<T> = Readonly<Record<string, T>>;

export interface Snapshot {
  readonly status: Status;
  readonly link: Ready['link'];
  readonly user: string | undefined;
  /** By JID. */
  readonly contacts: By<Contact>;
  /** Who asks to see the account, by JID. */
  readonly requests: By<ContactRequest>;
  /** By their key: the peer's JID, or the room's. */
  readonly chats: By<Chat>;
  /** By chat, oldest first: what came, and what `load` has read. */
  readonly messages: By<readonly ShownMessage[]>;
  /** Chats of which nothing older is left to load. */
  readonly complete: By<true>;
  /** Who is typing, by chat and sender: `composing` or `paused`. */
  readonly typing: By<By<ChatState>>;
  /** By JID. */
  readonly rooms: By<Room>;
  /** By room and nick. */
  readonly occupants: By<By<Occupant>>;
  /** By room. */
  readonly invites: By<Invite>;
}

export type Part = {
  [K in keyof Snapshot]: Snapshot[K] extends By<unknown> ? K : never;
}[keyof Snapshot];

export const empty: Snapshot = {
  status: 'connecting',
  link: 'down',
  user: undefined,
  contacts: {},
  requests: {},
  chats: {},
  messages: {},
  complete: {},
  typing: {},
  rooms: {},
  occupants: {},
  invites: {},
};
