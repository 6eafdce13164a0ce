/** Messages that have the words, from the gateway's archive. */
import { useEffect, useState } from 'preact/hooks';
import type { Message } from 'stanzawire/client';
import { authorName, chatName, shortTime } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { useStore } from '../store.ts';
import { useViews } from '../ui/view.ts';

const pauseMs = 300;
const most = 20;

export function SearchResults({ query, onOpen }: { readonly query: string; readonly onOpen: () => void }) {
  const { client, people } = useSession();
  const views = useViews();
  const all = useStore(people, (value) => value);
  const snapshot = useChat((value) => value);
  const [found, setFound] = useState<readonly Message[]>();
  useEffect(() => {
    let current = true;
    const timer = setTimeout(async () => {
      const page = await client.request('history.get', { text: query, max: most }).catch(() => undefined);
      if (!current) return;
      const messages = page?.items.flatMap(({ type, data }) => (type === 'message' ? [data as Message] : []));
      setFound(messages?.toReversed() ?? []);
    }, pauseMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [client, query]);
  return (
    <section aria-labelledby="found-title" aria-busy={found === undefined}>
      <h2 id="found-title" class="list-title">
        Messages
      </h2>
      <p class="hidden" role="status">
        {found === undefined ? 'Searching' : `${found.length} messages found`}
      </p>
      {found?.length === 0 && <p class="nothing">No message has these words.</p>}
      <ul class="found">
        {found?.map((message) => (
          <li key={message.archiveId ?? message.id}>
            <button
              type="button"
              onClick={() => {
                onOpen();
                views.open(message.chat);
              }}
            >
              <span class="chat-name">{chatName(snapshot, all, message.chat)}</span>
              <time dateTime={message.time}>{shortTime(message.time)}</time>
              <span class="chat-last">
                {message.outgoing ? 'You' : authorName(snapshot, all, message.from)}: {message.body}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
