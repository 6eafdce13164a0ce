/**
 * What was said or done in a room, read from a groupchat stanza once for all accounts that hear it (XEP-0045 §7.4): the one
 * id, who it was, the event that tells of it. Live messages and those from the room's archive are read alike.
 */
import type { EncodedEvent, Gateway, Reading } from '../../extension.ts';
import type { Event, EventData } from '../../protocol/frames.ts';
import type { Message } from '../../protocol/objects.ts';
import { type Jid, tryParse } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { childText, detach, type Element, find } from '../../xmpp/stanza.ts';
import { occupantId as occupantIdOf } from '../xep0421-occupant-id.ts';
import { tombstoneIn } from '../xep0424-retraction.ts';
import { mentionedIn } from './mentions.ts';
import type { Spoken, SpokenIndex } from './spoken.ts';

/** What of a room's features decides how its messages are read. */
export interface RoomTraits {
  readonly jid: string;
  /** XEP-0359: it stamps its own ids, and strips those that others claim are its. */
  readonly stanzaIds: boolean;
  readonly occupantIds: boolean;
  /** XEP-0313, with ids that live messages carry: what was missed can be read. */
  readonly archive: boolean;
  /** XEP-0045 §7.4: the id attribute is reflected as it was. */
  readonly stableIds: boolean;
}

export interface Said extends Spoken {
  /** Its place in the feed; 0 = it is older than that. */
  serial: number;
  readonly kind: 'message' | 'action' | 'typing' | 'other';
  /** Where it has no stanza-id to be known by. */
  readonly stanza?: Element;
  /** Without one it is a stanza that has no mapping. */
  readonly event?: EncodedEvent;
  /** As the stanza says, not made by us. */
  readonly stanzaId?: string;
  readonly occupantId?: string;
  readonly originId?: string;
  readonly idAttribute?: string;
  /** Its place in the room's archive, as far as that is known. */
  readonly archiveId?: string;
  readonly time: string;
  readonly mentions: (nick: string, account: Jid) => boolean;
  /** The same event for the sender's own sessions. Made at first use. */
  outgoing?: EncodedEvent;
}

/** Where a message was found, if it did not come live. */
export interface Found {
  readonly archiveId?: string;
  readonly stamp?: string | undefined;
}

/** XEP-0045 §8.1: the new subject, where the stanza is a change of it and nothing else; '' = there is none any more. */
export function subjectIn(stanza: Element): string | undefined {
  const subject = childText(stanza, 'subject', '');
  if (subject === undefined || find(stanza, 'body', '') || find(stanza, 'thread', '')) return undefined;
  return detach(subject);
}

/** XEP-0359 §3 and PROTOCOL.md §12: by the room itself, where it announces that it makes them. */
export function stanzaIdOf(stanza: Element, traits: RoomTraits): string | undefined {
  if (!traits.stanzaIds) return undefined;
  for (const child of stanza.children) {
    if (typeof child === 'string' || child.attrs.by === undefined || !child.name.endsWith('stanza-id')) continue;
    const by = child.attrs.by === traits.jid ? traits.jid : tryParse(child.attrs.by)?.full;
    if (by === traits.jid && child.getNS() === ns.stanzaIds && isId(child.attrs.id)) return detach(child.attrs.id);
  }
  return undefined;
}

/** Nothing where the stanza says nothing that the room may say: an action of somebody who may not, or on nobody knows what. */
export function readSaid(
  gateway: Gateway,
  traits: RoomTraits,
  index: SpokenIndex,
  { stanza, from, found = {} }: { stanza: Element; from: Jid; found?: Found },
): Said | undefined {
  const reading = gateway.read(stanza);
  const { fields } = reading;
  const occupantId = traits.occupantIds ? occupantIdOf.read(stanza) : undefined;
  const nick = detach(from.resource);
  const stanzaId = traits.stanzaIds ? (found.archiveId ?? stanzaIdOf(stanza, traits)) : undefined;
  const idAttribute = isId(stanza.attrs.id) ? detach(stanza.attrs.id) : undefined;
  const originId = isId(fields.originId) ? detach(fields.originId) : undefined;
  const id = oneId([stanzaId, idAttribute], index);
  const archiveId = found.archiveId ?? (traits.archive && isArchived(reading) ? stanzaId : undefined);
  const time = timeOf(gateway, traits, fields, found);
  const author = occupantId === undefined ? `/${nick}` : `#${detach(occupantId)}`;
  const about = {
    chat: traits.jid,
    from: detach(from.full),
    time,
    ...(archiveId === undefined ? {} : { archiveId }),
  };
  const { stanzaIds: _, occupantId: __, ...own } = fields;
  const message: Message = {
    ...own,
    ...about,
    id,
    type: 'groupchat',
    to: traits.jid,
    ...(occupantId === undefined ? {} : { occupantId }),
    ...(stanzaId === undefined ? {} : { stanzaIds: [{ id: stanzaId, by: traits.jid }] }),
  };
  // Only an archive has these; anybody could claim that what is said was taken back.
  const tombstone = found.archiveId === undefined ? undefined : tombstoneIn(stanza);
  const what = tombstone
    ? tombstoneEvent({ ...message, retracted: tombstone }, fields)
    : eventOf(gateway, reading, index, { author, nick, stanza, message, about });
  if (!what) {
    const { action } = reading;
    const why = action && index.any(action.happening.target) ? 'forbidden' : 'unknown';
    // History is read again and again.
    if (action && found.archiveId === undefined) gateway.ignored(action.type, why, from.full);
    return undefined;
  }
  // It is kept for a while, and must not keep the chunk of the stream that it was cut from.
  const event = what.event && (JSON.parse(JSON.stringify(what.event)) as Event);
  const body = event?.type === 'message' ? event.data.body : undefined;
  return {
    kind: what.kind,
    ...(event ? { event: gateway.encode(event) } : {}),
    id,
    author,
    nick,
    at: 0,
    serial: 0,
    time,
    mentions: mentionedIn(stanza, body, traits.jid),
    ...(stanzaId === undefined ? { stanza } : { stanzaId }),
    ...(occupantId === undefined ? {} : { occupantId }),
    ...(originId === undefined ? {} : { originId }),
    ...(idAttribute === undefined ? {} : { idAttribute }),
    ...(archiveId === undefined ? {} : { archiveId }),
  };
}

