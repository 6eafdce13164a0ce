/** What slixmpp-peer.py reports, and what it can be asked for. */
import type { XmppServer } from '../servers/server.ts';

export interface Incoming {
  from?: string;
  to?: string;
  id?: string;
  /** The whole stanza, as slixmpp writes it. */
  xml: string;
}

export interface PeerError {
  type?: string;
  condition: string;
  text?: string;
}

export interface PeerMessage extends Incoming {
  event: 'message';
  type: string;
  lang?: string;
  body?: string;
  subject?: string;
  thread?: string;
  chatState?: string;
  originId?: string;
  receiptRequested: boolean;
  receiptFor?: string;
  error?: PeerError;
  /** By the room that it comes from. */
  stanzaId?: string;
  occupantId?: string;
  /** The stamp of a message from the history. */
  delayed?: string;
  invite?: { kind: 'mediated' | 'direct'; room: string; by: string; reason?: string; password?: string };
  declined?: { by: string; reason?: string };
  statusCodes?: number[];
}

/** What a room's presence says of an occupant. */
export interface PeerOccupant {
  affiliation?: string;
  role?: string;
  jid?: string;
  newNick?: string;
  reason?: string;
  /** The nick, or the JID. */
  actor?: string;
  destroyed?: { jid?: string; reason?: string };
  occupantId?: string;
  statusCodes: number[];
}

/** `subscription` is a presence of type (un)subscribe(d); every other is `presence`, without a type `available`. */
export interface PeerPresence extends Incoming {
  event: 'presence' | 'subscription';
  type: string;
  show?: string;
  status?: string;
  priority?: number;
  error?: PeerError;
  occupant?: PeerOccupant;
}

/** A request or push to the user. slixmpp has answered it already. */
export interface PeerIq extends Incoming {
  event: 'iq';
  type: 'get' | 'set';
  /** `{namespace}name` */
  payload?: string;
}

/** What slixmpp's plugins read in a message, once `fields` was called. */
export interface PeerFields {
  event: 'fields';
  from: string;
  id: string;
  body?: string;
  reply?: { id: string; to: string };
  /** The parts of the body that are fallback: for what, and where. */
  fallback?: { for: string; start?: string; end?: string };
  oob?: string;
  spoiler?: string;
  attention?: true;
  encryption?: { namespace: string; name: string };
  json?: unknown;
  html?: string;
  forwarded?: { from: string; body: string };
}

/** What one of slixmpp's plugins took for an action on a message, once `actions` was called. */
export interface PeerAction {
  event: 'action';
  kind: 'edit' | 'reactions' | 'displayed' | 'received' | 'retraction' | 'moderated';
  from: string;
  id: string;
  /** The message, by the id that it was named with. */
  target: string;
  body?: string;
  reactions?: string[];
  by?: string;
  reason?: string;
}

export interface PeerEvents {
  message: PeerMessage;
  presence: PeerPresence;
  subscription: PeerPresence;
  iq: PeerIq;
  action: PeerAction;
  fields: PeerFields;
  disconnected: { event: 'disconnected'; reason: string };
}

export type PeerEvent = PeerEvents[keyof PeerEvents];

export interface Outgoing {
  to: string;
  body?: string;
  type?: 'chat' | 'groupchat' | 'headline' | 'normal';
  id?: string;
  subject?: string;
  thread?: string;
  lang?: string;
  chatState?: 'active' | 'composing' | 'paused' | 'inactive' | 'gone';
  receiptRequested?: boolean;
  receiptFor?: string;
}

export interface DiscoInfo {
  identities: { category: string; type: string; name?: string }[];
  features: string[];
}

export interface PeerRosterItem {
  jid: string;
  name?: string;
  subscription: 'none' | 'to' | 'from' | 'both';
  ask?: string;
  groups: string[];
}

export interface SlixmppLogin {
  server: Pick<XmppServer, 'host' | 'c2sPort'>;
  user: string;
  resource?: string;
  password?: string;
  mechanism?: 'PLAIN' | 'SCRAM-SHA-1' | 'SCRAM-SHA-256';
  /** slixmpp's plugins; default: disco, version, ping. */
  plugins?: string[];
  /** Asks for the roster, sends initial presence, and waits until the server has shown it. Default: true. */
  presence?: boolean;
}
