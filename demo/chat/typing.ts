/** Tells the other side that somebody types (XEP-0085): once when it begins, and when the keys rest. */
import { useEffect, useRef } from 'preact/hooks';
import { useSession } from '../session.ts';

const pausedAfterMs = 5000;

export function useTyping(chat: string): { typed(text: string): void; sent(): void } {
  const { client } = useSession();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const composing = useRef(false);
  const stop = (state: 'paused' | 'active' | undefined): void => {
    clearTimeout(timer.current);
    if (composing.current && state) client.tell('typing.send', { to: chat, state });
    composing.current = false;
  };
  useEffect(() => () => stop('paused'), [chat]);
  return {
    typed: (text) => {
      if (text === '') return stop('active');
      if (!composing.current) client.tell('typing.send', { to: chat, state: 'composing' });
      composing.current = true;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => stop('paused'), pausedAfterMs);
    },
    // A message ends its sender's typing by itself.
    sent: () => stop(undefined),
  };
}
