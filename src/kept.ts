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

/** A browser that wants to be woken (RFC 8030), by an id made of its address. */
export interface StoredPush {
  readonly id: string;
  readonly endpoint: string;
  /** RFC 8291, in base64url. */
  readonly p256dh: string;
  readonly auth: string;
  /** When it ends, where the browser says so, and when it was last subscribed; epoch ms. */
  readonly expires?: number;
  readonly at: number;
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

/** What is kept of an account beside its contacts, rooms and conversations. */
export interface AccountThings {
  /** To whom it showed itself though they are not subscribed (RFC 6121 §4.6), and has to say goodbye. */
  readonly directed: Kept<string>;
  /** Whom it has blocked: what comes from there, and what would go there, is stopped before extensions see it. */
  readonly blocked: Blocked;
  /** Small things that extensions keep of it, by name. */
  readonly notes: Kept<Note>;
  /** The nodes it has subscribed to (XEP-0060). */
  readonly subscriptions: Kept<StoredSubscription>;
  /** Its bookmarked rooms (XEP-0402). */
  readonly bookmarks: Kept<StoredBookmark>;
  /** Invitations that wait for an answer. */
  readonly invites: Kept<StoredInvite>;
  /** Its browsers that want to be woken (RFC 8030). */
  readonly pushes: Kept<StoredPush>;
  /** What is kept of it that is too large, or too seldom needed, to be in memory. */
  readonly records: Records;
}
