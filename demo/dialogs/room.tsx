/** Finds a room and joins it, or makes a new one. */
import { useEffect, useState } from 'preact/hooks';
import { local } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { explain, useViews } from '../ui/view.ts';

interface Found {
  readonly jid: string;
  readonly name?: string | undefined;
}

export function RoomDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useSession();
  const views = useViews();
  const [text, setText] = useState('');
  const [password, setPassword] = useState('');
  const [needsPassword, setNeedsPassword] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const service = client.services?.rooms;
  const room = roomOf(text, service);
  const join = async (jid: string): Promise<void> => {
    try {
      await client.request('room.join', { room: jid, history: { max: 0 }, ...(password ? { password } : {}) });
      views.open(jid);
    } catch (error) {
      const locked = (error as { code?: string }).code === 'not-authorized';
      setNeedsPassword(locked ? jid : undefined);
      setProblem(locked ? 'This room has a password' : explain(error));
    }
  };
  const create = async (): Promise<void> => {
    if (room === undefined) return;
    const values = { name: text.trim().split('@', 1)[0] ?? '', persistent: true, public: true };
    try {
      await client.request('room.create', { room, values });
      views.open(room);
    } catch (error) {
      setProblem(explain(error));
    }
  };
  return (
    <Dialog title="Rooms" onClose={onClose}>
      <form
        class="column"
        onSubmit={(event) => {
          event.preventDefault();
          if (room !== undefined) void join(needsPassword ?? room);
        }}
      >
        <label>
          Name or address
          <input
            value={text}
            required
            autocomplete="off"
            placeholder={service === undefined ? 'room@rooms.example.com' : 'garden'}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        {needsPassword !== undefined && (
          <label>
            Password
            <input type="password" value={password} onInput={({ currentTarget }) => setPassword(currentTarget.value)} />
          </label>
        )}
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <Directory query={text} onJoin={(jid) => void join(jid)} />
        <div class="row end">
          <button type="button" disabled={room === undefined} onClick={() => void create()}>
            Create
          </button>
          <button type="submit" class="primary" disabled={room === undefined}>
            Join
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A name becomes an address at the server's own room service. */
function roomOf(text: string, service: string | undefined): string | undefined {
  const name = text.trim().toLowerCase().replace(/\s+/g, '-');
  if (name === '') return undefined;
  if (name.includes('@')) return name;
  return service === undefined ? undefined : `${name}@${service}`;
}

const pauseMs = 250;

function Directory({ query, onJoin }: { readonly query: string; readonly onJoin: (jid: string) => void }) {
  const { client } = useSession();
  const rooms = useChat((snapshot) => snapshot.rooms);
  const [found, setFound] = useState<readonly Found[]>();
  useEffect(() => {
    let current = true;
    const timer = setTimeout(async () => {
      const text = query.split('@', 1)[0]?.trim();
      const page = await client
        .request('directory.search', { ...(text ? { text } : {}), max: 30 })
        .catch(() => undefined);
      if (current) setFound(page?.items ?? []);
    }, pauseMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [client, query]);
  if (found === undefined) return <p class="soft">Looking …</p>;
  if (found.length === 0) return <p class="soft">No public room fits. You may create one.</p>;
  return (
    <ul class="directory" aria-label="Public rooms">
      {found.map(({ jid, name }) => (
        <li key={jid}>
          <button type="button" onClick={() => onJoin(jid)}>
            <Avatar jid={jid} name={name ?? local(jid)} size="small" room />
            <span class="chat-name">{name || local(jid)}</span>
            <span class="chat-last">{rooms[jid]?.joined ? 'joined' : jid}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
