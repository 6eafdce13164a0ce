/** Beside a conversation: all about the contact, or about the room. */
import { bare } from '../names.ts';
import { useChat } from '../session.ts';
import { IconButton } from '../ui/button.tsx';
import { useViews } from '../ui/view.ts';
import { ContactDetails } from './contact.tsx';
import { RoomDetails } from './room.tsx';

export function Details({ chat }: { readonly chat: string }) {
  const views = useViews();
  const room = useChat((snapshot) => snapshot.rooms[chat]);
  return (
    <aside class="details" aria-label={room ? 'About this room' : 'About this contact'}>
      <header>
        <h2>{room ? 'Room' : 'Contact'}</h2>
        <IconButton icon="close" label="Close details" onClick={() => views.change({ details: false })} />
      </header>
      <div class="details-body">
        {room ? <RoomDetails room={room} /> : <ContactDetails jid={bare(chat)} chat={chat} />}
      </div>
    </aside>
  );
}
