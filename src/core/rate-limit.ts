/** A token bucket per session, and the memory of how often it had to refuse. */

/** More refusals than this within the window are abuse (PROTOCOL.md §7). */
const maxRefusals = 100;
const refusalWindow = 10_000;

export class RateLimit {
  readonly #limits: { readonly rate: number; readonly burst: number };
  readonly #now: () => number;
  #tokens: number;
  #at: number;
  #refusals = 0;
  #refusalsSince = 0;

  /** The limits are read at each request: a reload changes them. */
  constructor(limits: { readonly rate: number; readonly burst: number }, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#tokens = limits.burst;
    this.#at = now();
  }

  /** 0 where the request may go on, else the milliseconds until the next one may. */
  take(): number {
    const now = this.#now();
    // A clock that is set back would lock the session out until it has caught up.
    const passed = Math.max(0, now - this.#at);
    const { rate, burst } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + (passed / 1000) * rate);
    this.#at = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) / rate) * 1000));
  }

  /** Counts a refusal; true when there have been too many. */
  isAbuse(): boolean {
    const now = this.#now();
    const age = now - this.#refusalsSince;
    if (age > refusalWindow || age < 0) {
      this.#refusalsSince = now;
      this.#refusals = 0;
    }
    return ++this.#refusals > maxRefusals;
  }
}
