/** The rooms that an account has joined and not left, in memory, written through to the store. */
import type { Memberships as MembershipsView } from '../extension.ts';
import type { RoomMembership, Store } from '../store/store.ts';

export class Memberships implements MembershipsView {
  readonly #account: string;
  readonly #store: Store;
  readonly #rooms: Map<string, RoomMembership>;

  constructor(account: string, rooms: readonly RoomMembership[], store: Store) {
    this.#account = account;
    this.#store = store;
    this.#rooms = new Map(rooms.map((room) => [room.jid, room]));
  }

  get(room: string): RoomMembership | undefined {
    return this.#rooms.get(room);
  }

  values(): Iterable<RoomMembership> {
    return this.#rooms.values();
  }

  /** Takes effect at once, is taken back if it cannot be stored; resolves when it is. */
  save(room: RoomMembership): Promise<void> {
    const before = this.#rooms.get(room.jid);
    this.#rooms.set(room.jid, room);
    return this.#store.saveRoom(this.#account, room).catch((error: unknown) => {
      if (this.#rooms.get(room.jid) === room) this.#put(room.jid, before);
      throw error;
    });
  }

  remove(room: string): Promise<void> {
    const before = this.#rooms.get(room);
    if (!this.#rooms.delete(room)) return Promise.resolve();
    return this.#store.removeRoom(this.#account, room).catch((error: unknown) => {
      if (!this.#rooms.has(room)) this.#put(room, before);
      throw error;
    });
  }

  #put(jid: string, room: RoomMembership | undefined): void {
    if (room) this.#rooms.set(jid, room);
    else this.#rooms.delete(jid);
  }
}
