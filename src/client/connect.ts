/**
 * `stanzawire/client`: the client library, for browsers and Node. Everything that it says on the wire is PROTOCOL.md's;
 * docs/client.md tells how to use it.
 */
import { Client } from './client.ts';
import type { ConnectOptions } from './types.ts';

export type { ErrorCode, ErrorObject } from '../protocol/errors.ts';
export type * from '../protocol/frames.ts';
export type {
  Chat,
  ChatState,
  Contact,
  ContactRequest,
  Limits,
  Message,
  OwnPresence,
  Presence,
  Show,
} from '../protocol/objects.ts';
export type { Bookmark, Invite, Member, Occupant, Room } from '../protocol/rooms.ts';
export { ClientError } from './error.ts';
export type * from './types.ts';
export type { Client };

/** Connects, and stays connected until `close()`. Listeners that are added at once miss nothing. */
export function connect(options: ConnectOptions): Client {
  return new Client(options);
}
