/** Requests whose answer is still owed, over all sessions. */
export class Pending {
  #count = 0;
  #settled: (() => void) | undefined;

  /** Counts a request until its answer is made. */
  track<T>(answer: Promise<T>): Promise<T> {
    this.#count++;
    return answer.finally(() => {
      if (--this.#count === 0) this.#settled?.();
    });
  }

  /** Resolves when no answer is owed any more. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    return promise;
  }
}
