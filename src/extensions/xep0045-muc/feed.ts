/**
 * What a room said lately, for all accounts of the gateway that are in it: a message that arrives once for each of them is
 * read, and made into JSON, once. Servers keep a room's order for everybody, so each account only has to know how far in the
 * feed it is; and what one account heard need not be asked of the archive for another.
 */
import type { Gateway } from '../../extension.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { tryParse } from '../../xmpp/jid.ts';
import type { Archived } from '../../xmpp/mam.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { childText, type Element, find } from '../../xmpp/stanza.ts';
import { type RoomTraits, readSaid, type Said, stanzaIdOf } from './said.ts';
import type { SharedRoom } from './shared-room.ts';
import { SpokenIndex } from './spoken.ts';

/** Entries that are kept; copies of one message are never that far apart. */
const most = 256;
/** So many are known by their ids for longer: an archive that has lost its end is read from further back. */
const mostKnown = 4000;
/** Messages that wait while an archive is read; further ones are found there. */
const mostHeld = 1000;

export class RoomFeed {
  readonly #gateway: Gateway;
  readonly #shared: SharedRoom;
  readonly spoken = new SpokenIndex();
  /** The newest message, and the newest place in the archive that is known. */
  newest: Said | undefined;
  archived: { readonly archiveId: string; readonly time: string } | undefined;
  /** One account reads what all have missed; resolves when it is there, or cannot be had. */
  sync: Promise<void> | undefined;
  #traits: { readonly info: unknown; readonly traits: RoomTraits } | undefined;
  readonly #entries: Said[] = [];
  readonly #byStanzaId = new Map<string, Said>();
  /** Of entries that are kept no more, too. */
  readonly #serials = new Map<string, number>();
  /** The last live message that is an entry, and the children that its copies share (xmpp/copies.ts). */
  #last: { readonly children: Element['children']; readonly said: Said } | undefined;
  #end = 0;
  /** From this serial on nothing is missing in between. */
  #whole = 1;
  /** Live messages that wait for what came before them. */
  #held: Map<string, Said> | undefined;

  constructor(gateway: Gateway, shared: SharedRoom) {
    this.#gateway = gateway;
    this.#shared = shared;
  }

  /** The serial of the newest entry. */
  get end(): number {
    return this.#end;
  }

