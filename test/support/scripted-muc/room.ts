/**
 * One room of the scripted service: who is in it, what it remembers, and what a test lets happen there. Occupants of
 * the gateway's domain are sent what a room sends; all others are puppets of the test, who are sent nothing.
 */
import { ns } from '../../../src/xmpp/namespaces.ts';
import { type Child, type Element, el } from '../../../src/xmpp/stanza.ts';
import { ScriptedArchive } from './archive.ts';
import { defaultsOf, type RoomConfig, type RoomOwner, type ScriptedOccupant, type Spoken } from './config.ts';
import { type Affiliation, bareOf, delay, type ItemParts, occupantId, type Role, userX } from './parts.ts';

interface Presence {
  codes?: readonly number[];
  /** For the occupant itself alone. */
  self?: readonly number[];
  item?: ItemParts;
  type?: 'unavailable';
  /** What an unavailable one carries, and what its `<x/>` does. */
  more?: readonly Child[];
  inside?: readonly Child[];
  /** By the occupant's own wish. */
  left?: boolean;
}

type By = { reason?: string; actor?: string };

export class ScriptedRoom {
  readonly jid: string;
  readonly config: RoomConfig;
  readonly occupants = new Map<string, ScriptedOccupant>();
  readonly affiliations = new Map<string, Affiliation>();
  readonly archive: ScriptedArchive;
  readonly #owner: RoomOwner;
  subject: { text: string; nick: string; time: Date } | undefined;
  /** Until the owner has submitted the form of a new room. */
  locked = false;
  /** A message of the gateway: sent to all (`all`), to all but its sender (`others`), or lost on its way (`none`). */
  reflects: 'all' | 'others' | 'none' = 'all';
  /** Whether what `reflects` kept from somebody is archived all the same; never where it is `none`. */
  archives = true;
  /** The nick that the room gives to who asks for one (210). */
  assignNick: (nick: string) => string = (nick) => nick;

  constructor(jid: string, owner: RoomOwner, config: Partial<RoomConfig> = {}) {
    this.jid = jid;
    this.#owner = owner;
    this.archive = new ScriptedArchive(owner.traits);
    this.config = { ...defaultsOf(owner.traits), ...config };
  }

  affiliationOf(jid: string): Affiliation {
    return this.affiliations.get(bareOf(jid)) ?? 'none';
  }

  occupantWith(fullJid: string): ScriptedOccupant | undefined {
    return this.occupants.values().find(({ jid }) => jid === fullJid);
  }

  /** XEP-0045 §5.1.2: the role that comes with an affiliation. */
  initialRole(jid: string): Role {
    const affiliation = this.affiliationOf(jid);
    if (affiliation === 'owner' || affiliation === 'admin') return 'moderator';
    return affiliation === 'none' && this.config.moderated ? 'visitor' : 'participant';
  }

  /** Somebody comes in, of whom the others are told; without a JID a user of example.com. */
  enter(nick: string, options: { jid?: string; affiliation?: Affiliation; role?: Role; show?: Element[] } = {}): void {
    const { jid = `${nick.toLowerCase()}@example.com/x`, affiliation, role, show = [] } = options;
    if (affiliation) this.affiliations.set(bareOf(jid), affiliation);
    this.occupants.set(nick, { nick, jid, role: role ?? this.initialRole(jid), show });
    this.present(nick);
  }

  exit(nick: string, statusText?: string): void {
    this.remove(nick, { left: true, more: [statusText === undefined ? undefined : el('status', {}, statusText)] });
  }

