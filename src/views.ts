/**
 * What extensions see of the core: Session, Account, Gateway and what belongs to them. Core implements these views;
 * extensions get them from extension.ts.
 */
import type { Action, Extension, Happening, Hooks, Want } from './extension.ts';
import type { AccountThings, Kept, StoredPush } from './kept.ts';
import type { Mention } from './notices.ts';
import type { StanzaError } from './protocol/errors.ts';
import type { Event, EventData, RequestData, RequestResult } from './protocol/frames.ts';
import type { Chat, Message, OwnPresence, Presence } from './protocol/objects.ts';
import type { Archive, NewItem, Chat as StoredChat } from './store/archive.ts';
import type { RoomMembership, RosterItem } from './store/store.ts';
import type { PublicFiles, PutFile, UploadSettings } from './transfer.ts';
import type { Jid } from './xmpp/jid.ts';
import type { Element } from './xmpp/stanza.ts';

/** Names what an extension remembers of each account, or of the gateway, while that is in memory. Made with `slot`. */
export interface Slot<T> {
  readonly make: () => T;
}

/** What belongs to operators and third parties begins so (PROTOCOL.md §2). */
export type OwnName = `x-${string}`;

/** An event: of the protocol, or one that a third party's extension declares. */
export type AnyEvent = Event | { readonly type: OwnName; readonly data: Record<string, unknown> };

/** One web client of an account. */
export interface Session {
  readonly id: string;
  readonly account: Account;
  readonly gateway: Gateway;
  /** What its token grants. */
  readonly scopes: ReadonlySet<string>;
  readonly wants: ReadonlySet<Want>;
  /** Namespaces of queries that it answers itself. */
  readonly claims: ReadonlySet<string>;
  /** Its own availability; false = invisible. Set it, then tell the contacts. */
  presence: OwnPresence | false;
  /** When `presence` was set, for ties. */
  presenceAt: number;
  /** Does its client take part in binary frames (PROTOCOL.md §8)? */
  readonly binary: boolean;
  /** The largest frame that it may send, bytes. */
  readonly frameBytes: number;
  /** An event to this session only. */
  push(event: AnyEvent): void;
  /** Its client's binary frames of that kind and of the stream's number, which is answered, go to `take`. */
  openStream(kind: number, take: (index: number, bytes: Uint8Array) => void): number;
  closeStream(stream: number): void;
}

/** What a push does beside telling every session. */
export interface PushOptions {
  /** The session that caused it and need not be told. */
  readonly except?: Session;
  /** The stanza it was made from, for sessions that asked for `raw`. */
  readonly stanza?: Element;
}

/** One bare JID of the gateway's domain; XMPP sees it as one resource. */
export interface Account extends AccountThings {
  readonly gateway: Gateway;
  readonly jid: Jid;
  /** The full JID that its stanzas come from. */
  readonly client: Jid;
  readonly sessions: ReadonlySet<Session>;
  /** Its contacts and subscriptions, by their bare JIDs. */
  readonly roster: Kept<RosterItem>;
  /** What is kept of its conversations; calls take its bare JID. */
  readonly archive: Archive;
  /** The best of its sessions' presences; undefined = unavailable. */
  readonly presence: OwnPresence | undefined;
  /** What its contacts were told last. */
  announced: OwnPresence | undefined;
  /** Adds or replaces one; no other account has that browser any more. */
  subscribePush(push: StoredPush): Promise<void>;
  /** What an extension remembers of it; made at first use, forgotten with the account's last use. */
  slot<T>(slot: Slot<T>): T;
  /** The link dropped a presence of this account: some contacts do not know its present state. */
  owesPresence: boolean;
  /** XEP-0045: the rooms it has joined and not left, whether it is in them now or not, by their bare JIDs. */
  readonly memberships: Kept<RoomMembership>;
  /** Tells every session; the JSON is made once, for an encoded event even if many accounts are told. */
  push(event: AnyEvent | EncodedEvent, options?: PushOptions): void;
  /** Runs behind what is being archived, so that an event does not overtake a message that came before it. */
  inOrder(run: () => void): void;
  /** Archives an item and tells the sessions of it, in the archive's order. @throws StanzaError resource-constraint */
  record(item: NewItem, options?: PushOptions): Promise<void>;
  /** It has written to this bare JID, which may learn of it from now on. */
  wrote(bare: string): void;
  /** Somebody mentions it in a room; where nobody attends it, those who wake its user are told. */
  mentioned(chat: string, mention: Mention): void;
  /** A session has processed this item of the archive. */
  processed(archiveId: string): void;
  /** May this bare JID learn of the account: subscribed to it, shown to it, or written to by it (RFC 6121 §8.5.3.1)? */
  mayLearn(bare: string): boolean;
  /** Does it look online to this bare JID? The invisible do only to those they showed themselves to. */
  isVisibleTo(bare: string): boolean;
  /** A message that came in, as RFC 6121 has it, but archived and shown as one of that chat. */
  receive(stanza: Element, from: Jid, key: ChatKey): Promise<undefined> | undefined;
  /** A message of that id to that chat has come back. */
  bounced(id: string, chat: string, error: StanzaError): Promise<void>;
  /** Settles when the message of that id, where one is under way, has its answer; never rejects. */
  sent(id: string): Promise<void>;
  /** Sends a content message, or an action on one, and keeps it until its fate is known: PROTOCOL.md §6. */
  deliver(session: Session, draft: Draft): Promise<RequestResult<'message.send'>>;
}

