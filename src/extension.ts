/**
 * The contract that every extension is written against, ours and a third party's alike. An extension is one XEP (or one
 * part of an RFC): both directions of translation, its requests, its IQ handlers, its hooks, its disco features.
 * The views declared here (Session, Account, Gateway) are what an extension may see; core implements them.
 */
import type { ErrorObject } from './protocol/errors.ts';
import type { Connect, Event, EventData, Ready, RequestData, RequestResult, RequestType } from './protocol/frames.ts';
import type { Message, OwnPresence, Presence } from './protocol/objects.ts';
import type { Archive, Item, ItemType, NewItem } from './store/archive.ts';
import type { RosterItem } from './store/store.ts';
import type { Jid } from './xmpp/jid.ts';
import type { Element } from './xmpp/stanza.ts';

export type { Archive, Chat as StoredChat, HistoryQuery, Item, NewItem } from './store/archive.ts';
export type { RosterItem } from './store/store.ts';
export type { ErrorObject };

/** The document an extension implements, for the table of supported specifications. */
export interface Spec {
  readonly name: string;
  readonly url: string;
  /** The version implemented, where the document has versions. */
  readonly version?: string;
}

export function xep(number: string, version: string): Spec {
  return { name: `XEP-${number}`, url: `https://xmpp.org/extensions/xep-${number}.html`, version };
}

export function rfc(number: number, section?: string): Spec {
  const anchor = section === undefined ? '' : `#section-${section}`;
  return { name: `RFC ${number}`, url: `https://www.rfc-editor.org/rfc/rfc${number}${anchor}` };
}

/** One JSON property and the XML it stands for, both directions. Made with the combinators of fields.ts. */
export interface Field<T> {
  /** The child elements it reads, as `elementKey(name, xmlns)`; what no field reads is `extra`. */
  readonly elements: readonly string[];
  /** It reads all of them; other fields read the first one. */
  readonly many?: boolean;
  /** A stanza with this field and nothing else is a message to show, not a mere signal. */
  readonly content?: boolean;
  /** The value in a stanza; undefined where it is absent or makes no sense. Never throws. */
  read(stanza: Element): T | undefined;
  /** Adds it to a stanza that is being built. */
  write(stanza: Element, value: T): void;
}

export type Fields<O> = { readonly [K in keyof O]?: Field<Exclude<O[K], undefined>> };

/** Who of the virtual server a query was sent to: the domain, an account's bare JID, its one resource. */
export type Place = 'domain' | 'account' | 'client';

/** An incoming IQ get or set, addressed to one of ours. */
export interface Query {
  readonly gateway: Gateway;
  readonly place: Place;
  /** The account asked; absent where `place` is the domain. */
  readonly account?: Account;
  readonly from: Jid;
  readonly payload: Element;
}

export interface IqHandler {
  readonly type: 'get' | 'set';
  readonly name: string;
  readonly xmlns: string;
  readonly places: readonly Place[];
  /** Answers anyone; others ask an account in vain unless they may learn of it (XEP-0030 §8, RFC 6121 §8.5.3.1). */
  readonly open?: boolean;
  /** The payload of the result, nothing for an empty one. @throws StanzaError for an error answer */
  handle(query: Query): Element | undefined | Promise<Element | undefined>;
}

/** What a stanza says that happened to a message, as an extension reads it; ids are those of the XMPP side. */
export interface Happening {
  /** The message acted on, by its id attribute or origin-id. */
  readonly target: string;
  /** Whose message it must be: the sender's own, the account's, or (absent) anybody's. Others are ignored. */
  readonly of?: 'sender' | 'account';
  /** The event's data beside `chat`, `from`, `time` and ids. */
  readonly data?: Record<string, unknown>;
}

/** An action on a message (PROTOCOL.md §11): recognised in incoming stanzas, archived, pushed. */
export interface Action {
  readonly type: Exclude<ItemType, 'message' | 'message.failed'>;
  /** Looked for only in a stanza that has something to show (an edit), or has nothing to show (receipts); absent: in any. */
  readonly content?: boolean;
  read(stanza: Element): Happening | undefined;
}