  /** Says something; answers the id that the room gave it. */
  say(nick: string, body: string, { id = this.#owner.newId(), children = [], time }: Spoken = {}): string {
    const parts = [el('body', {}, body), ...children];
    return this.spoken(nick, { id }, parts, { to: () => true, ...(time ? { time } : {}) });
  }

  /** A private message of an occupant, to one of the gateway's. */
  whisper(nick: string, to: string, body: string, id = this.#owner.newId()): void {
    const parts = [el('body', {}, body), el('x', { xmlns: ns.mucUser })];
    this.pass(nick, to, el('message', { type: 'chat', id }, ...parts));
  }

  /** Hands a stanza on to an occupant, as from another one. */
  pass(nick: string, to: string, stanza: Element): void {
    const [from, target] = [this.occupants.get(nick), this.occupants.get(to)];
    if (!target) return;
    const marked = stanza.name === 'iq' ? undefined : this.#mark(from);
    const { attrs, children } = stanza;
    this.send(target, el(stanza.name, { ...attrs, from: `${this.jid}/${nick}` }, ...children, marked));
  }

  setSubject(nick: string, text: string, attrs: { id?: string } = {}): void {
    this.subject = { text, nick, time: new Date() };
    if (this.#owner.traits.archivesSubjects) {
      this.spoken(nick, attrs, [el('subject', {}, text)], { to: () => true });
      return;
    }
    for (const one of this.occupants.values()) {
      const from = `${this.jid}/${nick}`;
      this.send(one, el('message', { type: 'groupchat', from }, el('subject', {}, text)));
    }
  }

  rename(nick: string, newNick: string): void {
    const occupant = this.occupants.get(nick);
    if (!occupant) return;
    this.present(nick, { codes: [303], item: { nick: newNick }, type: 'unavailable' });
    this.occupants.delete(nick);
    this.occupants.set(newNick, { ...occupant, nick: newNick });
    this.present(newNick);
  }

  setRole(nick: string, role: Role, by: By = {}): void {
    const occupant = this.occupants.get(nick);
    if (!occupant) return;
    if (role === 'none') {
      this.kick(nick, by);
      return;
    }
    occupant.role = role;
    this.present(nick, { item: by });
  }

  /** Changes an affiliation and what follows from it: the ban, the end of a stay in a members-only room, the role. */
  affiliate(jid: string, affiliation: Affiliation, by: By = {}): void {
    this.affiliations.set(bareOf(jid), affiliation);
    const present = [...this.occupants.values()].filter((one) => bareOf(one.jid) === bareOf(jid));
    if (present.length === 0) this.#tellModerators({ affiliation, jid: bareOf(jid) });
    for (const occupant of present) {
      const out = affiliation === 'outcast' ? 301 : affiliation === 'none' && this.config.membersOnly ? 321 : undefined;
      if (out !== undefined) this.remove(occupant.nick, { codes: [out], item: by });
      else {
        occupant.role = this.initialRole(occupant.jid);
        this.present(occupant.nick, { item: by });
      }
    }
  }

  /** XEP-0045 §9.3: of an affiliation of who is not in the room. */
  #tellModerators(item: ItemParts): void {
    for (const one of [...this.occupants.values()].filter(({ role }) => role === 'moderator')) {
      this.send(one, el('message', { from: this.jid }, userX(item, [])));
    }
  }

  /** @param codes 307, with 333 for who fell out; 322, 332 … */
  kick(nick: string, by: By = {}, codes: readonly number[] = [307]): void {
    this.remove(nick, { codes, item: by });
  }

  ban(nick: string, by: By = {}): void {
    this.affiliate(this.occupants.get(nick)?.jid ?? '', 'outcast', by);
  }

  destroy({ reason, venue }: { reason?: string; venue?: string } = {}): void {
    const destroy = (): Element =>
      el('destroy', { jid: venue }, reason === undefined ? undefined : el('reason', {}, reason));
    for (const one of this.occupants.values()) {
      const leaving: ScriptedOccupant = { ...one, role: 'none', show: [] };
      const { barePresence, destroyedSelf } = this.#owner.traits;
      if (barePresence) this.send(one, el('presence', { type: 'unavailable', from: this.jid }));
      const bare = userX({ affiliation: 'none', role: 'none' }, [], destroy());
      const presence = destroyedSelf
        ? this.#presence(leaving, leaving, { type: 'unavailable', inside: [destroy()] })
        : el('presence', { type: 'unavailable', from: `${this.jid}/${one.nick}` }, bare);
      this.send(one, presence);
    }
    this.occupants.clear();
    this.#owner.closed(this);
  }

  /** A mediated invitation (XEP-0045 §7.8.2), as the room sends it. */
  invite(bareJid: string, { from, reason, password }: { from: string; reason?: string; password?: string }): void {
    const invite = el('invite', { from }, reason === undefined ? undefined : el('reason', {}, reason));
    const secret = password === undefined ? undefined : el('password', {}, password);
    const direct = el('x', { xmlns: ns.directInvitations, jid: this.jid, reason });
    this.#owner.send(el('message', { from: this.jid, to: bareJid }, userX(undefined, [], invite, secret), direct));
  }

