/** Who felt what about a message. A click joins in, or takes back. */
import type { Client } from 'stanzawire/client';
import type { ShownMessage, Snapshot } from 'stanzawire/client/state';
import { authorName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { useViews } from '../ui/view.ts';

export function Reactions({ message }: { readonly message: ShownMessage }) {
  const { client, people } = useSession();
  const views = useViews();
  const all = useStore(people, (value) => value);
  const snapshot = useChat((value) => value);
  const own = ownName(snapshot, message.chat);
  const counts = new Map<string, string[]>();
  for (const [from, set] of Object.entries(message.reactions ?? {})) {
    for (const emoji of set) counts.set(emoji, [...(counts.get(emoji) ?? []), from]);
  }
  if (counts.size === 0) return null;
  const nameOf = (from: string): string => (from === own ? 'you' : authorName(snapshot, all, from));
  return (
    <ul class="reactions" aria-label="Reactions">
      {[...counts].map(([emoji, froms]) => (
        <li key={emoji}>
          <button
            type="button"
            aria-pressed={froms.includes(own)}
            aria-label={`${emoji} by ${froms.map(nameOf).join(', ')}`}
            title={froms.map(nameOf).join(', ')}
            onClick={() => void views.attempt(react(client, snapshot, message, emoji))}
          >
            <span>{emoji}</span>
            {froms.length > 1 && <span class="count">{froms.length}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Adds the emoji to the own set, or takes it out. */
export function react(client: Client, snapshot: Snapshot, message: ShownMessage, emoji: string): Promise<unknown> {
  const before = message.reactions?.[ownName(snapshot, message.chat)] ?? [];
  const reactions = before.includes(emoji) ? before.filter((one) => one !== emoji) : [...before, emoji];
  return client.request('message.react', { to: message.chat, id: message.id, reactions });
}

/** The key of one's own reactions: in a room one is an occupant. */
function ownName({ rooms, user = '' }: Snapshot, chat: string): string {
  const room = rooms[chat];
  return room?.nick === undefined ? user : `${chat}/${room.nick}`;
}
