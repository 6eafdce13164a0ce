/** Each event's effect on the snapshot. What the gateway sends as a whole object replaces the one before. */
import type { Ready, RequestData } from '../../protocol/frames.ts';
import type { Contact, Message, Presence } from '../../protocol/objects.ts';
import type { Occupant, Room } from '../../protocol/rooms.ts';
import type { Answer, ClientEvents, Delivery, Origin } from '../types.ts';
import { empty, type ShownMessage } from './snapshot.ts';
import type { Store } from './store.ts';
import { changed, delivered, edited, retracted, withMessage } from './timeline.ts';

export type Reducers = { [T in keyof ClientEvents]?: (data: ClientEvents[T], origin: Origin) => void };

type Presences = Map<string, Map<string, Presence>>;

export function reducers(store: Store): Reducers {
  const now = store.getSnapshot;
  const presences: Presences = new Map();
  const timeline = (chat: string, change: (all: readonly ShownMessage[]) => readonly ShownMessage[]): void =>
    store.put('messages', chat, change(now().messages[chat] ?? []));
  return {
    status: ({ status }) => store.set(status === 'online' ? { status } : { status, link: 'down', typing: {} }),
    state: ({ link }) => store.set({ link }),
    ready: (ready) => begin(store, presences, ready),
    answer: (answer) => answered(store, answer),
    delivery: (delivery) => ladder(store, delivery),
    message: (message, origin) => {
      timeline(message.chat, (all) => withMessage(all, shown(message)));
      store.putIn('typing', message.chat, message.from, undefined);
      if (origin === 'live') count(store, message);
    },
    'message.edited': (edit) => timeline(edit.chat, (all) => edited(all, edit)),
    'message.retracted': (action) => timeline(action.chat, (all) => retracted(all, action)),
    reaction: ({ chat, id, from, reactions }) =>
      timeline(chat, (all) =>
        changed(all, id, (message) => ({
          ...message,
          reactions: { ...message.reactions, [now().rooms[chat] ? from : bare(from)]: reactions },
        })),
      ),
    chat: (chat) => store.put('chats', chat.chat, { ...pickLast(now().chats[chat.chat]?.last), ...chat }),
    typing: ({ chat, from, state }) =>
      store.putIn('typing', chat, from, state === 'composing' || state === 'paused' ? state : undefined),
    presence: (presence) => present(store, presences, presence),
    contact: (contact) => putContact(store, contact),
    'contact.removed': ({ jid }) => {
      store.put('contacts', jid, undefined);
      store.put('requests', jid, undefined);
    },
    'contact.request': (request) => store.put('requests', request.jid, request),
    room: (room) => putRoom(store, room),
    'room.left': ({ room }) => leave(store, room),
    'room.occupant': (occupant) => putOccupant(store, occupant),
    'room.invite': (invite) => store.put('invites', invite.room, invite),
    'room.invite.removed': ({ room }) => store.put('invites', room, undefined),
    gap: ({ chat }) => forget(store, chat),
  };
}

/** Snapshots replace what was known. */
function begin(store: Store, presences: Presences, ready: Ready): void {
  const { user, link, contacts, requests, chats, rooms, invites } = ready;
  // Another user's page begins with nothing.
  if (user !== (store.getSnapshot().user ?? user)) store.set(empty);
  store.set({ status: 'online', user, link, typing: {} });
  if (ready.resumed) return;
  presences.clear();
  for (const { presence } of contacts ?? [])
    if (presence) resources(presences, presence.user).set(presence.from, presence);
  if (contacts) store.set({ contacts: by('jid', contacts), requests: by('jid', requests ?? []) });
  if (chats) store.set({ chats: by('chat', chats) });
  if (rooms) store.set({ rooms: by('room', rooms), invites: by('room', invites ?? []), occupants: {} });
}

/** What requests tell, no event repeats to this session. */
function answered(store: Store, { request, data, result }: Answer): void {
  const add = (part: 'contacts' | 'chats' | 'rooms', key: string, all: readonly object[]): void =>
    store.set({ [part]: { ...store.getSnapshot()[part], ...by(key, all) } });
  if (request === 'contact.list') {
    store.set({ contacts: by('jid', result.items), requests: by('jid', result.requests) });
  } else if (request === 'chat.list') add('chats', 'chat', result.items);
  else if (request === 'room.list') add('rooms', 'room', result.items);
  else if (request === 'chat.update') store.put('chats', result.chat, result);
  else if (request === 'contact.add' || request === 'contact.set') putContact(store, result);
  else if (request === 'contact.deny') store.put('requests', data.jid, undefined);
  else if (request === 'room.leave') leave(store, data.room);
  else if (request === 'message.react' || request === 'message.retract' || request === 'message.edit') {
    const { messages, rooms, user = '' } = store.getSnapshot();
    const { chat, time } = result;
    const nick = rooms[chat]?.nick;
    const from = nick === undefined ? user : `${chat}/${nick}`;
    const all = changed(messages[chat] ?? [], data.id, (message) => {
      if (request === 'message.react')
        return { ...message, reactions: { ...message.reactions, [from]: data.reactions } };
      if (request === 'message.edit') return withEdit(message, data, time);
      return message;
    });
    store.put('messages', chat, request === 'message.retract' ? retracted(all, { ...result, from }) : all);
  } else if (request === 'room.bookmark') putRoom(store, result);
  else if (request === 'room.join' || request === 'room.create') {
    putRoom(store, result.room);
    store.put('occupants', result.room.room, by('nick', [result.self, ...result.occupants]));
  } else if (request === 'room.occupants') {
    for (const occupant of result.items) putOccupant(store, occupant);
  }
}

