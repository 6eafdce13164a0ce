/** What came in and no test has taken yet. Everything is kept from the start, so a test can await what came before. */
import { inspect } from 'node:util';

interface Waiter<T> {
  matches(item: T): boolean;
  take(item: T): void;
  fail(why: Error): void;
}

export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  readonly #show: (item: T) => string;
  #ended: string | undefined;

  constructor(show: (item: T) => string = (item) => inspect(item, { depth: 4, breakLength: 120 })) {
    this.#show = show;
  }

  push(item: T): void {
    const waiter = this.#waiters.values().find((each) => each.matches(item));
    if (waiter) waiter.take(item);
    else this.#items.push(item);
  }

  /** No more will come: whoever waits, or waits later in vain, learns why. */
  end(why: string): void {
    this.#ended ??= why;
    for (const waiter of this.#waiters) waiter.fail(this.#error(`ended (${this.#ended})`));
  }

  /** Takes the first item that matches, come or to come; items before it stay. Its error shows what is there. */
  next(matches: (item: T) => boolean = () => true, timeoutMs = 5000): Promise<T> {
    const index = this.#items.findIndex(matches);
    const [found] = index < 0 ? [] : this.#items.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#ended !== undefined) return Promise.reject(this.#error(`ended (${this.#ended})`));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<T> = {
        matches,
        take: (item) => {
          settle();
          resolve(item);
        },
        fail: (why) => {
          settle();
          reject(why);
        },
      };
      const timer = setTimeout(() => waiter.fail(this.#error(`nothing in ${timeoutMs} ms`)), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Takes all that is there now (and matches). */
  take(matches: (item: T) => boolean = () => true): T[] {
    const all = this.#items.splice(0);
    this.#items.push(...all.filter((item) => !matches(item)));
    return all.filter(matches);
  }

  #error(what: string): Error {
    const last = this.#items.slice(-10).map((item) => `  ${this.#show(item)}`);
    return new Error(`the awaited did not come: ${what}; not taken: ${this.#items.length}\n${last.join('\n')}`);
  }
}
