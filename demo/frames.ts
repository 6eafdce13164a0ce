/** What passes on the socket, for the developer drawer: the newest frames, without tokens. */
import { createStore, type Readable } from './store.ts';

export interface TracedFrame {
  readonly number: number;
  readonly at: Date;
  readonly direction: 'in' | 'out';
  readonly type: string;
  readonly text: string;
}

export interface Frames extends Readable<readonly TracedFrame[]> {
  readonly trace: (direction: 'in' | 'out', text: string) => void;
  clear(): void;
}

/** The oldest go. */
const most = 400;
const longest = 20_000;

export function createFrames(): Frames {
  const store = createStore<readonly TracedFrame[]>([]);
  let number = 0;
  return {
    ...store,
    trace: (direction, text) => {
      const type = /"type":"([^"]+)"/.exec(text)?.[1] ?? '';
      const shown = hideTokens(text).slice(0, longest);
      const frame = { number: number++, at: new Date(), direction, type, text: shown };
      store.set([...store.getSnapshot().slice(1 - most), frame]);
    },
    clear: () => store.set([]),
  };
}

function hideTokens(text: string): string {
  return text.replace(/("token":"[^"]{8})[^"]*/g, '$1…');
}