/** What an edit does not name stays, and what it names with null goes. */
function withEdit(message: ShownMessage, edit: RequestData<'message.edit'>, time: string): ShownMessage {
  const { to: _, id: __, originId: ___, ...content } = edit;
  const entries = Object.entries({ ...message, ...content, edited: { time } });
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as unknown as ShownMessage;
}

/** An own message, from the moment it was written. */
function ladder(store: Store, delivery: Delivery): void {
  const { id, chat, originId, status, draft, sent } = delivery;
  const { messages, user = '', rooms } = store.getSnapshot();
  if (status === 'pending' && draft) {
    const type = draft.type ?? (rooms[chat] ? ('groupchat' as const) : ('chat' as const));
    const time = new Date().toISOString();
    // A form that answers values is shown as the gateway makes it of them.
    const { form: _, ...content } = draft;
    const message = { ...content, id, originId: id, chat, type, from: user, time, outgoing: true, status, draft };
    const others = (messages[chat] ?? []).filter((one) => one.id !== id);
    store.put('messages', chat, withMessage(others, message));
    return;
  }
  if (!sent || !originId) {
    if (messages[chat]) store.put('messages', chat, delivered(messages[chat], delivery));
    return;
  }
  // The chat has its name from the gateway now, and may have had another one.
  const [where, written] = Object.entries(messages).flatMap(([key, all]) => {
    const found = all.find((one) => one.originId === originId && one.draft);
    return found ? [key, found] : [];
  }) as [string?, ShownMessage?];
  if (where === undefined || !written) return;
  if (where !== sent.chat)
    store.put(
      'messages',
      where,
      messages[where]?.filter((one) => one !== written),
    );
  const { draft: _, ...message } = { ...written, ...sent, originId, status };
  const others = (store.getSnapshot().messages[sent.chat] ?? []).filter((one) => one.originId !== originId);
  store.put('messages', sent.chat, withMessage(others, message));
  count(store, message as Message);
}

function shown(message: Message): ShownMessage {
  return message.outgoing ? { status: 'sent', ...message } : message;
}

/** The gateway counts too, and says so in `chat` events; between them the client does. */
function count(store: Store, message: Message): void {
  if (message.body === undefined) return;
  const { chats, rooms } = store.getSnapshot();
  const kind = message.type === 'groupchat' || rooms[message.chat] ? ('room' as const) : ('direct' as const);
  const chat = chats[message.chat] ?? { chat: message.chat, kind, unread: 0, mentions: 0 };
  store.put('chats', message.chat, { ...chat, unread: chat.unread + (message.outgoing ? 0 : 1), last: message });
}

function putContact(store: Store, contact: Contact): void {
  const before = store.getSnapshot().contacts[contact.jid]?.presence;
  store.put('contacts', contact.jid, before ? { presence: before, ...contact } : contact);
  if (!contact.request) store.put('requests', contact.jid, undefined);
}

/** Best first; whoever is gone comes last. */
const ranks = ['chat', undefined, 'dnd', 'away', 'xa'] as const;
const rank = ({ type, show }: Presence): number => (type === 'available' ? ranks.indexOf(show) : ranks.length);

function present(store: Store, presences: Presences, presence: Presence): void {
  const { user, from, type } = presence;
  const all = resources(presences, user);
  if (type === 'available') all.set(from, presence);
  else all.delete(from);
  const best = [...all.values(), presence].toSorted((a, b) => rank(a) - rank(b))[0];
  const contact = store.getSnapshot().contacts[user];
  if (contact && best) store.put('contacts', user, { ...contact, presence: best });
  if (type === 'unavailable') {
    for (const chat of [user, from]) store.putIn('typing', chat, from, undefined);
  }
}

function resources(presences: Presences, user: string): Map<string, Presence> {
  const all = presences.get(user) ?? new Map();
  presences.set(user, all);
  return all;
}

function putRoom(store: Store, room: Room): void {
  store.put('rooms', room.room, room);
  if (room.joined) store.put('invites', room.room, undefined);
  else store.put('occupants', room.room, undefined);
}

function leave(store: Store, jid: string): void {
  const room = store.getSnapshot().rooms[jid];
  if (room) putRoom(store, { ...room, joined: false });
}

function putOccupant(store: Store, occupant: Occupant): void {
  store.putIn('occupants', occupant.room, occupant.nick, occupant.type === 'available' ? occupant : undefined);
}

/** What could not be read in full is loaded anew; what was not sent stays. */
function forget(store: Store, chat: string | undefined): void {
  const { messages, rooms, complete } = store.getSnapshot();
  for (const [key, all] of Object.entries(messages)) {
    if (chat === undefined ? rooms[key] : key !== chat) continue;
    const unsent = all.filter(({ draft }) => draft);
    store.put('messages', key, unsent.length > 0 ? unsent : undefined);
    if (complete[key]) store.put('complete', key, undefined);
  }
}

const bare = (jid: string): string => jid.replace(/\/.*/s, '');

function pickLast(last: Message | undefined): { last?: Message } {
  return last ? { last } : {};
}

function by<T extends object>(key: string, all: readonly T[]): Record<string, T> {
  return Object.fromEntries(all.map((one) => [Reflect.get(one, key), one]));
}
