/** The messages of a chat, oldest first: days between them, older ones as one scrolls up, and the end kept in view. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ShownMessage } from 'stanzawire/client/state';
import { bare, dayKey, dayName } from '../names.ts';
import { useChat, useSession } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { explain } from '../ui/view.ts';
import type { About } from './about.ts';
import { Message } from './message.tsx';
import { useRoving } from './roving.ts';

const pageSize = 40;
const groupMs = 5 * 60_000;
const nearEndPx = 80;
const none: readonly ShownMessage[] = [];

interface Props {
  readonly chat: string;
  readonly onAbout: (about: About) => void;
}

export function Timeline({ chat, onAbout }: Props) {
  const messages = useChat((snapshot) => snapshot.messages[chat] ?? none);
  const box = useRef<HTMLDivElement>(null);
  const older = useOlder(chat, box);
  const { atEnd, toEnd } = useEnd(chat, messages, box);
  const newFrom = useFirstUnread(chat, messages);
  useRoving(box);
  return (
    <div class="timeline-place">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <div class="timeline" ref={box} role="log" aria-label="Messages" aria-busy={older.loading} tabIndex={0}>
        <div class="older" ref={older.sentinel}>
          {older.loading && <span class="spinner" role="img" aria-label="Loading older messages" />}
          {older.problem !== undefined && <span class="soft">{older.problem}</span>}
          {older.complete && <Beginning chat={chat} empty={messages.length === 0} />}
        </div>
        <ol class="messages">
          {messages.map((message, at) => {
            const before = messages[at - 1];
            const isNewDay = before === undefined || dayKey(before.time) !== dayKey(message.time);
            const isNew = newFrom !== undefined && message.id === newFrom;
            return [
              isNewDay && (
                <li key={`day ${message.time}`} class="day">
                  <time dateTime={message.time}>{dayName(message.time)}</time>
                </li>
              ),
              isNew && (
                <li key="new" class="new-from">
                  New
                </li>
              ),
              <Message
                key={message.originId ?? message.id}
                message={message}
                first={isNewDay || isNew || !before || !isSameGroup(before, message)}
                onAbout={onAbout}
              />,
            ];
          })}
        </ol>
      </div>
      {!atEnd && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" />
          <span class="hidden">To the newest message</span>
        </button>
      )}
    </div>
  );
}

function isSameGroup(before: ShownMessage, message: ShownMessage): boolean {
  const sameAuthor =
    message.type === 'groupchat'
      ? before.from === message.from
      : before.outgoing === message.outgoing && bare(before.from) === bare(message.from);
  return sameAuthor && Date.parse(message.time) - Date.parse(before.time) < groupMs;
}

function Beginning({ chat, empty }: { readonly chat: string; readonly empty: boolean }) {
  return (
    <p class="beginning">
      {empty ? 'No messages yet. Say hello!' : 'This is where it began.'}
      <span class="soft">{chat}</span>
    </p>
  );
}

/** Loads the newest page when the chat is opened, and one more whenever the top comes into view. */
function useOlder(chat: string, box: { current: HTMLDivElement | null }) {
  const { state } = useSession();
  const complete = useChat((snapshot) => snapshot.complete[chat] === true);
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState<string>();
  const sentinel = useRef<HTMLDivElement>(null);
  const busy = useRef(false);
  useEffect(() => {
    if (complete || !sentinel.current) return;
    const load = async (): Promise<void> => {
      if (busy.current) return;
      busy.current = true;
      setLoading(true);
      try {
        await state.load(chat, pageSize);
        setProblem(undefined);
      } catch (error) {
        setProblem(`Older messages cannot be read: ${explain(error)}`);
      }
      busy.current = false;
      setLoading(false);
    };
    // It is asked anew after each page: what is still in view loads the next one.
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void load(), {
      root: box.current,
      rootMargin: '200px',
    });
    if (problem === undefined && !loading) observer.observe(sentinel.current);
    return () => observer.disconnect();
  }, [state, chat, complete, loading, problem]);
  return { loading, problem, complete, sentinel };
}

/** Stays at the end while one is there; keeps what is in view where it is when older messages come above. */
function useEnd(chat: string, messages: readonly ShownMessage[], box: { current: HTMLDivElement | null }) {
  const { state } = useSession();
  const [atEnd, setAtEnd] = useState(true);
  const before = useRef({ height: 0, first: '', atEnd: true });
  const read = (): void => {
    if (!document.hidden && document.hasFocus()) state.read(chat);
  };
  const toEnd = (): void => box.current?.scrollTo({ top: box.current.scrollHeight });
  const first = messages[0]?.id ?? '';
  const last = messages.at(-1);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const was = before.current;
    if (was.atEnd || last?.draft) node.scrollTop = node.scrollHeight;
    else if (first !== was.first) node.scrollTop += node.scrollHeight - was.height;
    before.current = { ...was, height: node.scrollHeight, first };
    if (was.atEnd) read();
  }, [messages]);
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const look = (): void => {
      const isAtEnd = node.scrollHeight - node.scrollTop - node.clientHeight < nearEndPx;
      before.current = { ...before.current, height: node.scrollHeight, atEnd: isAtEnd };
      setAtEnd(isAtEnd);
      if (isAtEnd) read();
    };
    // Images that arrive late, and a keyboard that opens, move the end.
    const observer = new ResizeObserver(() => before.current.atEnd && toEnd());
    for (const child of [node, ...node.children]) observer.observe(child);
    node.addEventListener('scroll', look, { passive: true });
    addEventListener('focus', look);
    return () => {
      observer.disconnect();
      node.removeEventListener('scroll', look);
      removeEventListener('focus', look);
    };
  }, [chat]);
  return { atEnd, toEnd };
}

/** The message before which "New" stands: as it was when the chat was opened. */
function useFirstUnread(chat: string, messages: readonly ShownMessage[]): string | undefined {
  const { state } = useSession();
  const opened = useRef(state.getSnapshot().chats[chat]);
  const found = useRef<string>(undefined);
  const { unread = 0, readUpTo } = opened.current ?? {};
  if (found.current === undefined && unread > 0) {
    const at = messages.findIndex(({ id }) => id === readUpTo?.id);
    if (at >= 0) found.current = messages.slice(at + 1).find(({ outgoing }) => !outgoing)?.id;
  }
  return found.current;
}
