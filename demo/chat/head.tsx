/** Above a conversation: with whom, whether they are there, and what they are doing. */
import { bare, local, resource, showNames, showOf, useChatName } from '../names.ts';
import { useChat } from '../session.ts';
import { Avatar } from '../ui/avatar.tsx';
import { IconButton } from '../ui/button.tsx';
import { useView, useViews } from '../ui/view.ts';

export function Head({ chat }: { readonly chat: string }) {
  const views = useViews();
  const details = useView((view) => view.details);
  const name = useChatName(chat);
  const room = useChat((snapshot) => (snapshot.rooms[chat]?.room === chat ? snapshot.rooms[chat] : undefined));
  const contact = useChat((snapshot) => snapshot.contacts[chat]);
  return (
    <header class="head">
      <IconButton icon="back" label="Back to the chats" class="only-phone" onClick={() => views.open(undefined)} />
      <button type="button" class="head-who" onClick={() => views.change({ details: !details })}>
        <Avatar jid={chat} name={name} room={room !== undefined} show={contact && showOf(contact.presence)} />
        <span class="head-names">
          <span class="head-name">{name}</span>
          <Doing chat={chat} />
        </span>
      </button>
      <IconButton
        icon={room ? 'people' : 'info'}
        label={room ? 'About this room' : 'About this contact'}
        pressed={details}
        onClick={() => views.change({ details: !details })}
      />
    </header>
  );
}

function Doing({ chat }: { readonly chat: string }) {
  const typing = useChat((snapshot) => snapshot.typing[chat]);
  const room = useChat((snapshot) => snapshot.rooms[chat]);
  const count = useChat((snapshot) => Object.keys(snapshot.occupants[chat] ?? {}).length);
  const presence = useChat((snapshot) => snapshot.contacts[chat]?.presence);
  const isContact = useChat((snapshot) => snapshot.contacts[chat] !== undefined);
  const names = Object.entries(typing ?? {}).flatMap(([from, state]) => (state === 'composing' ? [from] : []));
  if (names.length > 0) {
    const who = names.map((from) => (room ? resource(from) : local(bare(from)))).join(', ');
    return (
      <span class="head-doing is-typing" aria-live="polite">
        {room ? `${who} typing …` : 'typing …'}
      </span>
    );
  }
  const text = room
    ? [room.joined ? `${count || room.occupants || 1} here` : 'not joined', room.subject].filter(Boolean).join(' · ')
    : isContact
      ? [showNames[showOf(presence)], presence?.status].filter(Boolean).join(' · ')
      : chat;
  return <span class="head-doing">{text}</span>;
}
