/** So many at once, and so many that wait for their turn, each for a while. */
export class Slots {
  #free: number;
  readonly #most: number;
  readonly #waiting = new Set<() => void>();

  /** `most` may wait. */
  constructor(count: number, most: number) {
    this.#free = count;
    this.#most = most;
  }

  /** Whoever has taken one gives it back. @throws Error where there is none in that time, or too many wait */
  async take(ms: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.size >= this.#most) throw new Error('too many tokens wait');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.delete(resolve);
      reject(new Error(`no turn in ${ms} ms`));
    }, ms);
    this.#waiting.add(resolve);
    await promise.finally(() => clearTimeout(timer));
  }

  give(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
