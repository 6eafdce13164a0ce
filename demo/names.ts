/** What people, rooms and times are called on the page. */
import type { Snapshot } from 'stanzawire/client/state';
import type { Person } from './people.ts';
import { useChat, useSession } from './session.ts';
import { useStore } from './store.ts';

export const bare = (jid: string): string => jid.split('/', 1)[0] ?? jid;
export const resource = (jid: string): string => jid.slice(bare(jid).length + 1);
export const local = (jid: string): string => {
  const name = bare(jid).split('@', 1)[0] ?? jid;
  return name.charAt(0).toUpperCase() + name.slice(1);
};

type People = Readonly<Record<string, Person>>;

/** The name of a conversation: the contact's, the room's, or an occupant's nick for a private message in a room. */
export function chatName({ rooms, contacts, chats }: Snapshot, people: People, jid: string): string {
  const room = rooms[bare(jid)];
  if (room && jid !== room.room) return `${resource(jid)} · ${room.name ?? local(jid)}`;
  if (room) return room.name || room.bookmark?.name || local(jid);
  return contacts[jid]?.name || people[jid]?.nick || chats[jid]?.name || local(jid);
}

/** Who wrote a message: in rooms the nick. */
export function authorName(snapshot: Snapshot, people: People, from: string): string {
  if (snapshot.rooms[bare(from)]) return resource(from) || 'The room';
  return chatName(snapshot, people, bare(from));
}

export function useChatName(jid: string): string {
  const { people } = useSession();
  const all = useStore(people, (value) => value);
  return useChat((snapshot) => chatName(snapshot, all, jid));
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

export const timeOf = (time: string): string => clock.format(new Date(time));
export const fullTime = (time: string): string => `${full.format(new Date(time))}, ${timeOf(time)}`;
export const dayKey = (time: string): string => new Date(time).toDateString();

/** As a separator between days. */
export function dayName(time: string): string {
  const age = daysAgo(time);
  if (age === 0) return 'Today';
  if (age === 1) return 'Yesterday';
  return age < 7 ? weekday.format(new Date(time)) : full.format(new Date(time));
}

/** As short as it is in the list of chats. */
export function shortTime(time: string): string {
  const age = daysAgo(time);
  if (age === 0) return timeOf(time);
  if (age === 1) return 'Yesterday';
  return age < 7 ? weekday.format(new Date(time)) : dayMonth.format(new Date(time));
}

function daysAgo(time: string): number {
  const midnight = (date: Date): number => new Date(date).setHours(0, 0, 0, 0);
  return Math.round((midnight(new Date()) - midnight(new Date(time))) / 86_400_000);
}

interface Named {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
}

/** Without what turns text round: a name that ends in `.exe` must not look as if it ended in `.pdf`. */
export function fileName({ name, url }: Named): string {
  const text = (name || url?.split(/[?#]/, 1)[0]?.split('/').at(-1)) ?? '';
  return text.replace(/\p{Bidi_Control}/gu, '').trim() || 'file';
}

export function sizeOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power > 0 && bytes / 1024 ** power < 10 ? 1 : 0)} ${units[power]}`;
}

export const showNames = {
  online: 'Online',
  chat: 'Free to chat',
  away: 'Away',
  xa: 'Away for long',
  dnd: 'Do not disturb',
  offline: 'Offline',
} as const;
export type ShowName = keyof typeof showNames;

export function showOf(presence: { type: string; show?: string | undefined } | undefined): ShowName {
  if (presence?.type !== 'available') return 'offline';
  return (presence.show as ShowName | undefined) ?? 'online';
}
