/** What the user wants of a conversation: pinned, muted. */
import { useChat, useSession } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';

export function ChatOptions({ chat }: { readonly chat: string }) {
  const { client } = useSession();
  const views = useViews();
  const known = useChat((snapshot) => snapshot.chats[chat]);
  if (!known) return null;
  const set = (part: { pinned?: boolean; muted?: boolean }): void =>
    void views.attempt(client.request('chat.update', { chat, ...part }));
  return (
    <div class="row">
      <button type="button" aria-pressed={known.pinned === true} onClick={() => set({ pinned: !known.pinned })}>
        <Icon name="pin" />
        {known.pinned ? 'Unpin' : 'Pin'}
      </button>
      <button type="button" aria-pressed={known.muted === true} onClick={() => set({ muted: !known.muted })}>
        <Icon name="mute" />
        {known.muted ? 'Unmute' : 'Mute'}
      </button>
    </div>
  );
}
