/**
 * The contract that every extension is written against, ours and a third party's alike. An extension is one XEP (or one
 * part of an RFC): both directions of translation, its requests, its IQ handlers, its hooks, its disco features.
 * What an extension may see of the core are the views of views.ts (Session, Account, Gateway).
 */
import Type, { type Static, type TObject, type TSchema } from 'typebox';
import type { ErrorObject } from './protocol/errors.ts';
import type { Connect, EventData, Ready, RequestData, RequestResult, RequestType } from './protocol/frames.ts';
import type { Message, Presence } from './protocol/objects.ts';
import type { Item, ItemType, NewItem } from './store/archive.ts';
import type { Account, AnyEvent, ChatService, Gateway, OwnName, Session, Slot } from './views.ts';
import type { Jid } from './xmpp/jid.ts';
import type { Element } from './xmpp/stanza.ts';

export { attribute, childAttribute, childEnum, childText, custom } from './fields.ts';
export type * from './kept.ts';
export { badRequest, StanzaError } from './protocol/errors.ts';
export type { Archive, Chat as StoredChat, HistoryQuery, Item, NewItem, StoredMessage } from './store/archive.ts';
export type { RoomMembership, RosterItem } from './store/store.ts';
export type * from './transfer.ts';
export type * from './views.ts';
export { type Jid, tryParse as parseJid } from './xmpp/jid.ts';
export {
  append,
  childText as textOfChild,
  type Element,
  el,
  elements,
  find,
  nameOf,
  namespaceOf,
  textOf,
} from './xmpp/stanza.ts';
export type { ErrorObject };
export { Type };

/** The document an extension implements, for the table of supported specifications. */
export interface Spec {
  readonly name: string;
  readonly url: string;
  /** Where the file's header does not say it. */
  readonly title?: string;
  /** The version implemented, where the document has versions. */
  readonly version?: string;
}

/** Its title is in the header of the file. */
export function xep(number: string, version: string): Spec {
  return { name: `XEP-${number}`, url: `https://xmpp.org/extensions/xep-${number}.html`, version };
}

/** For `also`: a document that has no file of its own. */
export function part(number: string, title: string): Spec {
  return { name: `XEP-${number}`, url: `https://xmpp.org/extensions/xep-${number}.html`, title };
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
  read(stanza: Element, nested?: Nested): T | undefined;
  /** Adds it to a stanza that is being built; what fields of extensions before this one wrote is there. */
  write(stanza: Element, value: T, nested?: Nested): void;
  /** The elements that `read` has made its value of, and nothing of which is lost; where it is not simply all or the first. */
  used?(stanza: Element, nested?: Nested): readonly Element[];
}

/** Messages inside of a message (XEP-0297), for the fields that hold some; absent inside of those. */
export interface Nested {
  read(message: Element): Partial<Message>;
  write(message: Element, value: Partial<Message>): void;
  /** Has every child of it a field? */
  isWhole(message: Element): boolean;
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
  /**
   * Answers anyone, for the accounts that it says yes to; others ask an account in vain unless they may learn of it
   * (XEP-0030 §8, RFC 6121 §8.5.3.1).
   */
  readonly open?: boolean | ((account: Account) => boolean);
  /** A client is asked in vain while no session is open; this one answers then too, whom the account is visible to. */
  readonly away?: boolean;
  /** The payload of the result, nothing for an empty one. @throws StanzaError for an error answer */
  handle(query: Query): Element | undefined | Promise<Element | undefined>;
}

