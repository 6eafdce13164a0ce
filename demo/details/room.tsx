/** A room: its subject, who is in it, one's own name there, and the ways in and out. */
import { useState } from 'preact/hooks';
import type { Room } from 'stanzawire/client';
import { useChatName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';
import { ChatOptions } from './chat-options.tsx';
import { Occupants } from './occupants.tsx';

export function RoomDetails({ room }: { readonly room: Room }) {
  const { client } = useSession();
  const views = useViews();
  const { room: jid, description, joined } = room;
  const name = useChatName(jid);
  const leave = async (): Promise<void> => {
    if (await views.attempt(client.request('room.leave', { room: jid }), `You have left ${name}`))
      views.open(undefined);
  };
  return (
    <>
      <div class="portrait">
        <Avatar jid={jid} name={name} size="huge" room />
        <h3>{name}</h3>
        <p class="soft address">{jid}</p>
        {description && <p>{description}</p>}
        <p class="tags">
          {room.membersOnly && <span>members only</span>}
          {room.moderated && <span>moderated</span>}
          {room.passwordProtected && <span>password</span>}
          {room.public === false && <span>hidden</span>}
          {room.persistent === false && <span>temporary</span>}
        </p>
      </div>
      <ChatOptions chat={jid} />
      {joined && (
        <>
          <OneLine
            label="Subject"
            value={room.subject ?? ''}
            save={(subject) => client.request('room.subject', { room: jid, subject })}
          />
          <OneLine
            label="Your name here"
            value={room.nick ?? ''}
            save={(nick) => client.request('room.nick', { room: jid, nick })}
          />
          <button type="button" onClick={() => views.change({ dialog: 'invite' })}>
            <Icon name="add" />
            Invite somebody
          </button>
          <Occupants room={jid} />
          <button type="button" class="danger" onClick={() => void leave()}>
            <Icon name="leave" />
            Leave {name}
          </button>
        </>
      )}
    </>
  );
}

interface LineProps {
  readonly label: string;
  readonly value: string;
  readonly save: (text: string) => Promise<unknown>;
}

function OneLine({ label, value, save }: LineProps) {
  const views = useViews();
  const isOnline = useChat((snapshot) => snapshot.status === 'online');
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  // Somebody else has changed it.
  if (shown !== value) {
    setShown(value);
    setText(value);
  }
  const submit = (event: Event): void => {
    event.preventDefault();
    void views.attempt(save(text.trim()), 'Saved');
  };
  return (
    <form onSubmit={submit}>
      <label>
        {label}
        <span class="row">
          <input
            value={text}
            maxLength={500}
            dir="auto"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit" disabled={text.trim() === value || !isOnline}>
            Save
          </button>
        </span>
      </label>
    </form>
  );
}