  /** ejabberd's room shows itself at a join and when it is changed. */
  greet(one: ScriptedOccupant): void {
    if (!this.#owner.traits.barePresence) return;
    const ver = '7f4eJsfUW8sVxvIYDBt8JeSEbQs=';
    const caps = el('c', { xmlns: ns.caps, hash: 'sha-1', node: 'http://rooms.example.com/', ver });
    this.send(one, el('presence', { from: this.jid, id: this.#owner.newId() }, caps));
  }

  /** Tells all of a change: 104, 172 … */
  announce(...codes: number[]): void {
    for (const one of this.occupants.values()) {
      this.greet(one);
      this.send(
        one,
        el('message', { type: 'groupchat', from: this.jid, id: this.#owner.newId() }, userX(undefined, codes)),
      );
    }
  }

  /** Forgets occupants without a word, as a crash does; all, or that one. */
  forget(nick?: string): void {
    if (nick === undefined) this.occupants.clear();
    else this.occupants.delete(nick);
  }

  /** A groupchat message that a room sends to who is not in it: a ghost. */
  haunt(fullJid: string, nick = 'Ghost'): void {
    const attrs = { type: 'groupchat', from: `${this.jid}/${nick}`, to: fullJid, id: this.#owner.newId() };
    this.#owner.send(el('message', attrs, el('body', {}, 'boo')));
  }

  /** Sends an occupant's message on and archives it; answers its id in the room. */
  spoken(
    nick: string,
    attrs: { id?: string },
    parts: readonly (Element | string)[],
    options: { to: (one: ScriptedOccupant) => boolean; time?: Date; archived?: boolean },
  ): string {
    const { stanzaIds, archive } = this.config;
    const { to, time = new Date(), archived = archive } = options;
    const speaker = this.occupants.get(nick);
    const marked = this.#mark(speaker);
    const { id } = attrs;
    const stanza = el('message', { type: 'groupchat', id, from: `${this.jid}/${nick}` }, ...parts, marked);
    const key = this.#owner.newId();
    if (archived) this.archive.items.push({ id: key, time, stanza });
    const stamp = stanzaIds ? el('stanza-id', { xmlns: ns.stanzaIds, id: key, by: this.jid }) : undefined;
    for (const one of [...this.occupants.values()].filter(to)) {
      this.send(one, el('message', { ...stanza.attrs }, ...stanza.children, stamp));
    }
    return key;
  }

  /** Says something as the room itself, and archives it. */
  announceAll(part: Element): void {
    const stanza = el('message', { type: 'groupchat', id: this.#owner.newId(), from: this.jid }, part);
    const key = this.#owner.newId();
    if (this.config.archive) this.archive.items.push({ id: key, time: new Date(), stanza });
    const stamp = this.config.stanzaIds ? el('stanza-id', { xmlns: ns.stanzaIds, id: key, by: this.jid }) : undefined;
    for (const one of this.occupants.values())
      this.send(one, el('message', { ...stanza.attrs }, ...stanza.children, stamp));
  }

  /** What a join gets behind its own presence: the history and the subject. */
  past(to: ScriptedOccupant, wish: Element | undefined): void {
    const { stanzaIds, history, archive } = this.config;
    for (const { id, time, stanza } of this.archive.history(wish, history)) {
      const stamp = stanzaIds && archive ? el('stanza-id', { xmlns: ns.stanzaIds, id, by: this.jid }) : undefined;
      this.send(to, el('message', { ...stanza.attrs }, ...stanza.children, delay(time, this.jid), stamp));
    }
    const { text = '', nick, time } = this.subject ?? {};
    const from = nick === undefined ? this.jid : `${this.jid}/${nick}`;
    const isMarked = this.#owner.traits.archivesSubjects;
    const mark = isMarked ? this.#mark(nick === undefined ? undefined : this.occupants.get(nick)) : undefined;
    const told = time && !isMarked ? delay(time, this.jid) : undefined;
    this.send(to, el('message', { type: 'groupchat', from }, el('subject', {}, text || undefined), mark, told));
  }

  /** Tells everybody, or those who are chosen, of an occupant. */
  present(nick: string, options: Presence = {}, to: (one: ScriptedOccupant) => boolean = () => true): void {
    const occupant = this.occupants.get(nick);
    if (!occupant) return;
    for (const one of [...this.occupants.values()].filter(to)) this.send(one, this.#presence(occupant, one, options));
  }

  /** Takes an occupant out, and tells all, it too. */
  remove(nick: string, how: Presence = {}): void {
    const occupant = this.occupants.get(nick);
    if (!occupant) return;
    occupant.role = 'none';
    if (this.#owner.traits.barePresence) this.send(occupant, el('presence', { type: 'unavailable', from: this.jid }));
    this.present(nick, { ...how, type: 'unavailable' });
    this.occupants.delete(nick);
    if (this.occupants.size === 0 && !this.config.persistent) this.#owner.closed(this);
  }

  /** To an occupant of the gateway; puppets are sent nothing. */
  send(to: ScriptedOccupant, stanza: Element): void {
    if (!this.#owner.isOurs(to.jid)) return;
    this.#owner.send(el(stanza.name, { ...stanza.attrs, to: to.jid }, ...stanza.children));
  }

  #mark(occupant: ScriptedOccupant | undefined): Element | undefined {
    return this.config.occupantIds && occupant ? occupantId(this.jid, bareOf(occupant.jid)) : undefined;
  }

  #presence(of: ScriptedOccupant, to: ScriptedOccupant, options: Presence): Element {
    const { codes = [], self = [], item, type, more = [], inside = [], left } = options;
    const seen = this.config.nonAnonymous || to.role === 'moderator' || of === to;
    const affiliation = this.affiliationOf(of.jid);
    const shown: ItemParts = { affiliation, role: of.role, ...(seen ? { jid: of.jid } : {}), ...item };
    const isOwnRename = of === to && item?.nick !== undefined;
    const unmarked = this.#owner.traits.unmarked === 'out' ? type !== undefined && !left : isOwnRename;
    const marked = unmarked ? undefined : this.#mark(of);
    const x = userX(shown, of === to ? [...codes, ...self, 110] : codes, ...inside);
    const attrs = { type, id: type ? undefined : of.id, from: `${this.jid}/${of.nick}` };
    return el('presence', attrs, ...(type ? more : of.show), marked, x);
  }
}
