/** What has come and nobody has taken yet; who waits for something gets it when it comes, or learns that it did not. */
import { Failure } from './check.ts';

/** A gateway that sends more than this to one socket, unasked, is cut off by its owner. */
const mostItems = 50_000;

interface Waiter<T> {
  matches(item: T): boolean;
  take(item: T): void;
  fail(why: string): void;
}

export class Mailbox<T> {
  #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  #ended: string | undefined;

  /** False where too many wait already: it is dropped. */
  put(item: T): boolean {
    const waiter = this.#waiters.values().find((each) => each.matches(item));
    if (waiter) waiter.take(item);
    else if (this.#items.length >= mostItems) return false;
    else this.#items.push(item);
    return true;
  }

  /** No more will come. */
  end(why: string): void {
    this.#ended = why;
    for (const waiter of this.#waiters) waiter.fail(why);
  }

  /** Takes the first that matches, come or to come; those before it stay. @throws Failure */
  next(matches: (item: T) => boolean, what: string, timeoutMs: number): Promise<T> {
    const index = this.#items.findIndex(matches);
    const [found] = index < 0 ? [] : this.#items.splice(index, 1);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#ended !== undefined) return Promise.reject(new Failure(`${what} did not come: ${this.#ended}`));
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
          reject(new Failure(`${what} did not come: ${why}`));
        },
      };
      const timer = setTimeout(() => waiter.fail(`nothing in ${timeoutMs} ms`), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Takes all that is there and matches. */
  take(matches: (item: T) => boolean = () => true): T[] {
    const taken = this.#items.filter(matches);
    this.#items = this.#items.filter((item) => !matches(item));
    return taken;
  }
}
