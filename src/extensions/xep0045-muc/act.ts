/**
 * Acting on what was said in a room (PROTOCOL.md §10): the message is in the room's feed, or else in its archive; what is
 * done to it goes to everybody and is `ok` with its reflection, as a message is. Moderation is a query to the room.
 */
import type { Act, Acted, Session, Target } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { Message } from '../../protocol/objects.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, el, find } from '../../xmpp/stanza.ts';
import { known, noSuchMessage } from '../acting.ts';
import type { Archived } from '../archive-query.ts';
import { ask } from '../discovery.ts';
import { moderate } from '../xep0425-moderation.ts';
import { archiveOf } from './archive.ts';
import { feedOf } from './feed.ts';
import { foldPage } from './fold.ts';
import type { Part } from './part.ts';
import { notJoined, type Room } from './room.ts';
import { roomAddress, roomsOf } from './rooms.ts';
import { sayToRoom } from './send.ts';
import type { Spoken } from './spoken.ts';

export async function actInRoom(session: Session, room: Room, action: Act): Promise<Acted> {
  const { account, gateway } = session;
  // What can be acted on is known when what was missed is read.
  if (gateway.link === 'down' || room.retry) throw new StanzaError('link-down', 'The room cannot be reached now');
  if (room.state !== 'joined') throw notJoined(room.jid);
  const target = await targetIn(room, action.target);
  const { id, digest } = action;
  if (action.isDone(target)) {
    return { id: target.id, chat: room.jid, type: 'groupchat', time: String(target.message.time) };
  }
  const stanza = el('message', { from: account.client.full, to: room.jid, id, type: 'groupchat' });
  await action.write(stanza, target, 'room');
  // By it the reflection is known, whatever the room makes of the id attribute.
  if (!find(stanza, 'origin-id', ns.stanzaIds)) append(stanza, el('origin-id', { xmlns: ns.stanzaIds, id }));
  const about = action.type === 'message.edited' ? {} : { about: target.id };
  return sayToRoom(session, room, { id, digest: `${action.type}\n${target.id}\n${digest}`, ...about }, () => stanza);
}

/** @throws StanzaError item-not-found */
async function targetIn(room: Room, id: string): Promise<Target> {
  const feed = feedOf(room.account.gateway, room.shared);
  const message = heard(room, id) ?? (await archived(room, id));
  const spoken = feed.spoken.any(id);
  if (!message || !spoken) throw noSuchMessage();
  const { idAttribute, originId } = spoken;
  const isGiven = message.stanzaIds?.some((one) => one.by === room.jid && one.id === id);
  return {
    id,
    own: isOwn(room, spoken),
    ...(idAttribute === undefined ? {} : { idAttribute }),
    ...(originId === undefined ? {} : { originId }),
    ...(isGiven ? { stanzaId: id } : {}),
    message,
  };
}

/** XEP-0308 §5: said by the same occupant-id; where that is not known, under the same nick with no leave between. */
function isOwn(room: Room, { id, author, nick }: Spoken): boolean {
  const { self, account, shared } = room;
  if (author.startsWith('#') && self?.occupantId !== undefined) return author === `#${self.occupantId}`;
  return nick === room.nick && feedOf(account.gateway, shared).spoken.byAuthor(author, id) !== undefined;
}

/** What the feed has of a message and of all that was said since. */
function heard(room: Room, id: string): Message | undefined {
  const feed = feedOf(room.account.gateway, room.shared);
  const said = feed.find(id);
  const since = said && said.serial > 0 ? feed.since(said.serial) : undefined;
  if (said?.kind !== 'message' || !since) return undefined;
  return folded(
    [said, ...since].flatMap(({ event }) => (event ? [event.source] : [])),
    id,
  );
}

/** So far back an archive is read for what became of a message. */
const bounds = { pages: 10, max: 100, within: 30_000 };

async function archived(room: Room, id: string): Promise<Message | undefined> {
  const { account, shared } = room;
  const feed = feedOf(account.gateway, shared);
  if (!feed.traits.archive) return undefined;
  const behind: Archived[][] = [];
  let isThere = false;
  for await (const { items } of archiveOf(account).back(account, room.jid, bounds)) {
    const at = items.findIndex((item) => item.id === id);
    behind.unshift(items.slice(Math.max(at, 0)));
    isThere = at >= 0;
    if (isThere) break;
  }
  // Further back: as it was said first.
  if (!isThere && shared.has(`${ns.mam}#extended`)) {
    const { items } = await archiveOf(account).page(account, room.jid, { max: 1 }, { ids: [id] });
    behind.unshift([...items]);
  }
  // What happened to it can only be read once it is known itself.
  const events = behind.flat().flatMap((item) => feed.learn(item)?.event?.source ?? []);
  return folded(events, id);
}

function folded(events: readonly { type: string; data: unknown }[], id: string): Message | undefined {
  const items = events.map(({ type, data }) => ({ type, data, archiveId: '' }));
  // What is an event of that type has its data.
  return foldPage(items).find(({ data }) => (data as Message).id === id)?.data as Message | undefined;
}

/** @throws StanzaError feature-not-implemented, and what the room has against it */
async function moderation(session: Session, data: RequestData<'message.moderate'>): Promise<undefined> {
  const { account } = session;
  const jid = roomAddress(account, data.room);
  const room = roomsOf(account).get(jid.bare);
  const info = room?.shared.info;
  const namespaces = [ns.moderation, ns.moderationOlder].filter((one) => !info || room.shared.has(one));
  const [newest] = namespaces;
  if (newest === undefined || (info && !room.shared.has(ns.stanzaIds))) {
    throw new StanzaError('feature-not-implemented', 'The room has no moderation of messages', {
      field: 'room',
      by: jid.bare,
    });
  }
  await ask(account, jid, 'set', moderate(newest, known(data.id), data.reason));
  return undefined;
}

export const acting: Part = { requests: { 'message.moderate': moderation } };
