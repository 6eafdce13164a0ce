/**
 * What the store keeps of an account's conversations: the archive (everything but rooms), the messages on their way out,
 * the chats with their read positions. Types only; the drivers implement them (PROTOCOL.md §5, §6, §10).
 */

/** What is archived: messages, and what happened to them. */
export type ItemType = 'message' | 'message.edited' | 'message.retracted' | 'message.failed' | 'reaction' | 'receipt';

/** An event's data as it is kept; ids that the store assigns or translates are filled in by it. */
export type ItemData = Record<string, unknown>;

/** Something to archive. JIDs are bare and prepared. */
export interface NewItem {
  readonly type: ItemType;
  readonly chat: string;
  /** Who wrote it. */
  readonly author: string;
  readonly outgoing: boolean;
  /** Epoch ms of its archiving; ids never go back, even if the clock does. */
  readonly now: number;
  /** For `message`: the ids it goes by on the XMPP side. The first, free in its chat, becomes the one `id`. */
  readonly ids?: readonly string[];
  /**
   * For all others: the XMPP-side id of the message acted on, and whose message it must be (absent: anybody's). It is
   * looked for among the ids of the chat's messages, newest first; with `archiveId` it is the message at that place.
   */
  readonly target?: { readonly id: string; readonly author?: string; readonly archiveId?: string };
  /** An action that does not count is refused: on the message of somebody else (`forbidden`), too late (`conflict`). */
  readonly strict?: boolean;
  /** The event's data without `archiveId`, and without the `id`s that are resolved here. */
  readonly data: ItemData;
  /**
   * The XMPP-side id of the message that it answers: the `id` in `data.reply` becomes that message's one id, where the chat
   * has it.
   */
  readonly reply?: string;
  /** What full-text search finds it by; the text of an edit replaces its message's. */
  readonly text?: string;
  /** A delivery receipt (XEP-0184) is owed: to whom (a full JID), for which id attribute. */
  readonly receipt?: { readonly to: string; readonly id: string };
  /** Its sender wants to know when it was displayed (XEP-0333). */
  readonly markable?: boolean;
  /** Counts as unread. */
  readonly unread?: boolean;
  /** Records of the account that are kept where it becomes an event, with its `id` and `archiveId` added to their values. */
  readonly records?: readonly { readonly kind: string; readonly key: string; readonly value: ItemData }[];
  /** A message whose author never uses an id for two: one that is here already (within 24 h) is not stored again. */
  readonly once?: boolean;
}

/** Something archived: an event with its place in the archive. */
export interface Item {
  /** Sorts as text in the order of events; unique in the account's archive. */
  readonly archiveId: string;
  readonly type: ItemType;
  readonly chat: string;
  /**
   * The event's data, complete: with `archiveId`, for a message with its `id`, for the others with the `id` (or `replace`,
   * for an edit) of the message they act on.
   */
  readonly data: ItemData;
  /** It is the first of its chat. */
  readonly newChat?: true;
}

/** A message, for whoever acts on it. */
export interface StoredMessage {
  /** In its last version, with what became of it: as the folded view has it. */
  readonly item: Item;
  readonly author: string;
  readonly outgoing: boolean;
  /** What it goes by on the XMPP side: the id attribute comes last. */
  readonly ids: readonly string[];
}

/** A message on its way out (PROTOCOL.md §6). Kept 24 h by (account, id). */
export interface Sending {
  readonly id: string;
  readonly chat: string;
  /** Of the content. */
  readonly digest: string;
  readonly at: number;
}

export interface SentRecord {
  readonly digest: string;
  /** When it was first noted, epoch ms. */
  readonly at: number;
  readonly state: 'pending' | 'sent' | 'failed';
  /** What the first `ok` said; for `sent`. */
  readonly result?: Record<string, unknown>;
}

export interface HistoryQuery {
  /** One conversation; absent = all of the account's. */
  readonly chat?: string;
  /** Cursors: archive ids, exclusive. At most one of them. */
  readonly before?: string;
  readonly after?: string;
  /** Epoch ms, inclusive. */
  readonly start?: number;
  readonly end?: number;
  /** Messages by their one `id` (with `chat`). */
  readonly ids?: readonly string[];
  /**
   * Full-text: every word must be there, without regard to case and diacritics; the last one may be only begun, unless very
   * many words begin with it. At most 32 words. Without a cursor the page holds the newest matches.
   */
  readonly text?: string;
  readonly max: number;
  /** `folded`: messages only, in their last version; `log`: every item as it happened. */
  readonly view: 'folded' | 'log';
}

export interface HistoryPage {
  /**
   * Oldest first. In the folded view `data` has, where they apply: `edited: {time}`, `retracted: {time, moderatedBy?,
   * reason?}` (and no content), `reactions: {"bob@example.com": ["👋"]}`, and for outgoing messages `status`: `sent`,
   * `delivered`, `displayed`, or `failed` with the bounce's `error`.
   */
  readonly items: readonly Item[];
  /** Nothing more in the direction that was asked. */
  readonly complete: boolean;
}

