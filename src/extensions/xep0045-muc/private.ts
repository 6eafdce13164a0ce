/**
 * Private messages in rooms (XEP-0045 §7.5): a chat with an occupant's JID, archived in the account's own archive. Who has
 * the nick now may be somebody else than who had it, so the chat is kept to one occupant-id (XEP-0421).
 */
import { type Account, type ChatService, type Session, slot } from '../../extension.ts';
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import type { RequestData } from '../../protocol/frames.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, detach, type Element, el, find } from '../../xmpp/stanza.ts';
import { actInChat } from '../acting.ts';
import { sendTo } from '../sending.ts';
import { occupantId as occupantIdOf } from '../xep0421-occupant-id.ts';
import { feedOf } from './feed.ts';
import { notJoined, type Room } from './room.ts';

/** By occupant JID, whom the account writes with; as far as the process knows it, else the archive tells. */
const pins = slot(() => new Map<string, string>());
const maxPins = 1000;

/** §7.5: a message from an occupant that is not for all. */
export function privateMessage(room: Room, stanza: Element, from: Jid): boolean | Promise<unknown> {
  const { account } = room;
  // Also in the moments in which the account comes or goes; and an invitation by way of an occupant is none.
  if (find(find(stanza, 'x', ns.mucUser) ?? stanza, 'invite', ns.mucUser)) return false;
  const chat = detach(from.full);
  const { occupantIds } = feedOf(account.gateway, room.shared).traits;
  const claimed = occupantIds ? occupantIdOf.read(stanza) : undefined;
  const occupantId = claimed === undefined ? undefined : detach(claimed);
  const before = account.slot(pins).get(chat);
  const stranger = occupantId !== undefined && before !== undefined && before !== occupantId;
  // Whoever only acts on messages does not begin to talk.
  if (occupantId !== undefined && (!stranger || find(stanza, 'body', ''))) pin(account, chat, occupantId);
  const key = {
    chat,
    author: occupantId === undefined ? `${chat}#${holding(account, chat)}` : `${room.jid}/#${occupantId}`,
    ...(stranger ? { stranger } : {}),
    ...(occupantId === undefined ? {} : { fields: { occupantId } }),
  };
  return account.receive(stanza, from, key) ?? true;
}

/** By occupant JID, of whom nothing else is known: the time that one of them has had the nick (XEP-0308 §5). */
const holdings = slot(() => new Map<string, string>());

function holding(account: Account, chat: string): string {
  const all = account.slot(holdings);
  const known = all.get(chat);
  if (known !== undefined) return known;
  const made = crypto.randomUUID();
  all.set(chat, made);
  if (all.size > maxPins) for (const oldest of all.keys().take(1)) all.delete(oldest);
  return made;
}

/** Whoever writes under this nick from now on is somebody else. */
export function leftNick(account: Account, occupant: Jid): void {
  account.slot(holdings).delete(occupant.full);
}

function pin(account: Account, chat: string, occupantId: string): void {
  const pinned = account.slot(pins);
  pinned.set(chat, occupantId);
  if (pinned.size > maxPins) for (const oldest of pinned.keys().take(1)) pinned.delete(oldest);
}

/** Whom that chat is with: the last one who wrote in it. */
async function pinned(account: Account, chat: string): Promise<string | undefined> {
  const known = account.slot(pins).get(chat);
  if (known !== undefined) return known;
  const { items } = await account.archive.history(account.jid.bare, { chat, max: 50, view: 'log' });
  const last = items.findLast(({ data }) => !data.outgoing && typeof data.occupantId === 'string');
  return last ? String(last.data.occupantId) : undefined;
}

export function occupantChat(room: Room, to: Jid): ChatService {
  return {
    type: 'chat',
    chat: to.full,
    send: async (session, data) => {
      await checkHolder(room, to);
      return send(to, session, data);
    },
    // XEP-0085 §5.5: chat states to occupants tell more than they are worth.
    typing: () => undefined,
    act: async (session, action) => {
      await checkHolder(room, to);
      return actInChat(session, action, to, label);
    },
    label,
  };
}

/** @throws StanzaError item-not-found: nobody has the nick, or somebody else than before */
async function checkHolder(room: Room, to: Jid): Promise<void> {
  const { account } = room;
  if (room.state !== 'joined') throw notJoined(room.jid);
  const holder = room.occupant(to.resource);
  if (!holder)
    throw new StanzaError('item-not-found', 'Nobody in the room has this nick', { field: 'to', by: to.full });
  const { occupantId } = holder;
  const before = await pinned(account, to.full);
  if (occupantId === undefined) return;
  if (before !== undefined && before !== occupantId) {
    throw new StanzaError('item-not-found', 'Somebody else has this nick now', { field: 'to', by: to.full });
  }
  pin(account, to.full, occupantId);
}

function send(to: Jid, session: Session, data: RequestData<'message.send'>) {
  const { to: _, id = crypto.randomUUID(), type = 'chat', ...content } = data;
  if (type === 'groupchat') throw badRequest('type', 'a message to an occupant is not for the whole room');
  return sendTo(session, { to, id, type, content, chat: to.full, mark: label });
}

/** §7.5: so that everybody on the way knows what it is. */
function label(stanza: Element): void {
  append(stanza, el('x', { xmlns: ns.mucUser }));
}
