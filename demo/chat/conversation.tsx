/** One conversation: its head, its messages, and the place to write. Files may be dropped anywhere on it. */
import { useEffect, useState } from 'preact/hooks';
import { bare } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';
import { type About, isEditable } from './about.ts';
import { Composer } from './composer.tsx';
import { Head } from './head.tsx';
import { Timeline } from './timeline.tsx';
import { UploadList, useUploads } from './uploads.tsx';

export function Conversation({ chat }: { readonly chat: string }) {
  const { state } = useSession();
  const room = useChat((snapshot) => snapshot.rooms[bare(chat)]);
  const [about, setAbout] = useState<About>();
  const uploads = useUploads(chat);
  const drop = useDrop(uploads.add);
  useRoom(chat, room?.joined === true);
  useEffect(() => {
    const closeOnEscape = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') setAbout(undefined);
    };
    addEventListener('keydown', closeOnEscape);
    return () => removeEventListener('keydown', closeOnEscape);
  }, []);
  const editLast = (): void => {
    const last = state.getSnapshot().messages[chat]?.findLast(isEditable);
    if (last) setAbout({ kind: 'edit', message: last });
  };
  const canWrite = room === undefined || (room.joined && room.role !== 'visitor');
  return (
    <section class={drop.over ? 'chat-view dropping' : 'chat-view'} aria-label="Conversation" {...drop.on}>
      <Head chat={chat} />
      <Timeline chat={chat} onAbout={setAbout} />
      <UploadList uploads={uploads} />
      {canWrite ? (
        <Composer
          chat={chat}
          about={about}
          onDone={() => setAbout(undefined)}
          onFiles={uploads.add}
          onEditLast={editLast}
        />
      ) : (
        <CannotWrite chat={chat} joined={room.joined} />
      )}
      {drop.over && (
        <div class="drop-here">
          <Icon name="attach" />
          Drop to send
        </div>
      )}
    </section>
  );
}

/** All who are in the room, once it is opened. */
function useRoom(chat: string, joined: boolean): void {
  const { state } = useSession();
  useEffect(() => {
    if (joined) state.loadOccupants(bare(chat)).catch(() => undefined);
  }, [state, chat, joined]);
}

function CannotWrite({ chat, joined }: { readonly chat: string; readonly joined: boolean }) {
  const { client } = useSession();
  const views = useViews();
  if (joined) return <p class="cannot-write">You may read here, but not write.</p>;
  return (
    <div class="cannot-write">
      <span>You are not in this room.</span>
      <button
        type="button"
        class="primary"
        onClick={() => void views.attempt(client.request('room.join', { room: bare(chat), history: { max: 0 } }))}
      >
        Join
      </button>
    </div>
  );
}

function useDrop(add: (files: readonly File[]) => void) {
  const [over, setOver] = useState(false);
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  return {
    over,
    on: {
      onDragOver: (event: DragEvent) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event: DragEvent) => {
        const inside =
          event.relatedTarget instanceof Node && (event.currentTarget as Node).contains(event.relatedTarget);
        if (!inside) setOver(false);
      },
      onDrop: (event: DragEvent) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        add([...(event.dataTransfer?.files ?? [])]);
      },
    },
  };
}
