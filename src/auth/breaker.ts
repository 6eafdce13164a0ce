/** A backend that gives no answer several times in a row is left alone for a while: one try then tells whether it is back. */

/** Milliseconds. */
const pauses = { first: 1000, longest: 30_000 };
const inARow = 5;

export class Breaker {
  readonly #now: () => number;
  #failures = 0;
  #pause = 0;
  /** When the next try may be. */
  #until = 0;
  /** A try is under way: nobody else asks. */
  #trying = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** May it be asked? Whoever may tells how it went: `up`, `down` or `unclear`. */
  admit(): boolean {
    if (this.#pause === 0) return true;
    if (this.#trying || this.waitMs > 0) return false;
    this.#trying = true;
    return true;
  }

  /** How long it is still left alone. */
  get waitMs(): number {
    return Math.max(0, this.#until - this.#now());
  }

  up(): void {
    this.#failures = 0;
    this.#pause = 0;
    this.#until = 0;
    this.#trying = false;
  }

  /** Neither: another may try. */
  unclear(): void {
    this.#trying = false;
  }

  /** `retryAfterMs` is what it says itself. */
  down(retryAfterMs = 0): void {
    this.#failures++;
    // One that was asked before it was left alone tells nothing new.
    const counts = this.#trying || this.#failures === inARow;
    this.#trying = false;
    if (!counts) return;
    this.#pause = Math.min(pauses.longest, Math.max(pauses.first, this.#pause * 2));
    this.#until = this.#now() + Math.min(pauses.longest, Math.max(this.#pause, retryAfterMs));
  }
}
