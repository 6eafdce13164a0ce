/**
 * A room as a conversation: what `message.send`, `typing.send`, `message.mark` and `history.get` do there, and how
 * `chat.list` shows it (PROTOCOL.md §9, §10).
 */
import type { ChatService, PushOptions, Session } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, el } from '../../xmpp/stanza.ts';
import { toChat } from '../chats.ts';
import { tellingOf } from '../telling.ts';
import { hint } from '../xep0334-hints.ts';
import { actInRoom } from './act.ts';
import { archiveOf } from './archive.ts';
import { feedOf } from './feed.ts';
import { roomHistory } from './history.ts';
import { chatOf, positionOf, positionsOf } from './position.ts';
import type { Room } from './room.ts';
import type { Said } from './said.ts';
import { sendToRoom } from './send.ts';
import { isOwn } from './tell.ts';

export function roomChat(room: Room): ChatService {
  return {
    type: 'groupchat',
    send: (session, data) => sendToRoom(session, room, data),
    typing: (_session, { state }) => type(room, state),
    mark: (session, data) => mark(session, room, data),
    act: (session, action) => actInRoom(session, room, action),
    history: (session, data) => roomHistory(session, room, data),
    describe: (_chat, { muted, pinned, archived }) =>
      chatOf(room, {
        ...(muted === undefined ? {} : { muted }),
        ...(pinned === undefined ? {} : { pinned }),
        ...(archived === undefined ? {} : { archived }),
      }),
  };
}

/** XEP-0333 §8, XEP-0085 §5.5: who types, and who has read what, is only for rooms whose members know each other. */
function isAmongMembers({ shared }: Room): boolean {
  return shared.has('muc_membersonly') && shared.has('muc_nonanonymous');
}

function type(room: Room, state: RequestData<'typing.send'>['state']): void {
  if (room.state !== 'joined' || !isAmongMembers(room)) return;
  const { account } = room;
  if (!tellingOf(account).sendTyping) return;
  const stanza = el('message', { from: account.client.full, to: room.jid, type: 'groupchat' });
  account.gateway.translate.writeTyping(stanza, { state });
  append(stanza, hint('no-store'));
  account.gateway.send(stanza);
}

/** Read up to a message. The position moves forwards only. */
async function mark(
  session: Session,
  room: Room,
  { id, private: quietly = false }: RequestData<'message.mark'>,
): Promise<undefined> {
  const { account } = room;
  const position = positionOf(room);
  const marked = (await heard(room, id)) ?? (await archived(room, id));
  if (!isForward(room, id, marked.time)) return undefined;
  const { time, archiveId, unread, mentions, own } = marked;
  position.readUpTo = { id, time, ...(archiveId === undefined ? {} : { archiveId }) };
  position.unread = unread;
  position.mentions = mentions;
  await positionsOf(account).save(room.jid);
  await tellChat(room, { except: session });
  const named = nameOf(room, id);
  if (quietly || own || named === undefined || room.state !== 'joined' || !isAmongMembers(room)) return undefined;
  if (!tellingOf(account).sendMarkers) return undefined;
  const stanza = el('message', { from: account.client.full, to: room.jid, type: 'groupchat', id: crypto.randomUUID() });
  append(stanza, el('displayed', { xmlns: ns.markers, id: named }));
  append(stanza, hint('store'));
  account.gateway.send(stanza);
  return undefined;
}

/** By the order in the room, as far as the feed has both; else by time. */
function isForward(room: Room, id: string, time: string): boolean {
  const { readUpTo } = positionOf(room);
  if (!readUpTo) return true;
  const feed = feedOf(room.account.gateway, room.shared);
  const [before, now] = [feed.find(readUpTo.id), feed.find(id)];
  if (before && now && before.serial > 0 && now.serial > 0) return now.serial > before.serial;
  return readUpTo.id !== id && time >= readUpTo.time;
}

/** XEP-0333 §4.2: a marker names the room's id for the message, or, where it gives none, the id attribute. */
function nameOf(room: Room, id: string): string | undefined {
  const { traits, spoken } = feedOf(room.account.gateway, room.shared);
  return traits.stanzaIds ? id : spoken.any(id)?.idAttribute;
}

/** How it is with the chat now, for sessions that cannot count it themselves. */
export async function tellChat(room: Room, options: PushOptions = {}): Promise<void> {
  const { account } = room;
  const stored = await account.archive.chat(account.jid.bare, room.jid);
  account.push({ type: 'chat', data: stored ? toChat(account, stored) : chatOf(room) }, options);
}

interface Marked {
  readonly time: string;
  readonly archiveId?: string;
  readonly own: boolean;
  /** What of others is behind it. */
  readonly unread: number;
  readonly mentions: number;
}

/** A message that the feed still has. */
async function heard(room: Room, id: string): Promise<Marked | undefined> {
  const feed = feedOf(room.account.gateway, room.shared);
  const said = feed.find(id);
  const behind = said && feed.since(said.serial);
  if (!said || !behind) return undefined;
  const { time, archiveId } = said;
  return { time, own: isOwn(room, said), ...count(room, behind), ...(archiveId === undefined ? {} : { archiveId }) };
}

function count(room: Room, behind: readonly Said[]): Pick<Marked, 'unread' | 'mentions'> {
  const others = behind.filter((said) => said.kind === 'message' && !isOwn(room, said));
  const mentions = others.filter((said) => said.mentions(room.nick, room.account.jid));
  return { unread: others.length, mentions: mentions.length };
}

/** So far behind it is counted. */
const bounds = { pages: 5, max: 100, within: 30_000 };

/** An older one. @throws StanzaError item-not-found */
async function archived(room: Room, id: string): Promise<Marked> {
  const { account } = room;
  const feed = feedOf(account.gateway, room.shared);
  const notFound = new StanzaError('item-not-found', 'There is no such message in the room', { field: 'id' });
  if (!feed.traits.archive) throw notFound;
  const behind: Said[] = [];
  for await (const page of archiveOf(account).back(account, room.jid, bounds)) {
    for (const item of page.items.toReversed()) {
      const said = feed.learn(item);
      if (said?.id === id) {
        return { time: said.time, archiveId: item.id, own: isOwn(room, said), ...count(room, behind) };
      }
      if (said) behind.push(said);
    }
  }
  throw notFound;
}