/** An event whose JSON is made once, for all accounts that are told. Made with `gateway.encode`. */
export interface EncodedEvent {
  readonly type: AnyEvent['type'];
  readonly source: AnyEvent;
}

/** What a message stanza is: its fields, whether there is something to show, what it does to another message. */
export interface Reading {
  readonly fields: Partial<Message>;
  readonly content: boolean;
  readonly action?: { readonly type: Action['type']; readonly happening: Happening };
}

/** Whose conversation a message belongs to, where that is not its sender's bare JID. */
export interface ChatKey {
  readonly chat: string;
  /** Whom actions on the message must come from. */
  readonly author: string;
  /** Whoever it was with before is somebody else: this one has no say in what the account wrote. */
  readonly stranger?: boolean;
  /** What is known of its sender beside the stanza. */
  readonly fields?: Partial<Message>;
}

/**
 * How a conversation that is no ordinary one does what others do by RFC 6121; what it leaves out is done the ordinary way.
 * `to` is the address the client gave. Who is served may learn of the account, and sees it.
 */
export interface ChatService {
  /** What a message is without a `type`. */
  readonly type: Message['type'];
  /** Its key, where that is not the bare JID of `to`. */
  readonly chat?: string;
  send?(session: Session, data: RequestData<'message.send'>, to: Jid): Promise<RequestResult<'message.send'>>;
  typing?(session: Session, data: RequestData<'typing.send'>, to: Jid): void;
  mark?(session: Session, data: RequestData<'message.mark'>, to: Jid): Promise<undefined>;
  act?(session: Session, act: Act, to: Jid): Promise<Acted>;
  /** Adds to a stanza what every message to there has. */
  label?(stanza: Element): void;
  history?(session: Session, data: RequestData<'history.get'>, chat: Jid): Promise<RequestResult<'history.get'>>;
  /** Changes how its chat is shown in `chat.list`, `chat` events and `ready`. */
  describe?(chat: Chat, stored: StoredChat): Chat;
}

/** A message that is to be acted on: whose it is, and what it is called on the XMPP side. */
export interface Target {
  /** The one id. */
  readonly id: string;
  readonly own: boolean;
  readonly idAttribute?: string;
  readonly originId?: string;
  /** The id that its room gave it. */
  readonly stanzaId?: string;
  /** In its last version, with what became of it. */
  readonly message: Partial<Message>;
}

/** Something that the account does to a message, in whatever conversation. */
export interface Act {
  readonly type: 'message.edited' | 'message.retracted' | 'reaction';
  /** The message, by its one id. */
  readonly target: string;
  /** The stanza's id attribute, and where it has one its origin-id. */
  readonly id: string;
  /** Of what the client wrote. */
  readonly digest: string;
  /** The event's data, beside what all events have. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Is it done already, so that there is nothing to send? */
  isDone(target: Target): boolean;
  /** Adds to the stanza what says it. @throws StanzaError where the account may not, or it cannot be done there */
  write(stanza: Element, target: Target, place: 'chat' | 'room'): void | Promise<void>;
  /** In a chat, the stanzas that follow it, where the message was several on the wire. */
  parts?(stanza: Element, target: Target): Element[];
}

/** What became of it: `id` is that of the edit, else of the message acted on. */
export type Acted = RequestResult<'message.send'>;

/** Why an action on a message does not count. */
export type Ignored = 'forbidden' | 'late' | 'unknown';