/** What the sender of a message asked to be told of it. */
export type Asked = { -readonly [K in 'receipt' | 'markable']?: NewItem[K] };

/** A presence stanza to an account, its sender prepared; without a type it is `available`. */
export interface PresenceIn {
  readonly type: string;
  readonly from: Jid;
  readonly stanza: Element;
}

/** The closed list of moments an extension can hook; run in the order of the extension list. */
export interface Hooks {
  /** A message has come in; it is stored, its event is pushed. */
  messageIn(account: Account, message: Message, stanza: Element): void;
  /** Adds to what is archived of a message that came in, before it is. */
  archiveIn(account: Account, item: Asked, stanza: Element, from: Jid): void;
  /** Something was archived; its event is pushed. */
  archived(account: Account, item: Item): void;
  /** Sessions of the account have processed these items of its archive: some tick's worth of them. */
  processed(account: Account, archiveIds: readonly string[]): void | Promise<void>;
  /** A message is about to go out: add to the stanza. */
  messageOut(account: Account, stanza: Element): void;
  presenceIn(account: Account, presence: PresenceIn): void | Promise<void>;
  /** Availability is about to go out: add to the stanza. */
  presenceOut(account: Account, stanza: Element): void;
  accountOpen(account: Account): void;
  accountClose(account: Account): void;
  /** A session has been made; its `ready` has been written. */
  sessionOpen(session: Session): void;
  sessionClose(session: Session): void;
  linkUp(gateway: Gateway): void;
  linkDown(gateway: Gateway): void;
}

export type RequestHandlers = {
  readonly [T in RequestType]?: (
    session: Session,
    data: RequestData<T>,
  ) => RequestResult<T> | Promise<RequestResult<T>>;
};

export type Want = NonNullable<Connect['want']>[number];

export interface Extension {
  readonly spec: Spec;
  /** What disco#info announces (XEP-0030), by place. */
  readonly features?: { readonly [P in Place]?: readonly string[] };
  /** Nodes at which disco#info of `/web` answers what it answers without one (XEP-0115 §6.2). */
  readonly nodes?: (gateway: Gateway) => readonly string[];
  readonly message?: Fields<Message>;
  readonly presence?: Fields<Presence>;
  readonly typing?: Fields<EventData<'typing'>>;
  readonly actions?: readonly Action[];
  readonly requests?: RequestHandlers;
  readonly iq?: readonly IqHandler[];
  readonly hooks?: Partial<Hooks>;
  /** Snapshots for `ready`, by what `connect.want` names. */
  readonly snapshots?: { readonly [W in Want]?: (account: Account) => Partial<Ready> | Promise<Partial<Ready>> };
}

/** Checks the shape of an extension at compile time; returns it as it is. */
export function extension(definition: Extension): Extension {
  return definition;
}

/** Names what an extension remembers of each account while that is in memory. Made with `slot`. */
export interface Slot<T> {
  readonly make: () => T;
}

export function slot<T>(make: () => T): Slot<T> {
  return { make };
}

/** One web client of an account. */
export interface Session {
  readonly id: string;
  readonly account: Account;
  readonly gateway: Gateway;
  /** What its token grants. */
  readonly scopes: ReadonlySet<string>;
  readonly wants: ReadonlySet<Want>;
  /** Its own availability; false = invisible. Set it, then tell the contacts. */
  presence: OwnPresence | false;
  /** When `presence` was set, for ties. */
  presenceAt: number;
  /** An event to this session only. */
  push(event: Event): void;
}

/** What a push does beside telling every session. */
export interface PushOptions {
  /** The session that caused it and need not be told. */
  readonly except?: Session;
  /** The stanza it was made from, for sessions that asked for `raw`. */
  readonly stanza?: Element;
}

