/** What an account keeps of rooms, one item a room, in memory and written through to where it is kept. */
import type { Kept as KeptView } from '../extension.ts';

/** Where items are kept for good; each resolves when it is stored. */
export interface Keeper<T> {
  save(item: T): Promise<void>;
  remove(room: string): Promise<void>;
}

export class Kept<T extends { readonly room: string }> implements KeptView<T> {
  readonly #items: Map<string, T>;
  readonly #keeper: Keeper<T>;

  constructor(items: readonly T[], keeper: Keeper<T>) {
    this.#items = new Map(items.map((item) => [item.room, item]));
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#items.size;
  }

  get(room: string): T | undefined {
    return this.#items.get(room);
  }

  values(): Iterable<T> {
    return this.#items.values();
  }

  save(item: T): Promise<void> {
    const before = this.#items.get(item.room);
    this.#items.set(item.room, item);
    return this.#keeper.save(item).catch((error: unknown) => {
      if (this.#items.get(item.room) === item) this.#put(item.room, before);
      throw error;
    });
  }

  remove(room: string): Promise<void> {
    const before = this.#items.get(room);
    if (!this.#items.delete(room)) return Promise.resolve();
    return this.#keeper.remove(room).catch((error: unknown) => {
      if (!this.#items.has(room)) this.#put(room, before);
      throw error;
    });
  }

  #put(room: string, item: T | undefined): void {
    if (item) this.#items.set(room, item);
    else this.#items.delete(room);
  }
}

/** Keeps for as long as the account is in memory. TODO(#4): the store's rows */
export function inMemory<T>(): Keeper<T> {
  return { save: () => Promise.resolve(), remove: () => Promise.resolve() };
}
