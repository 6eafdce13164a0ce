/**
 * The closed list of what core tells those who carry news out of the process (outbound/): webhooks to the operator's backend
 * and Web Push. Types only.
 */
import type { Kept, StoredPush } from './kept.ts';

/** How a session ended: by its client or an administrator, at the end of its window, for another, with the process. */
export type SessionEnd = 'ended' | 'expired' | 'replaced' | 'shutdown';

export interface SessionNews {
  /** Bare JID. */
  readonly account: string;
  readonly session: string;
  readonly device?: string;
  readonly client?: string;
  /** Epoch ms. */
  readonly since: number;
}

/** A message for an account of which no session has a socket. */
export interface Missed {
  readonly account: string;
  readonly chat: string;
  /** Does one of its browsers want to be woken? */
  readonly wakes: boolean;
}

/** A record of the account that is kept in the same transaction as the message. */
export interface KeptWith {
  readonly kind: string;
  readonly key: string;
  /** The store adds the message's `id` and `archiveId`. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** Somebody mentions the account in a room, whose messages are in no archive of ours. */
export interface Mention {
  readonly id: string;
  readonly from: string;
  readonly time: string;
  readonly archiveId?: string;
  readonly body?: string;
  /** The room's. */
  readonly name?: string;
  readonly unread: number;
}

/** None of these waits, and none throws. */
export interface Notices {
  sessionOpened(news: SessionNews): void;
  sessionClosed(news: SessionNews, end: SessionEnd): void;
  /** A message is about to be archived: what is to be kept along with it. */
  keep(missed: Missed): readonly KeptWith[];
  /** It is archived, with that. */
  missed(missed: Missed, kept: readonly KeptWith[], message: { readonly id: string; readonly archiveId: string }): void;
  mentioned(missed: Missed, mention: Mention): void;
}

/** A missed message as it is now: in its last version, with what became of its chat. */
export interface MissedMessage {
  readonly kind: 'direct' | 'room';
  readonly id: string;
  readonly archiveId?: string;
  readonly from: string;
  readonly time: string;
  readonly body?: string;
  /** The body is to be shown on demand only. */
  readonly hidden: boolean;
  /** What the user calls the contact, or the room's name. */
  readonly name?: string;
  readonly unread: number;
  readonly muted: boolean;
  readonly mention: boolean;
}

/** What outbound/ asks core. */
export interface NewsDesk {
  /** Undefined where it is gone, or was taken back. */
  message(account: string, chat: string, id: string): Promise<MissedMessage | undefined>;
  mention(account: string, chat: string, mention: Mention): Promise<MissedMessage>;
  /** Has a session of the account a socket now? */
  attended(account: string): boolean;
  /** Its browsers; undefined where the account is no more. */
  pushes(account: string): Promise<Kept<StoredPush> | undefined>;
}

/** What outbound/ is for core. */
export interface Carriers {
  /** Web Push: what clients are told of it; absent = there is none. */
  readonly push?: { readonly key: string; readonly services: readonly string[] } | undefined;
  /** Absent = nobody wants to be told: then it costs nothing. */
  readonly notices?: Notices | undefined;
}
