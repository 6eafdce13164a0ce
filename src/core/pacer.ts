/**
 * Sends what can wait at a bounded pace, so that a thousand accounts which come online at once are no storm for the XMPP
 * server. A run is an iterator: what it sends is made when its turn comes, and what waits takes no memory.
 */
import type { Paced } from '../extension.ts';

/** A run is sent so many stanzas at a time; then it is the next one's turn. */
const turn = 20;
const tickMs = 50;

export class Pacer {
  readonly #limit: { readonly pace: number };
  readonly #send: (paced: Paced) => unknown;
  readonly #runs = new Map<object, Iterator<Paced>>();
  #allowance: number;
  #refilledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** `pace` stanzas a second; read each time, for a reload changes it. */
  constructor(limit: { readonly pace: number }, send: (paced: Paced) => unknown) {
    this.#limit = limit;
    this.#allowance = limit.pace;
    this.#send = send;
  }

  /** Begins now as far as the pace allows. A run of that key which is not at its end is dropped. */
  run(key: object, work: Iterator<Paced>): void {
    this.#runs.delete(key);
    this.#runs.set(key, work);
    this.#work();
  }

  clear(): void {
    this.#runs.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #work(): void {
    if (this.#timer) return;
    this.#refill();
    for (const [key, stanzas] of this.#runs) {
      if (this.#allowance < 1) break;
      this.#runs.delete(key);
      if (!this.#take(stanzas)) this.#runs.set(key, stanzas);
    }
    if (this.#runs.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, tickMs);
    this.#timer.unref();
  }

  /** Answers whether the run has come to its end. */
  #take(work: Iterator<Paced>): boolean {
    for (let i = 0; i < turn && this.#allowance >= 1; i++) {
      const { done, value } = work.next();
      if (done) return true;
      this.#allowance--;
      this.#send(value);
    }
    return false;
  }

  /** Never more than a second's worth at once. */
  #refill(): void {
    const now = performance.now();
    const { pace } = this.#limit;
    const earned = ((now - this.#refilledAt) / 1000) * pace;
    this.#allowance = Math.min(pace, this.#allowance + earned);
    this.#refilledAt = now;
  }
}