/** A message on its way out. Its stanza has everything but `from`. */
export interface Draft {
  /** The client's id, or ours where it gave none; becomes stanza id and origin-id. */
  readonly id: string;
  readonly to: Jid;
  readonly type: Message['type'];
  readonly stanza: Element;
  /** Its conversation, where that is not the bare JID of `to`. */
  readonly chat?: string;
  /** What goes out instead, where one stanza says it to some only: `stanza` is then what they say together. */
  readonly parts?: readonly Element[];
  /** Of what the client wrote, where the stanza says more than that; a repeat must have the same. */
  readonly digest?: string;
  /** It is no message of its own, but does something to that one. */
  readonly action?: Pick<Act, 'type' | 'data'> & {
    readonly target: { readonly id: string; readonly archiveId: string };
  };
}

/** A stanza, or something to do, that waits for its turn. */
export type Paced = Element | (() => void);

/** The whole of it, as far as an extension needs to see. */
export interface Gateway {
  readonly domain: string;
  /** The XMPP server's own domain. */
  readonly server: string;
  readonly version: string;
  readonly link: 'up' | 'down';
  readonly limits: {
    /** Bytes of one frame from a client. */
    readonly frame: number;
    /** Items of a page. */
    readonly historyMax: number;
    /** Bytes of a stanza. */
    readonly stanza: number;
    /** Bytes that may wait for one socket. */
    readonly outbound: number;
    /** How long a request may wait for its answer, ms. */
    readonly sendTimeout: number;
  };
  /** How long a session outlives its socket, ms. */
  readonly resumeWindow: number;
  /** When the process began, epoch ms. */
  readonly startedAt: number;
  /** The room service that the configuration names. */
  readonly roomService: string | undefined;
  readonly uploads: UploadSettings;
  /** Puts a file to an upload service. */
  readonly put: PutFile;
  readonly files: PublicFiles;
  /** Web Push, where the configuration has it: the public key (RFC 8292), and the hosts of push services where not all are taken. */
  readonly push: { readonly key: string; readonly services: readonly string[] } | undefined;
  /** Whom reports of spam and abuse go to, where the configuration says so. */
  readonly reportsTo: string | undefined;
  now(): number;
  /** What an extension remembers of the gateway; made at first use. */
  slot<T>(slot: Slot<T>): T;
  /** Accounts that are in memory: those with sessions, and those lately used. */
  readonly accounts: Iterable<Account>;
  readonly extensions: readonly Extension[];
  /** Reads a stanza's fields and writes an object's. */
  readonly translate: {
    readMessage(stanza: Element): Partial<Message>;
    writeMessage(stanza: Element, message: Partial<Message>): void;
    readTyping(stanza: Element): Partial<EventData<'typing'>>;
    writeTyping(stanza: Element, typing: Partial<EventData<'typing'>>): void;
    readPresence(stanza: Element): Partial<Presence>;
    writePresence(stanza: Element, presence: Partial<Presence>): void;
  };
  /** Reads a message stanza as it would be read if it came in. */
  read(stanza: Element): Reading;
  /** Queues a stanza towards its `to`, ours or the link's; false where it was dropped because the link is down. */
  send(stanza: Element): boolean;
  /**
   * The same for what must not be lost with the link: it waits while that is down, up to `deadline` (epoch ms), and is
   * sent again where it is not known to have arrived.
   */
  deliver(stanza: Element, deadline: number): { readonly done: Promise<void> };
  /**
   * Sends what can wait (or does it: a function), all accounts together at most `xmpp.pace` a second. One run per key, the
   * latest; it ends when the link is lost.
   */
  pace(key: object, work: Iterator<Paced>): void;
  /** For an event that many accounts are told. */
  encode(event: AnyEvent): EncodedEvent;
  /** Counts and logs an action on a message that somebody may not do, or not any more, or on what nobody knows. */
  ignored(type: Action['type'], why: Ignored, from: string): void;
  /** Who serves this conversation of the account, where it is no ordinary one. */
  serving(account: Account, to: Jid): ChatService | undefined;
  /** Sends an IQ get or set and waits for its answer. @throws StanzaError */
  request(iq: Element): Promise<Element>;
  /**
   * Handles a stanza for one of ours as if it came in now: for what was held back. Resolves when it is handled.
   * @throws StanzaError what would be the error answer
   */
  receive(stanza: Element): Promise<unknown> | undefined;
  /** Runs it in the next turn of the event loop; what it throws is logged. */
  soon(run: () => void): void;
  /** Runs every extension's hook of that name. */
  run<H extends keyof Hooks>(hook: H, ...args: Parameters<Hooks[H]>): void;
}
