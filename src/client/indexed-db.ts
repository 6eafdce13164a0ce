/** Unsent messages in IndexedDB: they outlive the tab and the browser. */
import type { Outbox, Unsent } from './types.ts';

/** The part of IndexedDB that is used. */
interface Request<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface Store {
  getAll(): Request<Unsent[]>;
  put(value: Unsent, key: string): Request<unknown>;
  delete(key: string): Request<unknown>;
}
interface Database {
  transaction(store: string, mode: 'readwrite'): { objectStore(name: string): Store };
  createObjectStore(name: string): unknown;
}
interface Factory {
  open(name: string, version: number): Request<Database> & { onupgradeneeded: (() => void) | null };
}

const store = 'unsent';

/** `name` tells the users of one browser apart: give each of them another one. */
export function indexedDbOutbox(name: string): Outbox {
  let opened: Promise<Database> | undefined;
  const open = (): Promise<Database> => {
    const { indexedDB } = globalThis as unknown as { indexedDB: Factory };
    const request = indexedDB.open(`stanzawire-${name}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    return answer(request);
  };
  const ask = async <T>(question: (from: Store) => Request<T>): Promise<T> => {
    opened ??= open();
    const database = await opened;
    return answer(question(database.transaction(store, 'readwrite').objectStore(store)));
  };
  return {
    async all() {
      const all = await ask((from) => from.getAll());
      return all.toSorted((a, b) => a.at - b.at);
    },
    async put(unsent) {
      await ask((into) => into.put(unsent, unsent.data.id));
    },
    async remove(id) {
      await ask((from) => from.delete(id));
    },
  };
}

function answer<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}
