/**
 * What all accounts of the gateway that are in one room have in common: its occupants, its subject, what it can do. A
 * thousand web users in a room are a thousand occupants, not a million; an event about one is made into JSON once.
 */
import { type Account, type EncodedEvent, type Gateway, slot } from '../../extension.ts';
import type { DiscoInfo } from '../../protocol/discovery.ts';
import type { Occupant } from '../../protocol/rooms.ts';
import type { RoomFeed } from './feed.ts';
import type { RoomPresence } from './occupants.ts';
import type { Room } from './room.ts';

interface Entry {
  version: number;
  /** Without `jid`, `self` and status codes. */
  readonly occupant: Occupant;
  /** The real JID, where somebody of ours is told it. */
  jid?: string;
  plain?: EncodedEvent;
  full?: EncodedEvent;
}

/** More than any server lets into a room; who comes after them is not listed. */
const maxOccupants = 50_000;
/** So many who have gone are remembered for accounts that rejoin. */
const maxGone = 1000;

export class SharedRoom {
  readonly jid: string;
  readonly gateway: Gateway;
  /** What was said in it; see feed.ts. */
  feed: RoomFeed | undefined;
  /** The presence that was read last, known by the children of its stanza. */
  lastRead: { readonly children: unknown; readonly info: unknown; readonly presence: RoomPresence } | undefined;
  readonly #users = new Map<Account, Room>();
  /** What disco#info says of it, once it was asked. */
  info: DiscoInfo | undefined;
  subject: string | undefined;
  /** The nick of who set it. */
  subjectBy: string | undefined;
  /** Grows with each change of the occupants. */
  version = 0;
  readonly #occupants = new Map<string, Entry>();
  /** Who has gone, with the version in which that was noted. */
  readonly #gone = new Map<string, { version: number; occupant: Occupant; event?: EncodedEvent }>();

  constructor(gateway: Gateway, jid: string) {
    this.gateway = gateway;
    this.jid = jid;
  }

  /** The rooms of accounts that share it, whether they are in it now or not. */
  get users(): Iterable<Room> {
    return this.#users.values();
  }

  user(account: Account): Room | undefined {
    return this.#users.get(account);
  }

  add(room: Room): void {
    this.#users.set(room.account, room);
  }

  /** Is it somebody's still? */
  remove(room: Room): boolean {
    if (this.#users.get(room.account) === room) this.#users.delete(room.account);
    return this.#users.size > 0;
  }

  /** How many are in it. */
  get size(): number {
    return this.#occupants.size;
  }

  /** Does the room announce this feature (disco#info)? */
  has(feature: string): boolean {
    return this.info?.features.includes(feature) ?? false;
  }

  occupant(nick: string, seesJids: boolean): Occupant | undefined {
    const entry = this.#occupants.get(nick);
    return entry && shown(entry, seesJids);
  }

  *occupants(seesJids: boolean): Generator<Occupant> {
    for (const entry of this.#occupants.values()) yield shown(entry, seesJids);
  }

  /** Someone is there, or has changed: what one account is told. */
  note({ jid, ...occupant }: Occupant): void {
    const known = this.#occupants.get(occupant.nick);
    const realJid = jid ?? known?.jid;
    if (known && known.jid === realJid && isEqual(known.occupant, occupant)) return;
    if (!known && this.#occupants.size >= maxOccupants) return;
    const version = ++this.version;
    this.#occupants.set(occupant.nick, { version, occupant, ...(realJid === undefined ? {} : { jid: realJid }) });
    this.#gone.delete(occupant.nick);
  }

  /** The event that tells of someone: one for all who see the same. */
  event(nick: string, seesJids: boolean): EncodedEvent | undefined {
    const entry = this.#occupants.get(nick);
    if (!entry) return undefined;
    const view = seesJids && entry.jid !== undefined ? 'full' : 'plain';
    entry[view] ??= this.gateway.encode({ type: 'room.occupant', data: shown(entry, seesJids) });
    return entry[view];
  }

  /** Someone has gone: the event that tells it. */
  gone(occupant: Occupant): EncodedEvent {
    this.#occupants.delete(occupant.nick);
    const last = this.#gone.get(occupant.nick);
    if (last && isEqual(last.occupant, occupant)) {
      last.event ??= this.gateway.encode({ type: 'room.occupant', data: last.occupant });
      return last.event;
    }
    const event = this.gateway.encode({ type: 'room.occupant', data: occupant });
    this.#bury(occupant, event);
    return event;
  }

  /** An account has joined and was told of these, and of no others. */
  keepOnly(nicks: ReadonlySet<string>): void {
    for (const [nick, { occupant }] of this.#occupants) {
      if (nicks.has(nick)) continue;
      this.#occupants.delete(nick);
      this.#bury({ ...occupant, type: 'unavailable', role: 'none' });
    }
  }

  /** What has changed since a version: for an account that missed it. */
  *since(version: number, seesJids: boolean): Generator<Occupant> {
    for (const entry of this.#occupants.values()) if (entry.version > version) yield shown(entry, seesJids);
    for (const entry of this.#gone.values()) if (entry.version > version) yield entry.occupant;
  }

  #bury(occupant: Occupant, event?: EncodedEvent): void {
    this.#gone.delete(occupant.nick);
    this.#gone.set(occupant.nick, { version: ++this.version, occupant, ...(event ? { event } : {}) });
    if (this.#gone.size > maxGone) for (const oldest of this.#gone.keys().take(1)) this.#gone.delete(oldest);
  }
}

function shown({ occupant, jid }: Entry, seesJids: boolean): Occupant {
  return seesJids && jid !== undefined ? { ...occupant, jid } : occupant;
}

function isEqual(one: Occupant, other: Occupant): boolean {
  return (
    one.type === other.type &&
    one.affiliation === other.affiliation &&
    one.role === other.role &&
    one.show === other.show &&
    one.status === other.status &&
    one.occupantId === other.occupantId &&
    one.newNick === other.newNick &&
    one.reason === other.reason &&
    one.jid === other.jid &&
    one.actor?.nick === other.actor?.nick &&
    String(one.statusCodes) === String(other.statusCodes)
  );
}

const all = slot(() => new Map<string, SharedRoom>());

/** The room as the gateway's accounts share it; made for its first user. */
export function sharedRoom(gateway: Gateway, jid: string): SharedRoom {
  const rooms = gateway.slot(all);
  const known = rooms.get(jid);
  if (known) return known;
  const room = new SharedRoom(gateway, jid);
  rooms.set(jid, room);
  return room;
}

/** The room, if it is one of the gateway's accounts. */
export function knownRoom(gateway: Gateway, jid: string): SharedRoom | undefined {
  return gateway.slot(all).get(jid);
}

/** A room that nobody uses is forgotten. */
export function release(room: Room): void {
  const { shared, account } = room;
  if (!shared.remove(room)) account.gateway.slot(all).delete(shared.jid);
}
