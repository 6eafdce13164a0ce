/**
 * What the gateway keeps for its accounts, as one interface with a driver per database. Extensions
 * see it through `extension.ts`.
 */
import { StanzaError } from '../protocol/errors.ts';
import type { StoredAccounts } from './accounts.ts';
import type { Archive } from './archive.ts';

/** One contact of an account (RFC 6121 §2.1.2); the bare JID is its key. Absent fields are false or unknown. */
export interface RosterItem {
  jid: string;
  name?: string;
  groups: string[];
  subscription: 'none' | 'to' | 'from' | 'both';
  /** Our subscription request waits for their answer. */
  ask?: boolean;
  /** Their future request is approved already (RFC 6121 §3.4). */
  approved?: boolean;
  /** Their subscription request waits for our answer. */
  request?: { nick?: string; message?: string };
}

/** A room the account has joined and not left (XEP-0045); its bare JID is its key. */
export interface RoomMembership {
  jid: string;
  nick: string;
  password?: string;
}

/** A small thing that is kept of an account; the value is plain JSON. */
export interface StoredRecord {
  kind: string;
  key: string;
  value: unknown;
}

/** An account as it was opened; `created` = it did not exist before. The roster is in no particular order. */
export interface OpenedAccount {
  created: boolean;
  roster: RosterItem[];
}

/**
 * Calls take effect in the order in which they were made. A promise resolves once its change is committed, and rejects
 * with StanzaError `resource-constraint` (retryable) when nothing of it was: disk full, file locked, store closed. JIDs
 * come in bare and prepared; the store compares them as text. What goes in and out is copied, never shared.
 */
export interface Store {
  /** The conversations. */
  readonly archive: Archive;
  /** All accounts, for operators. */
  readonly accounts: StoredAccounts;
  /** The account and its roster; undefined when it does not exist and `create` is false. */
  openAccount(jid: string, create: boolean): Promise<OpenedAccount | undefined>;
  /** Adds or replaces a whole item. An account that does not exist: StanzaError `item-not-found`. */
  saveRosterItem(account: string, item: RosterItem): Promise<void>;
  /** Removing what is not there does nothing. */
  removeRosterItem(account: string, jid: string): Promise<void>;
  /** The JIDs the account has blocked (XEP-0191), sorted. */
  blocked(account: string): Promise<string[]>;
  /** Blocks or unblocks; what is so already stays so. An account that does not exist: StanzaError `item-not-found`. */
  setBlocked(account: string, jids: readonly string[], blocked: boolean): Promise<void>;
  /** The account's rooms, sorted by JID. */
  rooms(account: string): Promise<RoomMembership[]>;
  /** Adds or replaces. An account that does not exist: StanzaError `item-not-found`. */
  saveRoom(account: string, room: RoomMembership): Promise<void>;
  /** Removing what is not there does nothing. */
  removeRoom(account: string, jid: string): Promise<void>;
  /** What is kept of the account under that kind: values (plain JSON) by key, in the order in which they were first saved. */
  records(account: string, kind: string): Promise<Map<string, unknown>>;
  /** Those of all kinds, in the same order. */
  allRecords(account: string): Promise<StoredRecord[]>;
  /** Adds or replaces. An account that does not exist: StanzaError `item-not-found`. */
  saveRecord(account: string, kind: string, key: string, value: unknown): Promise<void>;
  /** Removing what is not there does nothing. */
  removeRecord(account: string, kind: string, key: string): Promise<void>;
  /** The accounts that have records of that kind, sorted. */
  accountsWith(kind: string): Promise<string[]>;
  /** 32 random bytes, made at the first call with this name and kept for ever. */
  key(name: string): Promise<Uint8Array>;
  /** Ends after the calls made before it; later calls are refused. Closing twice does nothing. */
  close(): Promise<void>;
}

/** What saving something for an account that does not exist is answered with. */
export function noAccount(): StanzaError {
  return new StanzaError('item-not-found', 'There is no such account');
}

/** What a call is answered with that the store cannot carry out now. */
export function storeUnavailable(cause?: unknown): StanzaError {
  const error = new StanzaError('resource-constraint', 'The store cannot be used at the moment', { retry: true });
  error.cause = cause;
  return error;
}
