/** An account's contacts in memory, written through to the store. */
import type { Roster as RosterView } from '../extension.ts';
import type { RosterItem, Store } from '../store/store.ts';

export class Roster implements RosterView {
  readonly #account: string;
  readonly #store: Store;
  readonly #items: Map<string, RosterItem>;

  constructor(account: string, items: readonly RosterItem[], store: Store) {
    this.#account = account;
    this.#store = store;
    this.#items = new Map(items.map((item) => [item.jid, item]));
  }

  get(bare: string): RosterItem | undefined {
    return this.#items.get(bare);
  }

  get size(): number {
    return this.#items.size;
  }

  values(): Iterable<RosterItem> {
    return this.#items.values();
  }

  /** Takes effect at once, so that stanzas right behind see it; resolves when it is stored. */
  save(item: RosterItem): Promise<void> {
    const before = this.#items.get(item.jid);
    this.#items.set(item.jid, item);
    return this.#store.saveRosterItem(this.#account, item).catch((error: unknown) => {
      if (this.#items.get(item.jid) === item) this.#put(item.jid, before);
      throw error;
    });
  }

  remove(bare: string): Promise<void> {
    const before = this.#items.get(bare);
    this.#items.delete(bare);
    return this.#store.removeRosterItem(this.#account, bare).catch((error: unknown) => {
      if (!this.#items.has(bare)) this.#put(bare, before);
      throw error;
    });
  }

  #put(bare: string, item: RosterItem | undefined): void {
    if (item) this.#items.set(bare, item);
    else this.#items.delete(bare);
  }
}
