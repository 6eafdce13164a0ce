/** What is kept of an account, item by item: in memory, written through to the store. */
import type { Kept as KeptView, Records } from '../extension.ts';
import type { Store } from '../store/store.ts';

/** Where items are kept for good; each resolves when it is stored. */
export interface Keeper<T> {
  keyOf(item: T): string;
  save(item: T): Promise<void>;
  remove(key: string): Promise<void>;
}

export class Kept<T> implements KeptView<T> {
  readonly #items: Map<string, T>;
  readonly #keeper: Keeper<T>;

  constructor(items: readonly T[], keeper: Keeper<T>) {
    this.#items = new Map(items.map((item) => [keeper.keyOf(item), item]));
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): T | undefined {
    return this.#items.get(key);
  }

  values(): Iterable<T> {
    return this.#items.values();
  }

  save(item: T): Promise<void> {
    const key = this.#keeper.keyOf(item);
    const before = this.#items.get(key);
    this.#items.set(key, item);
    return this.#keeper.save(item).catch((error: unknown) => {
      if (this.#items.get(key) === item) this.#put(key, before);
      throw error;
    });
  }

  remove(key: string): Promise<void> {
    const before = this.#items.get(key);
    if (!this.#items.delete(key)) return Promise.resolve();
    return this.#keeper.remove(key).catch((error: unknown) => {
      if (!this.#items.has(key)) this.#put(key, before);
      throw error;
    });
  }

  #put(key: string, item: T | undefined): void {
    if (item) this.#items.set(key, item);
    else this.#items.delete(key);
  }
}

/** Keeps items as the account's records of that kind. */
export function asRecords<T>(store: Store, account: string, kind: string, keyOf: (item: T) => string): Keeper<T> {
  return {
    keyOf,
    save: (item) => store.saveRecord(account, kind, keyOf(item), item),
    remove: (key) => store.removeRecord(account, kind, key),
  };
}

/** What is read from the store each time. */
export function recordsOf(store: Store, account: string): Records {
  return {
    all: (kind) => store.records(account, kind),
    save: (kind, key, value) => store.saveRecord(account, kind, key, value),
    remove: (kind, key) => store.removeRecord(account, kind, key),
  };
}
