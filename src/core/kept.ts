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
  /** Made with the first one: most accounts have most of these empty. */
  #items: Map<string, T> | undefined;
  readonly #keeper: Keeper<T>;

  constructor(items: readonly T[], keeper: Keeper<T>) {
    if (items.length > 0) this.#items = new Map(items.map((item) => [keeper.keyOf(item), item]));
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#items?.size ?? 0;
  }

  get(key: string): T | undefined {
    return this.#items?.get(key);
  }

  values(): Iterable<T> {
    return this.#items?.values() ?? [];
  }

  save(item: T): Promise<void> {
    const key = this.#keeper.keyOf(item);
    this.#items ??= new Map();
    const items = this.#items;
    const before = items.get(key);
    items.set(key, item);
    return this.#keeper.save(item).catch((error: unknown) => {
      if (items.get(key) === item) put(items, key, before);
      throw error;
    });
  }

  remove(key: string): Promise<void> {
    const items = this.#items;
    const before = items?.get(key);
    if (!items?.delete(key)) return Promise.resolve();
    return this.#keeper.remove(key).catch((error: unknown) => {
      if (!items.has(key)) put(items, key, before);
      throw error;
    });
  }
}

function put<T>(items: Map<string, T>, key: string, item: T | undefined): void {
  if (item === undefined) items.delete(key);
  else items.set(key, item);
}

/** Keeps items as the account's records of that kind. */
export class RecordKeeper<T> implements Keeper<T> {
  readonly #store: Store;
  readonly #account: string;
  readonly #kind: string;
  readonly keyOf: (item: T) => string;

  constructor(store: Store, account: string, kind: string, keyOf: (item: T) => string) {
    this.#store = store;
    this.#account = account;
    this.#kind = kind;
    this.keyOf = keyOf;
  }

  save(item: T): Promise<void> {
    return this.#store.saveRecord(this.#account, this.#kind, this.keyOf(item), item);
  }

  remove(key: string): Promise<void> {
    return this.#store.removeRecord(this.#account, this.#kind, key);
  }
}

/** What is read from the store each time. */
export class AccountRecords implements Records {
  readonly #store: Store;
  readonly #account: string;

  constructor(store: Store, account: string) {
    this.#store = store;
    this.#account = account;
  }

  all(kind: string): ReturnType<Records['all']> {
    return this.#store.records(this.#account, kind);
  }

  save(kind: string, key: string, value: unknown): Promise<void> {
    return this.#store.saveRecord(this.#account, kind, key, value);
  }

  remove(kind: string, key: string): Promise<void> {
    return this.#store.removeRecord(this.#account, kind, key);
  }
}
