/**
 * A room of one account (XEP-0045): whether it is in it, as whom, and what it is told. What is the same for everybody is in
 * SharedRoom.
 */
import type { Account, Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { OwnPresence } from '../../protocol/objects.ts';
import type { Occupant, Room as RoomObject } from '../../protocol/rooms.ts';
import { bookmarksOf } from './bookmarks.ts';
import { describeInfo } from './info.ts';
import type { Position } from './position.ts';
import { type SharedRoom, sharedRoom } from './shared-room.ts';

/** `away`: a room that was joined and not left, but the account is not in it now. */
export type RoomState = 'away' | 'joining' | 'joined' | 'leaving';

/** What became of a join. */
export interface Entered {
  /** There was no such room before (status 201). */
  readonly created: boolean;
}

interface Attempt {
  readonly done: PromiseWithResolvers<Entered>;
  /** Nicks the room told of since it began. */
  readonly seen: Set<string>;
}

export class Room {
  readonly account: Account;
  readonly shared: SharedRoom;
  /** The own name in it: as asked for, then as the room says. */
  nick: string;
  password: string | undefined;
  state: RoomState = 'away';
  /** The account itself in it, while joined: with `self` and the status codes of the join. */
  self: Occupant | undefined;
  /** Does the room tell this account who is who? */
  seesJids = false;
  /** How far the account is in it; see position.ts. */
  position: Position | undefined;
  /** When something came from it last, epoch ms. */
  heardAt = 0;
  /** The status it was shown last. */
  shownPresence: OwnPresence | undefined;
  /** What the sessions believe. */
  shownJoined = false;
  /** The version of the occupants when the account was in it last. */
  told = 0;
  /** Unattended attempts that failed, in a row. */
  failures = 0;
  /** Unattended attempts with a nick that somebody had, in a row. */
  conflicts = 0;
  retry: NodeJS.Timeout | undefined;
  /** A self-ping is under way (XEP-0410). */
  doubted = false;
  /** A change of nick that waits for its answer. */
  renaming: { readonly nick: string; readonly done: PromiseWithResolvers<string> } | undefined;
  /** Ends when the own unavailable presence comes. */
  leaving: PromiseWithResolvers<void> | undefined;
  /** It is being left; ends when it is forgotten. */
  ending: Promise<void> | undefined;
  #attempt: Attempt | undefined;

  constructor(account: Account, jid: string, nick: string, password?: string) {
    this.account = account;
    this.shared = sharedRoom(account.gateway, jid);
    this.shared.add(this);
    this.nick = nick;
    this.password = password;
  }

  get jid(): string {
    return this.shared.jid;
  }

  /** The own address in it. */
  get occupantJid(): string {
    return `${this.jid}/${this.nick}`;
  }

  /** Resolves when the account is in it; rejects as the join under way does, or where none is under way. */
  async whenJoined(): Promise<Entered> {
    if (this.state === 'joined') return { created: false };
    if (this.#attempt) return this.#attempt.done.promise;
    throw notJoined(this.jid);
  }

  /** A join begins: from now on what comes from the room is its answer. */
  begin(): Promise<Entered> {
    const done = Promise.withResolvers<Entered>();
    done.promise.catch(() => undefined);
    this.#attempt = { done, seen: new Set() };
    this.state = 'joining';
    return done.promise;
  }

  /** While it joins: the room has told of someone. */
  saw(nick: string): void {
    this.#attempt?.seen.add(nick);
  }

  /** The own presence has come (status 110), after those of all others. */
  enter(self: Occupant): void {
    this.state = 'joined';
    this.self = self;
    this.nick = self.nick;
    this.failures = 0;
    this.conflicts = 0;
    if (this.#attempt) this.shared.keepOnly(this.#attempt.seen);
    this.#attempt?.done.resolve({ created: self.statusCodes.includes(201) });
    this.#attempt = undefined;
  }

  /** The join has failed, or is given up. */
  fail(error: StanzaError): void {
    this.state = 'away';
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.done.reject(error);
  }

  /** The account is in it no more. What waits for an answer from there fails. */
  out(error: StanzaError): void {
    if (this.state === 'joined') this.told = this.shared.version;
    this.fail(error);
    this.self = undefined;
    this.renaming?.done.reject(error);
    this.renaming = undefined;
    this.leaving?.resolve();
    this.leaving = undefined;
  }

  occupants(): Iterable<Occupant> {
    return this.shared.occupants(this.seesJids);
  }

  occupant(nick: string): Occupant | undefined {
    return nick === this.nick && this.self ? this.self : this.shared.occupant(nick, this.seesJids);
  }

  /** The object of PROTOCOL.md §9. */
  toObject(): RoomObject {
    const { shared, self } = this;
    const joined = this.state === 'joined';
    const bookmark = bookmarksOf(this.account).get(this.jid);
    return {
      room: this.jid,
      ...describeInfo(shared.info),
      nick: this.nick,
      joined,
      ...(shared.subject === undefined ? {} : { subject: shared.subject }),
      ...(shared.subjectBy === undefined ? {} : { subjectBy: shared.subjectBy }),
      ...(self ? { affiliation: self.affiliation, role: self.role } : {}),
      ...(joined ? { occupants: shared.size } : {}),
      ...(bookmark ? { bookmark } : {}),
    };
  }

  /** Tells the sessions how it is now, but for one. */
  push(except?: Session): void {
    this.shownJoined = this.state === 'joined';
    const data = this.toObject();
    this.account.inOrder(() => this.account.push({ type: 'room', data }, except ? { except } : {}));
  }
}

/** What is asked of a room in which the account is not. */
export function notJoined(jid: string): StanzaError {
  return new StanzaError('not-acceptable', 'The account is not in this room', { field: 'room', by: jid });
}
