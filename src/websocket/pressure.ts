/**
 * What waits in all sockets together. Each has a limit of its own, but thousands that stop reading at once would take
 * thousands of those: then the fullest are cut off, until there is room again.
 */

export interface Reader {
  /** Bytes that were taken and have not left yet. */
  readonly buffered: number;
  /** Ends it at once: what waits for it is given up. */
  cut(): void;
}

/** All are looked at when so many bytes were queued since the last time; so much may the limit be exceeded by. */
const lookEvery = 16 * 1024 * 1024;

export class Pressure {
  readonly #readers: Iterable<Reader>;
  readonly #limit: () => number;
  #queued = 0;

  /** `limit` in bytes, of all together. */
  constructor(readers: Iterable<Reader>, limit: () => number) {
    this.#readers = readers;
    this.#limit = limit;
  }

  /** Counts what a socket has taken. */
  queued(bytes: number): void {
    this.#queued += bytes;
    if (this.#queued >= lookEvery) this.relieve();
  }

  /** Cuts off the fullest while all together hold more than the limit, down to three quarters of it. */
  relieve(): void {
    this.#queued = 0;
    const limit = this.#limit();
    let total = 0;
    for (const reader of this.#readers) total += reader.buffered;
    if (total <= limit) return;
    const fullest = Array.from(this.#readers, (reader) => ({ reader, bytes: reader.buffered }));
    fullest.sort((a, b) => b.bytes - a.bytes);
    for (const { reader, bytes } of fullest) {
      if (total <= limit * 0.75) return;
      total -= bytes;
      reader.cut();
    }
  }
}
