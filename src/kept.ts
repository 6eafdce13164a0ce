/** What is kept of an account, as extensions see it. */
import type { Jid } from './xmpp/jid.ts';

/** Something that the store keeps of an account, item by item. */
export interface Kept<T> {
  readonly size: number;
  get(key: string): T | undefined;
  values(): Iterable<T>;
  /** Adds or replaces; takes effect at once, is taken back if it cannot be stored; resolves when it is. */
  save(item: T): Promise<void>;
  /** Removing what is not there does nothing. */
  remove(key: string): Promise<void>;
}

/** XEP-0191: blocked addresses, prepared: full and bare JIDs, domains. */
export interface Blocked {
  readonly size: number;
  values(): Iterable<string>;
  /** Is it blocked itself, with its bare JID, or with its domain? Never the account itself. */
  has(jid: Jid): boolean;
  /** Blocks or unblocks; takes effect at once, is taken back if it cannot be stored; resolves when it is. */
  save(jids: readonly string[], blocked: boolean): Promise<void>;
}

/** Plain JSON under a name that its extension owns. */
export interface Note {
  readonly name: string;
  readonly value: unknown;
}

export interface StoredSubscription {
  readonly service: string;
  readonly node: string;
  /** Where the service gives one, which the end of the subscription has to name. */
  readonly subId?: string;
}

/** Plain JSON by kind and key, in the store. */
export interface Records {
  all(kind: string): Promise<ReadonlyMap<string, unknown>>;
  save(kind: string, key: string, value: unknown): Promise<void>;
  remove(kind: string, key: string): Promise<void>;
}

export interface StoredBookmark {
  readonly room: string;
  readonly name?: string;
  readonly nick?: string;
  readonly autojoin: boolean;
}

export interface StoredInvite {
  readonly room: string;
  /** Who invites, as far as that is told. */
  readonly from?: string;
  readonly reason?: string;
  readonly password?: string;
  readonly thread?: string;
  /** XEP-0249: not by way of the room. */
  readonly direct: boolean;
  /** When it came, epoch ms. */
  readonly time: number;
}
