/** One immutable value and who wants to know of its changes; changes of one turn are told once. */
import { empty, type Part, type Snapshot } from './snapshot.ts';

export class Store {
  #snapshot = empty;
  readonly #listeners = new Set<() => void>();
  #telling = false;

  /** Has the listener called after changes, until the returned function is. May be handed on without its object. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** The same object until something changes. May be handed on without its object. */
  readonly getSnapshot = (): Snapshot => this.#snapshot;

  set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const listener of this.#listeners) listener();
    });
  }

  /** One entry of one part; undefined removes it. */
  put<P extends Part>(part: P, key: string, value: Snapshot[P][string] | undefined): void {
    const { [key]: before, ...others } = this.#snapshot[part] as Record<string, unknown>;
    if (value !== before) this.set({ [part]: value === undefined ? others : { ...others, [key]: value } });
  }

  /** One entry of one entry, as a nick in a room. */
  putIn<P extends 'typing' | 'occupants'>(
    part: P,
    key: string,
    inner: string,
    value: Snapshot[P][string][string] | undefined,
  ): void {
    const all = this.#snapshot[part][key] as Record<string, unknown> | undefined;
    const { [inner]: before, ...others } = all ?? {};
    if (value === before) return;
    const next = value === undefined ? others : { ...others, [inner]: value };
    this.put(part, key, next as Snapshot[P][string]);
  }
}
