/**
 * When one socket is due a ping, and when it is dead (PROTOCOL.md §4): after one interval without input or without
 * output it is pinged, after two without input it is given up. Traffic only sets a flag; the tick that all sockets
 * share puts a time to it.
 */
export class Heartbeat {
  #heard = false;
  #wrote = false;
  #lastInput: number;
  #lastOutput: number;
  /** When the ping was sent that nothing has answered yet; 0 = none. */
  #pingedAt = 0;

  constructor(now: number) {
    this.#lastInput = now;
    this.#lastOutput = now;
  }

  /** Anything came in. Answers how many milliseconds a ping has waited for it, if one did. */
  input(): number | undefined {
    this.#heard = true;
    if (this.#pingedAt === 0) return undefined;
    const waited = performance.now() - this.#pingedAt;
    this.#pingedAt = 0;
    return waited;
  }

  output(): void {
    this.#wrote = true;
  }

  /** Call it every tick; after 'ping' the caller sends one. `now` is of `performance.now()`. */
  check(now: number, interval: number): 'alive' | 'ping' | 'dead' {
    if (this.#heard) this.#lastInput = now;
    if (this.#wrote) this.#lastOutput = now;
    this.#heard = false;
    this.#wrote = false;
    const silence = now - this.#lastInput;
    if (silence >= 2 * interval) return 'dead';
    const due = now - this.#lastOutput >= interval || (silence >= interval && this.#pingedAt === 0);
    if (!due) return 'alive';
    if (this.#pingedAt === 0) this.#pingedAt = now;
    return 'ping';
  }
}
