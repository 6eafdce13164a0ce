/**
 * The latest values that a client may not have seen, in order, each with the number of the session's events that it came
 * after. A list that is tidied now and then: in a room of a thousand, a thousand sessions keep a thousand of them each.
 */
import type { KeptEvent } from './event.ts';

/** Values that differ per address: more of them at once than this, and a resume would be a gap. */
const most = 2000;
const tidyAt = 64;

export class LatestValues {
  #events: KeptEvent[] = [];
  #seqs: number[] = [];
  /** The list is tidied when it is so long. */
  #limit = tidyAt;

  /** Answers whether one had to be forgotten for it. */
  add(event: KeptEvent, seq: number): boolean {
    this.#events.push(event);
    this.#seqs.push(seq);
    return this.#events.length >= this.#limit && this.#tidy();
  }

  /** The client has seen what came before that number. */
  seen(seq: number): void {
    const first = this.#seqs.findIndex((each) => each >= seq);
    const count = first < 0 ? this.#seqs.length : first;
    if (count > 0) this.#drop(count);
  }

  /** The newest of each address. */
  values(): readonly KeptEvent[] {
    this.#tidy();
    return this.#events;
  }

  #drop(count: number): void {
    this.#events.splice(0, count);
    this.#seqs.splice(0, count);
    this.#limit = Math.max(tidyAt, this.#events.length * 2);
  }

  #tidy(): boolean {
    const newest = new Map<string, number>();
    for (const [i, { key, type }] of this.#events.entries()) newest.set(key ?? type, i);
    const kept = this.#events.flatMap(({ key, type }, i) => (newest.get(key ?? type) === i ? i : []));
    const from = Math.max(0, kept.length - most);
    const events = kept.slice(from).flatMap((i) => this.#events[i] ?? []);
    this.#seqs = kept.slice(from).map((i) => this.#seqs[i] ?? 0);
    this.#events = events;
    this.#limit = Math.max(tidyAt, events.length * 2);
    return from > 0;
  }
}