  get traits(): RoomTraits {
    const { info, jid } = this.#shared;
    if (this.#traits?.info !== info || !this.#traits) this.#traits = { info, traits: traitsOf(this.#shared, jid) };
    return this.#traits.traits;
  }

  /** What was heard last, where this is a copy of it. */
  copyOf(stanza: Element): Said | undefined {
    return this.#last?.children === stanza.children ? this.#last.said : undefined;
  }

  /** A copy of a live message, for an account that is at `after`: the entry all copies share. Serial 0: it waits. */
  hear(stanza: Element, from: Jid, after: number): Said | undefined {
    const { traits } = this;
    const stanzaId = stanzaIdOf(stanza, traits);
    const known =
      stanzaId === undefined
        ? this.#copy(stanza, after)
        : (this.#byStanzaId.get(stanzaId) ?? this.#held?.get(stanzaId));
    const said = known ?? readSaid(this.#gateway, traits, this.spoken, { stanza, from });
    if (said && !known && !this.#held) this.#push(said);
    // Without an id, whose copy it is depends on who gets it; what waits may be another entry in the end.
    if (said && said.serial > 0 && stanzaId !== undefined) this.#last = { children: stanza.children, said };
    if (!said || known || !this.#held) return said;
    if (stanzaId !== undefined && this.#held.size < mostHeld) this.#held.set(stanzaId, said);
    return said;
  }

  /** A message of the archive, the next in order. */
  append(item: Archived): Said | undefined {
    const said = this.#byStanzaId.get(item.id) ?? this.learn(item);
    return said && (said.serial > 0 ? said : this.#push(said));
  }

  /** A message of the archive: an entry, or what is older than those; with a serial only if it has been an entry. */
  learn({ id: archiveId, stanza, stamp }: Archived): Said | undefined {
    const known = this.#byStanzaId.get(archiveId);
    if (known) return known;
    const from = tryParse(stanza.attrs.from ?? '');
    if (from?.bare !== this.#shared.jid || stanza.attrs.type !== 'groupchat') return undefined;
    const said = readSaid(this.#gateway, this.traits, this.spoken, { stanza, from, found: { archiveId, stamp } });
    if (said?.kind === 'message') this.spoken.note(said);
    if (said) said.serial = this.#serials.get(archiveId) ?? 0;
    return said;
  }

  /** A message by its one id. */
  find(id: string): Said | undefined {
    return this.#byStanzaId.get(id) ?? this.#entries.findLast((said) => said.kind === 'message' && said.id === id);
  }

  /** The entries behind a serial; undefined where some of them are not here. */
  since(serial: number): readonly Said[] | undefined {
    if (serial >= this.#end) return [];
    const first = Math.max(this.#entries[0]?.serial ?? this.#end + 1, this.#whole);
    return serial + 1 < first ? undefined : this.#entries.filter((said) => said.serial > serial);
  }

  /** What is live waits from now on. `from` = the serial behind which the archive is read. */
  hold(from: number | undefined): void {
    if (from !== this.#end) this.#whole = this.#end + 1;
    this.#held = new Map();
    this.#last = undefined;
  }

  /** The archive is read: what waited, and was not in there, follows. */
  release(): void {
    const held = this.#held ?? new Map<string, Said>();
    this.#held = undefined;
    for (const [stanzaId, said] of held) if (!this.#byStanzaId.has(stanzaId)) this.#push(said);
  }

  /** The same message without an id to tell it by: the next one that was heard, and not yet by this account. */
  #copy(stanza: Element, after: number): Said | undefined {
    const again = find(stanza, 'delay', ns.delay) !== undefined;
    // What an account is told anew when it joins, it may have heard live.
    return this.#entries.find(
      (said) =>
        (said.serial > after && said.stanza && isSame(said.stanza, stanza)) ||
        (again && said.stanza && isRetold(said.stanza, said.time, stanza)),
    );
  }

  #know(stanzaId: string, said: Said): void {
    this.#byStanzaId.set(stanzaId, said);
    this.#serials.set(stanzaId, said.serial);
    if (this.#serials.size > mostKnown) for (const oldest of this.#serials.keys().take(1)) this.#serials.delete(oldest);
  }

  #push(said: Said): Said {
    said.serial = ++this.#end;
    this.#entries.push(said);
    if (said.stanzaId !== undefined) this.#know(said.stanzaId, said);
    if (this.#entries.length > most) {
      const gone = this.#entries.shift();
      if (gone?.stanzaId !== undefined) this.#byStanzaId.delete(gone.stanzaId);
    }
    if (said.kind === 'message') {
      this.newest = said;
      this.spoken.note(said);
    }
    if (said.archiveId !== undefined) this.archived = { archiveId: said.archiveId, time: said.time };
    return said;
  }
}

function traitsOf(shared: SharedRoom, jid: string): RoomTraits {
  const stanzaIds = shared.has(ns.stanzaIds);
  return {
    jid,
    stanzaIds,
    occupantIds: shared.has(ns.occupantId),
    archive: stanzaIds && shared.has(ns.mam),
    stableIds: shared.has(ns.stableId),
  };
}

/** Equal but for whom it is sent to. */
function isSame(one: Element, other: Element): boolean {
  return one.attrs.id === other.attrs.id && one.attrs.from === other.attrs.from && hasEqualChildren(one, other);
}

function hasEqualChildren(one: Element, other: Element): boolean {
  if (one.children.length !== other.children.length) return false;
  return one.children.every((child, i) => {
    const twin = other.children[i];
    if (typeof child === 'string' || typeof twin === 'string' || twin === undefined) return child === twin;
    const keys = Object.keys(child.attrs);
    return (
      child.name === twin.name &&
      keys.length === Object.keys(twin.attrs).length &&
      keys.every((key) => child.attrs[key] === twin.attrs[key]) &&
      hasEqualChildren(child, twin)
    );
  });
}

/** XEP-0045 §7.2.13: the stamp has whole seconds only, and says when the room got it. */
const maxSkew = 60_000;

function isRetold(told: Element, time: string, stanza: Element): boolean {
  const stamp = Date.parse(find(stanza, 'delay', ns.delay)?.attrs.stamp ?? '');
  return (
    told.attrs.from === stanza.attrs.from &&
    told.attrs.id === stanza.attrs.id &&
    childText(told, 'body', '') === childText(stanza, 'body', '') &&
    Math.abs(Date.parse(time) - stamp) < maxSkew
  );
}

/** The feed of a room; made at first use, forgotten with the room. */
export function feedOf(gateway: Gateway, shared: SharedRoom): RoomFeed {
  shared.feed ??= new RoomFeed(gateway, shared);
  return shared.feed;
}
