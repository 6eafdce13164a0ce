/**
 * A room service (XEP-0045) on top of the scripted XEP-0114 server. It obeys like Prosody or like ejabberd, whichever
 * is asked for, and misbehaves on command: answers nothing, refuses, loses reflections, forgets occupants.
 */
import { ns } from '../../src/xmpp/namespaces.ts';
import { childText, type Element, el, elements, find, nameOf } from '../../src/xmpp/stanza.ts';
import type { RoomConfig, RoomOwner } from './scripted-muc/config.ts';
import { takeMessage, takePresence } from './scripted-muc/occupancy.ts';
import { bareOf, domainOf, errorTo, hasChild, resultTo } from './scripted-muc/parts.ts';
import { takeQuery } from './scripted-muc/queries.ts';
import { ScriptedRoom } from './scripted-muc/room.ts';
import { type Traits, traitsOf } from './scripted-muc/traits.ts';
import type { ScriptedServer } from './scripted-server.ts';

export type { ScriptedRoom } from './scripted-muc/room.ts';

export interface ScriptedMucOptions {
  domain?: string;
  /** Default: `prosody-13`. */
  like?: keyof typeof traitsOf;
  /** Single traits beside that. */
  traits?: Partial<Traits>;
}

interface Refusal {
  wants: (stanza: Element) => boolean;
  type: string;
  condition: string;
}

export class ScriptedMuc implements RoomOwner {
  readonly domain: string;
  readonly traits: Traits;
  /** By bare JID. */
  readonly rooms = new Map<string, ScriptedRoom>();
  /** What the service does not hear of, as if it had been lost: `() => true` is silence. */
  swallow: (stanza: Element) => boolean = () => false;
  /** Whether a join may create a room, as Prosody may forbid it. */
  mayCreate = true;
  readonly #server: ScriptedServer;
  #refusals: Refusal[] = [];
  #ids = 0;

  /** Takes what the server gets for the domain, answers for it, and shows it in disco#items of the server. */
  static on(server: ScriptedServer, options: ScriptedMucOptions = {}): ScriptedMuc {
    const muc = new ScriptedMuc(server, options);
    const before = server.onStanza;
    server.onStanza = (stanza, scripted) => {
      if (!muc.#took(stanza)) before(stanza, scripted);
    };
    return muc;
  }

  private constructor(server: ScriptedServer, { domain, like = 'prosody-13', traits }: ScriptedMucOptions) {
    this.#server = server;
    this.domain = domain ?? `rooms.${server.server}`;
    this.traits = { ...traitsOf[like], ...traits };
  }

  /** The room of that localpart, made if there is none. */
  room(local: string, config: Partial<RoomConfig> = {}): ScriptedRoom {
    const jid = `${local}@${this.domain}`;
    const room = this.rooms.get(jid) ?? new ScriptedRoom(jid, this, config);
    this.rooms.set(jid, room);
    return room;
  }

  /** Answers the next stanza that fits with an error. */
  refuse(wants: (stanza: Element) => boolean, type: string, condition: string): void {
    this.#refusals.push({ wants, type, condition });
  }

  /** The server was restarted: temporary rooms are gone, and of the others the occupants; Prosody keeps them. */
  restart({ keepsOccupants = false }: { keepsOccupants?: boolean } = {}): void {
    for (const room of this.rooms.values()) {
      if (!room.config.persistent) this.rooms.delete(room.jid);
      if (!keepsOccupants) room.forget();
    }
  }

  isOurs(jid: string): boolean {
    return domainOf(jid) === this.#server.domain;
  }

  send(stanza: Element): void {
    this.#server.send(stanza);
  }

  closed(room: ScriptedRoom): void {
    this.rooms.delete(room.jid);
  }

  newId(): string {
    this.#ids += 1;
    return `${this.#ids}-of-the-room`;
  }

  /** Whether it was for this service. */
  #took(stanza: Element): boolean {
    const { to = '', type } = stanza.attrs;
    if (to === this.#server.server && type === 'get' && hasChild(stanza, 'query', ns.discoItems)) {
      this.send(resultTo(stanza, el('query', { xmlns: ns.discoItems }, el('item', { jid: this.domain }))));
      return true;
    }
    if (domainOf(to) !== this.domain) return false;
    if (this.swallow(stanza) || type === 'result' || (type === 'error' && stanza.name !== 'message')) return true;
    const refusal = this.#refusals.findIndex(({ wants }) => wants(stanza));
    const [refused] = refusal < 0 ? [] : this.#refusals.splice(refusal, 1);
    if (refused) this.send(errorTo(stanza, refused.type, refused.condition));
    else if (to === this.domain) this.#ofService(stanza);
    else this.#ofRoom(stanza);
    return true;
  }