/** One bare JID of the gateway's domain; XMPP sees it as one resource. */
export interface Account {
  readonly gateway: Gateway;
  readonly jid: Jid;
  /** The full JID that its stanzas come from. */
  readonly client: Jid;
  readonly sessions: ReadonlySet<Session>;
  readonly roster: Roster;
  /** What is kept of its conversations; calls take its bare JID. */
  readonly archive: Archive;
  /** The best of its sessions' presences; undefined = unavailable. */
  readonly presence: OwnPresence | undefined;
  /** What its contacts were told last. */
  announced: OwnPresence | undefined;
  /** To whom it showed itself though they are not subscribed (RFC 6121 §4.6), and has to say goodbye. */
  readonly directed: Set<string>;
  /** What an extension remembers of it; made at first use, forgotten with the account's last use. */
  slot<T>(slot: Slot<T>): T;
  /** The link dropped a presence of this account: some contacts do not know its present state. */
  owesPresence: boolean;
  /** Tells every session; the JSON is made once. */
  push(event: Event, options?: PushOptions): void;
  /** Runs behind what is being archived, so that an event does not overtake a message that came before it. */
  inOrder(run: () => void): void;
  /** Archives an item and tells the sessions of it, in the archive's order. @throws StanzaError resource-constraint */
  record(item: NewItem, options?: PushOptions): Promise<void>;
  /** A session has processed this item of the archive. */
  processed(archiveId: string): void;
  /** May this bare JID learn of the account: subscribed to it, shown to it, or written to by it (RFC 6121 §8.5.3.1)? */
  mayLearn(bare: string): boolean;
  /** Does it look online to this bare JID? The invisible do only to those they showed themselves to. */
  isVisibleTo(bare: string): boolean;
  /** Sends a content message and keeps it until its fate is known: PROTOCOL.md §6. */
  deliver(session: Session, draft: Draft): Promise<RequestResult<'message.send'>>;
}

/** A message on its way out. Its stanza has everything but `from`. */
export interface Draft {
  /** The client's id, or ours where it gave none; becomes stanza id and origin-id. */
  readonly id: string;
  readonly to: Jid;
  readonly type: Message['type'];
  readonly stanza: Element;
}

/** An account's contacts and subscriptions, kept in the store. */
export interface Roster {
  readonly size: number;
  get(bare: string): RosterItem | undefined;
  values(): Iterable<RosterItem>;
  /** Takes effect at once, is taken back if it cannot be stored; resolves when it is. */
  save(item: RosterItem): Promise<void>;
  remove(bare: string): Promise<void>;
}

/** The whole of it, as far as an extension needs to see. */
export interface Gateway {
  readonly domain: string;
  /** The XMPP server's own domain. */
  readonly server: string;
  readonly version: string;
  readonly link: 'up' | 'down';
  readonly limits: {
    /** Items of a page. */
    readonly historyMax: number;
    /** Bytes that may wait for one socket. */
    readonly outbound: number;
  };
  /** Accounts that are in memory: those with sessions, and those lately used. */
  readonly accounts: Iterable<Account>;
  readonly extensions: readonly Extension[];
  /** Reads a stanza's fields and writes an object's. */
  readonly translate: {
    readMessage(stanza: Element): Partial<Message>;
    writeMessage(stanza: Element, message: Partial<Message>): void;
    writeTyping(stanza: Element, typing: Partial<EventData<'typing'>>): void;
    readPresence(stanza: Element): Partial<Presence>;
    writePresence(stanza: Element, presence: Partial<Presence>): void;
  };
  /** Queues a stanza towards its `to`, ours or the link's; false where it was dropped because the link is down. */
  send(stanza: Element): boolean;
  /**
   * The same for what must not be lost with the link: it waits while that is down, up to `deadline` (epoch ms), and is
   * sent again where it is not known to have arrived.
   */
  deliver(stanza: Element, deadline: number): { readonly done: Promise<void> };
  /**
   * Sends what can wait, all accounts together at most `xmpp.pace` stanzas a second. One run per account, the latest; it
   * ends when the link is lost.
   */
  pace(account: Account, stanzas: Iterator<Element>): void;
  /** Sends an IQ get or set and waits for its answer. @throws StanzaError */
  request(iq: Element): Promise<Element>;
  /** Runs it in the next turn of the event loop; what it throws is logged. */
  soon(run: () => void): void;
  /** Runs every extension's hook of that name. */
  run<H extends keyof Hooks>(hook: H, ...args: Parameters<Hooks[H]>): void;
}
