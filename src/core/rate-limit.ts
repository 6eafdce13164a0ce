/** A token bucket per session, and the memory of how often it had to refuse. */

/** More refusals than this within the window are abuse (PROTOCOL.md §7). */
const maxRefusals = 100;
const refusalWindow = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;
  #refusals = 0;
  #refusalsSince = 0;

  constructor(perSecond: number, burst: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#at = now();
  }

  /** 0 where the request may go on, else the milliseconds until the next one may. */
  take(): number {
    const now = this.#now();
    // A clock that is set back would lock the session out until it has caught up.
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#burst, this.#tokens + (passed / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
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
