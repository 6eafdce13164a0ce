/** Tells of what is unread: in the title of the tab, and, where the user has allowed it, by a notification. */
import { useEffect } from 'preact/hooks';
import { authorName, chatName } from './names.ts';
import { wakeMe } from './push.ts';
import { useChat, useSession } from './session.ts';
import { useViews } from './ui/view.ts';

const title = 'Stanzawire chat';

export function useNotifications(): void {
  const { client, state, people } = useSession();
  const views = useViews();
  const unread = useChat(({ chats }) =>
    Object.values(chats).reduce((sum, chat) => sum + (chat.muted || chat.archived ? 0 : chat.unread), 0),
  );
  useEffect(() => {
    if (!('Notification' in globalThis && 'serviceWorker' in navigator)) return;
    // Without a push service the page still notifies by itself, while it is open.
    client.ready.then(() => wakeMe(client)).catch(() => undefined);
    const opened = ({ data }: MessageEvent<{ chat: string }>): void => views.open(data.chat);
    navigator.serviceWorker.addEventListener('message', opened);
    return () => navigator.serviceWorker.removeEventListener('message', opened);
  }, [client, views]);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }, [unread]);
  useEffect(
    () =>
      client.on('message', (message, origin) => {
        const snapshot = state.getSnapshot();
        const { chat, outgoing, body, from } = message;
        const seen = document.hasFocus() && views.getSnapshot().chat === chat;
        if (origin !== 'live' || outgoing || seen || body === undefined || snapshot.chats[chat]?.muted) return;
        if (!('Notification' in globalThis) || Notification.permission !== 'granted' || document.hasFocus()) return;
        const all = people.getSnapshot();
        const icon = all[chat]?.avatarUrl ?? '/icon.svg';
        const where = chatName(snapshot, all, chat);
        const who = authorName(snapshot, all, from);
        const note = new Notification(who === where ? where : `${who} in ${where}`, { body, icon, tag: chat });
        note.onclick = () => {
          window.focus();
          views.open(chat);
          note.close();
        };
      }),
    [client, state, people, views],
  );
}