  #ofRoom(stanza: Element): void {
    const jid = bareOf(stanza.attrs.to);
    const known = this.rooms.get(jid);
    const room = known ?? this.#create(stanza, jid);
    const answer = room ? this.#in(room, stanza, !known) : this.#noSuchRoom(stanza);
    if (answer) this.send(answer);
  }

  #in(room: ScriptedRoom, stanza: Element, created: boolean): Element | undefined {
    if (stanza.name === 'presence') return takePresence(room, stanza, this, created);
    return stanza.name === 'message' ? takeMessage(room, stanza, this) : takeQuery(room, stanza, this);
  }

  #noSuchRoom(stanza: Element): Element | undefined {
    if (stanza.attrs.type === 'error') return undefined;
    const joins = stanza.name === 'presence' && hasChild(stanza, 'x', ns.muc);
    return errorTo(stanza, 'cancel', joins ? 'not-allowed' : 'item-not-found');
  }

  /** XEP-0045 §10.1.1: a join creates the room, and makes its owner of who joins. */
  #create({ name, attrs, ...stanza }: Element, jid: string): ScriptedRoom | undefined {
    const joins =
      name === 'presence' && stanza.children.some((child) => typeof child !== 'string' && child.attrs.xmlns === ns.muc);
    if (!joins || !this.mayCreate) return undefined;
    const room = new ScriptedRoom(jid, this, { persistent: false });
    room.locked = this.traits.locks;
    room.affiliations.set(bareOf(attrs.from), 'owner');
    this.rooms.set(jid, room);
    return room;
  }

  #ofService(iq: Element): void {
    const query = elements(iq).find((child) => nameOf(child) === 'query');
    if (iq.name !== 'iq' || iq.attrs.type !== 'get' || !query) this.send(errorTo(iq, 'cancel', 'service-unavailable'));
    else if (query.attrs.xmlns === ns.discoInfo) this.send(resultTo(iq, this.#info()));
    else if (query.attrs.xmlns === ns.discoItems) this.send(resultTo(iq, this.#items(query)));
    else this.send(errorTo(iq, 'cancel', 'service-unavailable'));
  }

  #info(): Element {
    const features = [ns.discoInfo, ns.discoItems, ns.muc, ...(this.traits.pages ? [ns.rsm] : [])];
    const identity = el('identity', { category: 'conference', type: 'text', name: 'Rooms' });
    return el(
      'query',
      { xmlns: ns.discoInfo },
      identity,
      ...features.map((feature) => el('feature', { var: feature })),
    );
  }

  /** The public rooms; in pages (XEP-0059) where the service has them. */
  #items(query: Element): Element {
    const all = [...this.rooms.values()].filter(({ config }) => config.public);
    const set = this.traits.pages ? find(query, 'set', ns.rsm) : undefined;
    const after = set && childText(set, 'after', ns.rsm);
    const start = after === undefined ? 0 : all.findIndex(({ jid }) => jid === after) + 1;
    const rooms = set ? all.slice(start, start + Number(childText(set, 'max', ns.rsm) ?? all.length)) : all;
    const [first, last] = [rooms[0], rooms.at(-1)];
    const page = el(
      'set',
      { xmlns: ns.rsm },
      el('count', {}, String(all.length)),
      first && el('first', {}, first.jid),
      last && el('last', {}, last.jid),
    );
    const items = rooms.map(({ jid, config }) => el('item', { jid, name: config.name ?? jid.split('@')[0] }));
    return el('query', { xmlns: ns.discoItems }, ...items, set ? page : undefined);
  }
}
