/** What the store keeps of one account beside its conversations, as it is when the account is opened. */
import type { Note, StoredBookmark, StoredInvite, StoredPush, StoredSubscription } from '../extension.ts';
import type { RoomMembership, RosterItem, Store } from '../store/store.ts';
import { Blocked } from './blocked.ts';
import { Kept, RecordKeeper } from './kept.ts';
import { PushKeeper, pushesIn } from './pushes.ts';

/** The kinds of records (store/store.ts). */
export const kinds = {
  bookmark: 'bookmark',
  invite: 'invite',
  directed: 'directed',
  peer: 'peer',
  online: 'online',
  note: 'note',
  subscription: 'subscription',
  disabled: 'disabled',
} as const;

export interface Possessions {
  readonly roster: Kept<RosterItem>;
  readonly memberships: Kept<RoomMembership>;
  readonly bookmarks: Kept<StoredBookmark>;
  readonly invites: Kept<StoredInvite>;
  readonly directed: Kept<string>;
  readonly peers: Kept<string>;
  readonly online: Kept<string>;
  readonly blocked: Blocked;
  readonly notes: Kept<Note>;
  readonly subscriptions: Kept<StoredSubscription>;
  readonly pushes: Kept<StoredPush>;
  /** At most one. */
  readonly disabled: Kept<Disabled>;
}

/** Nobody may connect as it: since when, epoch ms, and what people are told. */
export interface Disabled {
  readonly at: number;
  readonly reason?: string;
}

const roomOf = <T extends { readonly room: string }>({ room }: T) => room;
const itself = (key: string) => key;
const nameOf = ({ name }: Note) => name;
const nodeOf = ({ service, node }: StoredSubscription) => `${service} ${node}`;

/** Opens the account; undefined where it does not exist and is not to be made. */
export async function open(store: Store, account: string, create: boolean): Promise<Possessions | undefined> {
  // All in one turn of the store.
  const [opened, rooms, blocked, records] = await Promise.all([
    store.openAccount(account, create),
    store.rooms(account),
    store.blocked(account),
    store.allRecords(account),
  ]);
  if (!opened) return undefined;
  const kept = <T>(kind: string, keyOf: (item: T) => string) => {
    const values = records.length === 0 ? records : records.filter((one) => one.kind === kind);
    return new Kept(
      values.map(({ value }) => value as T),
      new RecordKeeper(store, account, kind, keyOf),
    );
  };
  const roster = new Kept(opened.roster, {
    keyOf: ({ jid }) => jid,
    save: (item) => store.saveRosterItem(account, item),
    remove: (jid) => store.removeRosterItem(account, jid),
  });
  const memberships = new Kept(rooms, {
    keyOf: ({ jid }) => jid,
    save: (room) => store.saveRoom(account, room),
    remove: (jid) => store.removeRoom(account, jid),
  });
  return {
    roster,
    memberships,
    bookmarks: kept(kinds.bookmark, roomOf<StoredBookmark>),
    invites: kept(kinds.invite, roomOf<StoredInvite>),
    directed: kept(kinds.directed, itself),
    peers: kept(kinds.peer, itself),
    online: kept(kinds.online, itself),
    blocked: new Blocked(account, blocked, (jids, on) => store.setBlocked(account, jids, on)),
    notes: kept(kinds.note, nameOf),
    subscriptions: kept(kinds.subscription, nodeOf),
    disabled: kept(kinds.disabled, () => ''),
    pushes: new Kept(pushesIn(records), new PushKeeper(store, account)),
  };
}
