/** Conversations by their last message, pinned ones first; then contacts and rooms with which there is none yet. */
import type { Message } from 'stanzawire/client';
import type { Snapshot } from 'stanzawire/client/state';
import { bare, chatName, fileName, resource, shortTime, showOf } from '../names.ts';
import type { Person } from '../people.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { useView, useViews } from '../ui/view.ts';

interface Props {
  /** Shows only those whose name or address has it. */
  readonly query: string;
  readonly onOpen: () => void;
}

export function ChatList({ query, onOpen }: Props) {
  const { people } = useSession();
  const all = useStore(people, (value) => value);
  const snapshot = useChat((value) => value);
  const open = useView((view) => view.chat);
  const keys = sorted(snapshot).filter((jid) => matches(chatName(snapshot, all, jid), jid, query));
  if (snapshot.user === undefined) return <Skeleton />;
  if (keys.length === 0) return <NoChats searching={query !== ''} />;
  return (
    <ul class="chats">
      {keys.map((jid) => (
        <Item key={jid} jid={jid} people={all} snapshot={snapshot} selected={jid === open} onOpen={onOpen} />
      ))}
    </ul>
  );
}

interface ItemProps {
  readonly jid: string;
  readonly people: Readonly<Record<string, Person>>;
  readonly snapshot: Snapshot;
  readonly selected: boolean;
  readonly onOpen: () => void;
}

function Item({ jid, people, snapshot, selected, onOpen }: ItemProps) {
  const views = useViews();
  const chat = snapshot.chats[jid];
  const room = snapshot.rooms[jid];
  const name = chatName(snapshot, people, jid);
  const time = chat?.last?.time;
  const unread = chat?.unread ?? 0;
  const mentioned = (chat?.mentions ?? 0) > 0;
  const contact = snapshot.contacts[jid];
  return (
    <li>
      <a
        href={`#${encodeURIComponent(jid)}`}
        class={unread > 0 && !chat?.muted ? 'chat unread' : 'chat'}
        aria-current={selected ? 'true' : undefined}
        onClick={(event) => {
          event.preventDefault();
          onOpen();
          views.open(jid);
        }}
      >
        <Avatar jid={jid} name={name} room={room !== undefined} show={contact && showOf(contact.presence)} />
        <span class="chat-name">{name}</span>
        <span class="chat-marks">
          {chat?.pinned && <Icon name="pin" />}
          {chat?.muted && <Icon name="mute" />}
          {time !== undefined && <time dateTime={time}>{shortTime(time)}</time>}
        </span>
        <span class="chat-last">
          <Preview jid={jid} snapshot={snapshot} />
        </span>
        {unread > 0 && (
          <span class={chat?.muted ? 'badge muted' : 'badge'}>
            {mentioned ? '@' : ''}
            {unread > 99 ? '99+' : unread}
            <span class="hidden"> unread</span>
          </span>
        )}
      </a>
    </li>
  );
}

function Preview({ jid, snapshot }: { readonly jid: string; readonly snapshot: Snapshot }) {
  const typing = Object.entries(snapshot.typing[jid] ?? {}).filter(([, state]) => state === 'composing');
  if (typing.length > 0) return <em class="is-typing">typing …</em>;
  const last = snapshot.messages[jid]?.at(-1) ?? snapshot.chats[jid]?.last;
  if (last) return <>{previewOf(last as Message, snapshot)}</>;
  const contact = snapshot.contacts[jid];
  const room = snapshot.rooms[jid];
  if (contact?.ask) return <>Waits for their answer</>;
  if (room) return <>{room.joined ? `${room.occupants ?? 1} here` : 'Not joined'}</>;
  return <>{contact?.presence?.status || jid}</>;
}

function previewOf(message: Message, snapshot: Snapshot): string {
  const inRoom = snapshot.rooms[bare(message.from)] !== undefined;
  const who = message.outgoing ? 'You: ' : inRoom ? `${resource(message.from)}: ` : '';
  if (message.retracted) return `${who}message deleted`;
  const text = message.spoiler === undefined ? message.body : 'Spoiler';
  return who + (text || message.files?.map(fileName).join(', ') || message.subject || '…');
}

/** Messages of this page are newer than what the list of chats has. */
function sorted({ chats, contacts, rooms, messages }: Snapshot): string[] {
  const keys = new Set([...Object.keys(chats), ...Object.keys(contacts), ...Object.keys(rooms)]);
  const time = (jid: string): string => messages[jid]?.at(-1)?.time ?? chats[jid]?.last?.time ?? '';
  const rank = (jid: string): string => `${chats[jid]?.pinned ? 1 : 0}${time(jid)}`;
  return [...keys]
    .filter((jid) => !chats[jid]?.archived)
    .toSorted((a, b) => rank(b).localeCompare(rank(a)) || a.localeCompare(b));
}

function matches(name: string, jid: string, query: string): boolean {
  return `${name} ${jid}`.toLowerCase().includes(query.toLowerCase());
}

function NoChats({ searching }: { readonly searching: boolean }) {
  return (
    <p class="nothing">
      {searching ? 'No chat has that name.' : 'No chats yet. The plus above adds a contact or finds a room.'}
    </p>
  );
}

function Skeleton() {
  return (
    <ul class="chats" aria-hidden="true">
      {[1, 2, 3, 4].map((row) => (
        <li key={row} class="chat skeleton" />
      ))}
    </ul>
  );
}
