/** The rooms of an account: those it has joined and not left, and those it is about to join. */
import { type Account, slot } from '../../extension.ts';
import { badRequest } from '../../protocol/errors.ts';
import { type Jid, prepareResource } from '../../xmpp/jid.ts';
import { address } from '../address.ts';
import { notJoined, Room } from './room.ts';
import { release } from './shared-room.ts';

export class Rooms implements Iterable<Room> {
  readonly #rooms = new Map<string, Room>();
  /** Looks for rooms that have been silent. */
  watch: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#rooms.size;
  }

  /** By the room's bare JID. */
  get(jid: string): Room | undefined {
    return this.#rooms.get(jid);
  }

  [Symbol.iterator](): Iterator<Room> {
    return this.#rooms.values();
  }

  add(room: Room): void {
    this.#rooms.set(room.jid, room);
  }

  /** It was left, or is not to be joined again. */
  delete(room: Room): void {
    clearTimeout(room.retry);
    if (this.#rooms.get(room.jid) === room) this.#rooms.delete(room.jid);
    release(room);
  }

  /** Nobody needs them any more; what is stored stays. */
  clear(): void {
    for (const room of this) {
      clearTimeout(room.retry);
      release(room);
    }
    this.#rooms.clear();
    clearInterval(this.watch);
  }
}

const own = slot(() => ({ rooms: undefined as Rooms | undefined }));

/** Made of what is stored, at first use. */
export function roomsOf(account: Account): Rooms {
  const state = account.slot(own);
  if (state.rooms) return state.rooms;
  const rooms = new Rooms();
  state.rooms = rooms;
  for (const { jid, nick, password } of account.memberships.values()) rooms.add(new Room(account, jid, nick, password));
  return rooms;
}

/** The bare JID in a request's `room`. @throws StanzaError bad-request */
export function roomAddress({ gateway }: Account, text: string, field = 'room'): Jid {
  const jid = address(text, field);
  if (jid.local === '' || jid.resource !== '' || jid.domain === gateway.domain) {
    throw badRequest(field, `${field} is not the JID of a room`);
  }
  return jid;
}

/** The room a request is about, the account being in it. @throws StanzaError bad-request, not-acceptable */
export function joinedRoom(account: Account, text: string): Room {
  const { bare } = roomAddress(account, text);
  const room = roomsOf(account).get(bare);
  if (room?.state !== 'joined') throw notJoined(bare);
  return room;
}

/** A nick as the room will have it. @throws StanzaError bad-request */
export function nickOf(text: string): string {
  const nick = prepareResource(text.trim());
  if (nick === undefined) throw badRequest('nick', 'nick has characters that no nick can have');
  return nick;
}