/** What is left of a message that was taken back: no news, and not to be counted as unread. */
function tombstoneEvent(message: Message, said: Partial<Message>): { kind: 'action'; event: Event } {
  const kept = Object.entries(message).filter(([name]) => identity.has(name) || !(name in said));
  // What every message has is still there.
  return { kind: 'action', event: { type: 'message', data: Object.fromEntries(kept) as Message } };
}

const identity: ReadonlySet<string> = new Set(['occupantId', 'stanzaIds', 'originId']);

interface Parts {
  readonly author: string;
  readonly nick: string;
  readonly stanza: Element;
  readonly message: Message;
  readonly about: Pick<Message, 'chat' | 'from' | 'time' | 'archiveId'>;
}

/** PROTOCOL.md §11: the one event of a stanza. */
function eventOf(
  gateway: Gateway,
  { content, action }: Reading,
  index: SpokenIndex,
  { author, nick, stanza, message, about }: Parts,
): { kind: Said['kind']; event?: Event } | undefined {
  if (action) {
    const event = actionEvent(action, index, { author, nick, message, about });
    return event && { kind: 'action', event };
  }
  if (content) return { kind: 'message', event: { type: 'message', data: message } };
  const { state } = gateway.translate.readTyping(stanza);
  if (state !== undefined) {
    return { kind: 'typing', event: { type: 'typing', data: { chat: about.chat, from: about.from, state } } };
  }
  // Told to each account as it came: a stanza names its receiver.
  return { kind: 'other' };
}

function actionEvent(
  { type, happening: { target, of, data = {} } }: NonNullable<Reading['action']>,
  index: SpokenIndex,
  { author, nick, message, about }: Omit<Parts, 'stanza'>,
): Event | undefined {
  // XEP-0425 §4: from its bare JID nobody but the room itself speaks.
  if ((of === 'room') !== (nick === '')) return undefined;
  switch (type) {
    case 'message.edited': {
      // XEP-0308 §5: by the id attribute, and only by the same occupant with no leave between.
      const original = index.byAuthor(author, target);
      return original && { type, data: { ...message, ...data, replace: original.id } as EventData<'message.edited'> };
    }
    case 'message.retracted': {
      if (of === 'room') return { type, data: { ...about, ...data, id: index.any(target)?.id ?? detach(target) } };
      const original = index.any(target) ?? index.byAuthor(author, target);
      if (original?.author !== author) return undefined;
      return { type, data: { ...about, ...data, id: original.id } };
    }
    case 'reaction': {
      const id = index.any(target)?.id ?? detach(target);
      const { occupantId } = message;
      const whose = occupantId === undefined ? {} : { occupantId };
      return { type, data: { ...about, ...whose, ...data, id } as EventData<'reaction'> };
    }
    case 'receipt': {
      // XEP-0184 §5.3: no receipts in rooms; markers name a message that somebody has displayed.
      if (data.status !== 'displayed') return undefined;
      const id = index.any(target)?.id ?? detach(target);
      return { type, data: { ...about, id, status: 'displayed' } };
    }
  }
}

/**
 * What rooms archive: of what they stamp, ejabberd archives no chat states, so that their ids are no cursors.
 * COMPAT(ejabberd 24.12)
 */
function isArchived({ fields, content, action }: Reading): boolean {
  return content || action !== undefined || (fields.hints?.includes('store') ?? false);
}

/** Only the room's own stamp moves the time (XEP-0203 §2), an archive's always does; never into the future. */
function timeOf(gateway: Gateway, traits: RoomTraits, { delay }: Partial<Message>, found: Found): string {
  const now = gateway.now();
  const stamped = found.stamp === undefined ? Number.NaN : Date.parse(found.stamp);
  const byRoom = delay?.from === traits.jid ? Date.parse(delay.time) : Number.NaN;
  const time = Number.isNaN(stamped) ? byRoom : stamped;
  return new Date(Number.isNaN(time) ? now : Math.min(time, now)).toISOString();
}

/** PROTOCOL.md §6: the room's, else the id attribute; another one where that is missing, or taken in this room. */
function oneId([stanzaId, idAttribute]: [string | undefined, string | undefined], index: SpokenIndex): string {
  if (stanzaId !== undefined) return stanzaId;
  return idAttribute === undefined || index.any(idAttribute) ? crypto.randomUUID() : idAttribute;
}

const maxIdChars = 1024;

function isId(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text.length <= maxIdChars;
}
