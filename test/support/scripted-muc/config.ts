/** What a scripted room is made with, and what it needs of its service. */
import type { Element } from '../../../src/xmpp/stanza.ts';
import type { Role } from './parts.ts';
import type { ScriptedRoom } from './room.ts';
import type { Traits } from './traits.ts';

export interface RoomConfig {
  name?: string;
  description?: string;
  password?: string;
  persistent: boolean;
  public: boolean;
  membersOnly: boolean;
  moderated: boolean;
  /** Everybody sees everybody's JID. */
  nonAnonymous: boolean;
  /** Everybody may change the subject. */
  changeSubject: boolean;
  archive: boolean;
  stanzaIds: boolean;
  occupantIds: boolean;
  stableId: boolean;
  /** The forms of XEP-0425 that it knows. */
  moderation: readonly string[];
  maxUsers: number;
  /** The most messages of history that a join gets. */
  history: number;
}

export interface ScriptedOccupant {
  nick: string;
  /** The full JID. */
  jid: string;
  role: Role;
  /** What its presence carries: show, status, caps … */
  show: Element[];
  /** Its id, echoed as both servers do. */
  id?: string;
}

export interface Spoken {
  id?: string;
  /** Beside the body: origin-id, replace … */
  children?: Element[];
  time?: Date;
}

export interface RoomOwner {
  readonly traits: Traits;
  isOurs(jid: string): boolean;
  send(stanza: Element): void;
  closed(room: ScriptedRoom): void;
  newId(): string;
}

export function defaultsOf({ open, occupantIds, stableId }: Traits): RoomConfig {
  return {
    persistent: true,
    public: open,
    membersOnly: false,
    moderated: false,
    nonAnonymous: false,
    changeSubject: open,
    archive: true,
    stanzaIds: true,
    occupantIds,
    stableId,
    moderation: [],
    maxUsers: 10_000,
    history: 20,
  };
}