/** What a stanza says that happened to a message, as an extension reads it; ids are those of the XMPP side. */
export interface Happening {
  /** The message acted on, by its id attribute or origin-id. */
  readonly target: string;
  /**
   * Whose message it must be: the sender's own, the account's, or (absent) anybody's; `room` = only a room itself may say so,
   * of any message in it. Others are ignored.
   */
  readonly of?: 'sender' | 'account' | 'room';
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
  /** The account ends for good, its sessions have: says so to whom it concerns. What is stored of it goes afterwards. */
  accountRemove(account: Account): void | Promise<void>;
  /** After a restart: it was online before, and no session has come back for it in time. */
  deserted(account: Account): void;
  /** The account's availability has changed, or may have: what was told to contacts is told now to others. */
  availability(account: Account): void;
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

/** A field of a third party, with the schema of its values. */
export interface OwnField<T = unknown> extends Field<T> {
  readonly schema: TSchema;
}

/** A request of a third party, with the schema of its data. Made with `request`. */
export interface OwnRequest {
  readonly data: TSchema;
  readonly result?: TSchema;
  /** What the token must grant. */
  readonly scope?: string;
  /** The data of `ok`, nothing for an empty one. @throws StanzaError */
  handle(session: Session, data: never): unknown;
}

/** An event of a third party, with the schema of its data: kept for clients that come back, or not. */
export interface OwnEvent {
  readonly data: TSchema;
  readonly class: 'numbered' | 'ephemeral';
}

// Of any type: each is checked by its own schema.
export type OwnFields = { readonly [name: OwnName]: OwnField };
export type OwnRequests = { readonly [type: OwnName]: OwnRequest };

export type Want = NonNullable<Connect['want']>[number];

/** What the operator may keep accounts and the domain from answering (`accounts.answers`). */
export type Answer = 'lastActivity' | 'time' | 'version' | 'ping';

export interface Extension {
  readonly spec: Spec;
  /** Documents that it implements along with that one. */
  readonly also?: readonly Spec[];
  /** It is there only where `accounts.answers` names it. */
  readonly answers?: Answer;
  /** What disco#info announces (XEP-0030), by place. */
  readonly features?: { readonly [P in Place]?: readonly string[] };
  /** Nodes at which disco#info of `/web` answers what it answers without one (XEP-0115 §6.2). */
  readonly nodes?: (gateway: Gateway) => readonly string[];
  /** A third party's are called `x-…`; in requests they are checked by their own schema. */
  readonly message?: Fields<Message> & OwnFields;
  readonly presence?: Fields<Presence> & OwnFields;
  readonly typing?: Fields<EventData<'typing'>>;
  readonly actions?: readonly Action[];
  readonly requests?: RequestHandlers & OwnRequests;
  /** Events of a third party. */
  readonly events?: { readonly [type: OwnName]: OwnEvent };
  readonly iq?: readonly IqHandler[];
  /** Answers a query to an account that no `iq` is for; undefined = it will not. */
  readonly otherQuery?: (query: Query, type: 'get' | 'set') => Promise<Element | undefined> | undefined;
  readonly hooks?: Partial<Hooks>;
  /**
   * Takes an incoming message or presence of an account (also of type error) before RFC 6121's way: nothing else sees it
   * then. Asked in the order of the list. A promise = taken, and settled when it is handled; what it rejects with, or what is
   * thrown, is answered as an error to anything but an error.
   */
  readonly takes?: (account: Account, stanza: Element, from: Jid) => boolean | Promise<unknown>;
  /** The event that a message with nothing to show is, where it is one; sessions with `raw` see any other as `stanza`. */
  readonly notices?: (account: Account, stanza: Element, from: Jid) => AnyEvent | undefined;
  /** Serves a conversation that is no ordinary one (a room, someone in a room): instead of RFC 6121's way. */
  readonly serves?: (account: Account, to: Jid) => ChatService | undefined;
  /** Addresses of the server's services, as far as they are known. */
  readonly services?: (gateway: Gateway) => NonNullable<Ready['services']>;
  /** Snapshots for `ready`, by what `connect.want` names. */
  readonly snapshots?: { readonly [W in Want]?: (account: Account) => Partial<Ready> | Promise<Partial<Ready>> };
}

/** Checks the shape of an extension at compile time; returns it as it is. */
export function extension(definition: Extension): Extension {
  return definition;
}

/** A third party's request, its handler typed by its schemas. */
export function request<D extends TObject, R extends TSchema>(definition: {
  readonly data: D;
  readonly result?: R;
  readonly scope?: string;
  handle(session: Session, data: Static<D>): Static<R> | undefined | Promise<Static<R> | undefined>;
}): OwnRequest {
  return definition;
}

export function slot<T>(make: () => T): Slot<T> {
  return { make };
}