/** A conversation, as PROTOCOL.md §9 shows it. */
export interface Chat {
  readonly chat: string;
  readonly unread: number;
  readonly readUpTo?: { readonly id: string; readonly archiveId: string; readonly time: string };
  /** The newest message, in its last version. */
  readonly last?: Item;
  readonly muted?: boolean;
  readonly pinned?: boolean;
  readonly archived?: boolean;
  /** The chat is a room: what was saved of it. Then `unread` is 0, and `readUpTo` and `last` are absent. */
  readonly room?: RoomPosition;
}

/** How far an account is in a room, whose messages the room's own archive has; a plain JSON object. */
export interface RoomPosition {
  /** Epoch ms of its newest message: its place in the list of chats. Absent: the place stays. */
  readonly activeAt?: number;
  readonly [field: string]: unknown;
}

export interface ChatSettings {
  readonly muted?: boolean;
  readonly pinned?: boolean;
  readonly archived?: boolean;
}

/** The message that a read position was moved to: what it is called on the XMPP side, and what its sender asked for. */
export interface Marked {
  readonly ids: readonly string[];
  readonly author: string;
  readonly outgoing: boolean;
  readonly markable?: boolean;
}

export interface OwedReceipt {
  readonly archiveId: string;
  readonly to: string;
  readonly id: string;
}

/**
 * The account's archive. Every call is part of the driver's transaction of this turn of the event loop; promises resolve
 * in the order of the calls. All of an account's items get their archive ids in the order in which they resolve. An account
 * that does not exist: StanzaError `item-not-found`. What is passed in must not be changed afterwards.
 */
export interface Archive {
  /**
   * Stores an item. Resolves to the items that are now events, in order: it, and what had waited for it (actions that came
   * before their message); nothing for an action whose message is not known yet, which is kept until it comes (at most
   * 1,000 an account, for 24 h), and nothing for a repeat of what is there `once`.
   * @throws StanzaError what `strict` says
   */
  append(account: string, item: NewItem): Promise<Item[]>;
  /**
   * Notes a message before it is written, as pending. Resolves to what was known of its id; then it notes nothing if that
   * was `sent`, or `pending` with another digest.
   */
  beginSend(account: string, sending: Sending): Promise<SentRecord | undefined>;
  /**
   * It was taken: one transaction makes it `sent`, archives it, and remembers its answer: `result` with the `id` and
   * `archiveId` it got. A message that failed and is sent again keeps its id and takes the place of the failed one in the
   * folded view. Resolves to nothing where it is `sent` already.
   */
  finishSend(account: string, id: string, item: NewItem, result: Record<string, unknown>): Promise<Item[]>;
  /** The same for a message that is archived elsewhere (in a room). */
  settleSend(account: string, id: string, result: Record<string, unknown>): Promise<void>;
  /** It was not, or it bounced after all (from that chat): `failed`. Resolves to whether it was `sent` before. */
  failSend(account: string, id: string, chat: string): Promise<boolean>;
  /** Forgets messages on their way out, and actions that wait, from before then (epoch ms). Resolves to how many. */
  pruneSends(before: number, max: number): Promise<number>;
  /** @throws StanzaError item-not-found for a cursor that does not exist (any more) */
  history(account: string, query: HistoryQuery): Promise<HistoryPage>;
  /** The message with that one id. */
  message(account: string, chat: string, id: string): Promise<StoredMessage | undefined>;
  /** The newest archive id of the account. */
  last(account: string): Promise<string | undefined>;
  /** By last activity, newest first, pages by offset cursor `after` = a chat's JID. */
  chats(
    account: string,
    page: { readonly max: number; readonly after?: string },
  ): Promise<{ items: Chat[]; complete: boolean; count: number }>;
  chat(account: string, chat: string): Promise<Chat | undefined>;
  /** Adds or replaces what is kept of a room, and makes it a chat; its settings stay. */
  saveRoomPosition(account: string, room: string, position: RoomPosition): Promise<void>;
  /** All of an account's, by room. */
  roomPositions(account: string): Promise<Map<string, RoomPosition>>;
  /** The room is no chat any more. Removing what is not there does nothing. */
  removeRoomPosition(account: string, room: string): Promise<void>;
  /** Creates the chat where it is new. */
  updateChat(account: string, chat: string, settings: ChatSettings): Promise<Chat>;
  /**
   * Read up to the message with that `id`. The position moves forward only: undefined where it did not move.
   * @throws StanzaError item-not-found for a message that does not exist
   */
  markRead(account: string, chat: string, id: string): Promise<{ chat: Chat; marked: Marked } | undefined>;
  /** The receipts that are still owed for these items, oldest first; they are owed no more. */
  takeReceipts(account: string, archiveIds: readonly string[]): Promise<OwedReceipt[]>;
  /** Retention: removes items older than `before` (epoch ms) and all but the newest `perChat` of each chat; a few at a time. Resolves to how many. */
  prune(rule: { readonly before?: number; readonly perChat?: number }, max: number): Promise<number>;
}
