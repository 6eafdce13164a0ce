/** A room as an XMPP user on slixmpp is in it (XEP-0045): joined with its 110 seen, and what an occupant can do. */
import type { SlixmppPeer } from './slixmpp.ts';
import type { PeerMessage, PeerPresence } from './slixmpp-types.ts';

export interface JoinOptions {
  password?: string;
  /** Default: none. */
  history?: { maxstanzas?: number; since?: string };
}

/** A join that the room refused. */
export class JoinError extends Error {
  readonly condition: string;
  constructor(room: string, condition: string) {
    super(`joining ${room}: ${condition}`);
    this.condition = condition;
  }
}

export class SlixmppRoom {
  readonly jid: string;
  nick: string;
  /** The room was made by this join; it is an instant room now. */
  readonly created: boolean;
  readonly #peer: SlixmppPeer;

  /** Joins, and makes it an instant room where the join created it. @throws JoinError */
  static async join(peer: SlixmppPeer, room: string, nick: string, options: JoinOptions = {}): Promise<SlixmppRoom> {
    const { password, history = { maxstanzas: 0 } } = options;
    // what is left of an earlier stay would look like the answer
    peer.take('presence', ({ from }) => bare(from) === room);
    await peer.call('roomJoin', { room, nick, password, history });
    const own = await peer.next(
      'presence',
      (each) => bare(each.from) === room && (each.type === 'error' || isSelf(each)),
      10_000,
    );
    if (own.error) throw new JoinError(room, own.error.condition);
    const created = own.occupant?.statusCodes.includes(201) ?? false;
    const joined = new SlixmppRoom(peer, own, created);
    if (created) await joined.configure({});
    return joined;
  }

  private constructor(peer: SlixmppPeer, own: PeerPresence, created: boolean) {
    this.#peer = peer;
    this.jid = bare(own.from);
    this.nick = nickOf(own.from);
    this.created = created;
  }

  /** Says something and waits for the room's copy of it. */
  async say(body: string): Promise<PeerMessage> {
    const id = await this.#peer.send({ to: this.jid, type: 'groupchat', body });
    return this.next((message) => message.id === id);
  }

  /** A private message; answers its id. */
  whisper(nick: string, body: string): Promise<string> {
    return this.#peer.send({ to: `${this.jid}/${nick}`, type: 'chat', body });
  }

  /** The next message with a body that the room sent to all, or the error of one of ours. */
  next(matches: (message: PeerMessage) => boolean = () => true, timeoutMs = 10_000): Promise<PeerMessage> {
    const ofRoom = (message: PeerMessage) => bare(message.from) === this.jid && isSpoken(message) && matches(message);
    return this.#peer.next('message', ofRoom, timeoutMs);
  }

  /** The next private message of an occupant. */
  nextWhisper(nick: string): Promise<PeerMessage> {
    return this.#peer.next('message', ({ from, type }) => from === `${this.jid}/${nick}` && type === 'chat');
  }

  /** The next presence of an occupant. */
  presenceOf(nick: string, matches: (presence: PeerPresence) => boolean = () => true): Promise<PeerPresence> {
    return this.#peer.next('presence', (each) => each.from === `${this.jid}/${nick}` && matches(each), 10_000);
  }

  /** The next change of the subject. */
  nextSubject(matches: (subject: string) => boolean = () => true): Promise<PeerMessage> {
    return this.#peer.next('message', (message) => {
      const { from, type, subject, body } = message;
      return bare(from) === this.jid && type === 'groupchat' && body === undefined && matches(subject ?? '');
    });
  }

  async setSubject(subject: string): Promise<void> {
    await this.#peer.call('roomSubject', { room: this.jid, subject });
  }

  /** Waits until the room has said yes. */
  async changeNick(nick: string): Promise<void> {
    await this.#peer.presence({ to: `${this.jid}/${nick}` });
    await this.presenceOf(nick, isSelf);
    this.nick = nick;
  }

  async role(nick: string, role: 'none' | 'visitor' | 'participant' | 'moderator', reason = ''): Promise<void> {
    await this.#peer.call('roomRole', { room: this.jid, nick, role, reason });
  }

  kick(nick: string, reason = ''): Promise<void> {
    return this.role(nick, 'none', reason);
  }

  async affiliation(
    jid: string,
    affiliation: 'outcast' | 'none' | 'member' | 'admin' | 'owner',
    reason = '',
  ): Promise<void> {
    await this.#peer.call('roomAffiliation', { room: this.jid, jid, affiliation, reason });
  }

  ban(jid: string, reason = ''): Promise<void> {
    return this.affiliation(jid, 'outcast', reason);
  }

  async configure(fields: Record<string, string | number>): Promise<void> {
    await this.#peer.call('roomConfigure', { room: this.jid, fields });
  }

  async invite(jid: string, reason = ''): Promise<void> {
    await this.#peer.call('roomInvite', { room: this.jid, jid, reason });
  }

  /** XEP-0249: without the room. */
  async inviteDirectly(jid: string, reason = ''): Promise<void> {
    await this.#peer.call('roomInviteDirect', { room: this.jid, jid, reason });
  }

  async destroy(reason = '', venue?: string): Promise<void> {
    await this.#peer.call('roomDestroy', { room: this.jid, reason, venue });
  }

  /** Waits until the room has let go. */
  async leave(): Promise<void> {
    await this.#peer.presence({ to: `${this.jid}/${this.nick}`, type: 'unavailable' });
    await this.presenceOf(this.nick, ({ type }) => type === 'unavailable');
  }
}

function isSelf({ occupant }: PeerPresence): boolean {
  return occupant?.statusCodes.includes(110) ?? false;
}

function isSpoken({ type, body }: PeerMessage): boolean {
  return type === 'error' || (type === 'groupchat' && body !== undefined);
}

const bare = (jid = ''): string => jid.split('/')[0] ?? '';
const nickOf = (jid = ''): string => jid.slice(jid.indexOf('/') + 1);
