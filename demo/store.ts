/** Values that change and who wants to know: what `stanzawire/client/state` gives, and a hook that draws components anew. */
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface Readable<T> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => T;
}

export interface Writable<T> extends Readable<T> {
  set(value: T): void;
}

export function createStore<T>(initial: T): Writable<T> {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    getSnapshot: () => value,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set: (next) => {
      if (next === value) return;
      value = next;
      for (const listener of listeners) listener();
    },
  };
}

/** What `select` picks of the store. The component is drawn again only when that is another object. */
export function useStore<T, R>(store: Readable<T>, select: (value: T) => R): R {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const picked = select(store.getSnapshot());
  const latest = useRef({ select, picked });
  latest.current = { select, picked };
  useLayoutEffect(() => {
    const look = (): void => {
      const { select: pick, picked: before } = latest.current;
      if (pick(store.getSnapshot()) !== before) draw(undefined as never);
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return picked;
}
