/** The developer drawer: what passes on the socket, frame by frame. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TracedFrame } from './frames.ts';
import { useSession } from './session.ts';
import { useStore } from './store.ts';
import { IconButton } from './ui/button.tsx';
import { useViews } from './ui/view.ts';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function Drawer() {
  const { frames } = useSession();
  const views = useViews();
  const all = useStore(frames, (value) => value);
  const [query, setQuery] = useState('');
  const [quiet, setQuiet] = useState(true);
  const list = useRef<HTMLOListElement>(null);
  const shown = all.filter(({ text, type }) => text.includes(query) && !(quiet && /^(ping|pong|ack)$/.test(type)));
  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length]);
  return (
    <aside class="drawer" aria-label="Frames">
      <header>
        <h2>
          Frames <span class="soft">{shown.length}</span>
        </h2>
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter frames"
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={quiet} onChange={() => setQuiet(!quiet)} />
          hide heartbeats
        </label>
        <IconButton icon="trash" label="Clear" onClick={() => frames.clear()} />
        <IconButton icon="close" label="Close" onClick={() => views.change({ drawer: false })} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <ol ref={list} class="frames" tabIndex={0} aria-label="Frames, oldest first">
        {shown.map((frame) => (
          <Frame key={frame.number} frame={frame} />
        ))}
      </ol>
    </aside>
  );
}

function Frame({ frame: { at, direction, type, text } }: { readonly frame: TracedFrame }) {
  const [open, setOpen] = useState(false);
  return (
    <li class={`frame ${direction}${type === 'error' ? ' bad' : ''}`}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="arrow" role="img" aria-label={direction === 'out' ? 'sent' : 'received'}>
          {direction === 'out' ? '→' : '←'}
        </span>
        <time dateTime={at.toISOString()}>{clock.format(at)}</time>
        <code>{open ? pretty(text) : text.slice(0, 400)}</code>
      </button>
    </li>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
