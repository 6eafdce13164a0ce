/** An AbortSignal, or none, as what is waited for needs it. */

/** An AbortSignal, without its types. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export class Abort {
  readonly #signal: Signal | undefined;
  readonly #actions = new Set<() => void>();
  readonly #fire = (): void => {
    for (const action of this.#actions) action();
  };

  constructor(signal: Signal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#fire);
    this.check();
  }

  /** @throws the signal's reason */
  check(): void {
    if (this.#signal?.aborted) throw this.#signal.reason;
  }

  /** Has the action done at the abort, until the returned function is called. */
  on(action: () => void): () => void {
    this.#actions.add(action);
    return () => {
      this.#actions.delete(action);
    };
  }

  /** As the promise, or the abort if that comes first. */
  async race<T>(promise: Promise<T>): Promise<T> {
    this.check();
    const aborted = Promise.withResolvers<never>();
    const off = this.on(() => aborted.reject(this.#signal?.reason));
    try {
      return await Promise.race([promise, aborted.promise]);
    } finally {
      off();
    }
  }

  async wait(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    try {
      await this.race(over);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing is to be aborted any more. */
  done(): void {
    this.#signal?.removeEventListener('abort', this.#fire);
    this.#actions.clear();
  }
}
