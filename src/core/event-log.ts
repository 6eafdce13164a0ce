/**
 * The numbered events of a session that its client has not acknowledged, kept for a resume; and what the logs of all
 * sessions take together, which is bounded (PROTOCOL.md §5).
 */
import type { KeptEvent } from './event.ts';

export interface LogBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

interface Entry {
  readonly seq: number;
  readonly event: KeptEvent;
  readonly bytes: number;
}

/** Beside the text, for each session that keeps an event. */
const entryBytes = 64;
/** An event that is kept with its stanza takes so much more than its JSON. */
const stanzaFactor = 6;

/** What the logs take together: an event that many of them keep is there once. */
export class LogMemory {
  readonly #logs: () => Iterable<EventLog>;
  readonly #limit: () => number;
  #bytes = 0;

  /** `limit` in bytes; read at each event, for a reload changes it. */
  constructor(logs: () => Iterable<EventLog>, limit: () => number) {
    this.#logs = logs;
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(event: KeptEvent, bytes: number): void {
    if (event.held.by++ === 0) {
      event.held.bytes = event.isPlain ? bytes : bytes * stanzaFactor;
      this.#bytes += event.held.bytes;
    }
    this.#bytes += entryBytes;
    if (this.#bytes > this.#limit()) this.#relieve();
  }

  release(event: KeptEvent): void {
    this.#bytes -= entryBytes;
    if (--event.held.by === 0) this.#bytes -= event.held.bytes;
  }

  /** Full: the longest logs forget their oldest events, all down to one size, until a quarter is free. */
  #relieve(): void {
    const enough = this.#limit() * 0.75;
    let size = 0;
    for (const log of this.#logs()) size = Math.max(size, log.bytes);
    while (this.#bytes > enough && size >= 1) {
      size /= 2;
      for (const log of this.#logs()) {
        if (this.#bytes <= enough) return;
        log.shrink(size);
      }
    }
  }
}

export class EventLog implements Iterable<Entry> {
  readonly #memory: LogMemory;
  readonly #bounds: LogBounds;
  #entries: Entry[] = [];
  #bytes = 0;
  #seq = 0;
  /** The last number that is not in the log any more. */
  #forgotten = 0;
  #ended = false;

  constructor(memory: LogMemory, bounds: LogBounds) {
    this.#memory = memory;
    this.#bounds = bounds;
  }

  /** The number of the last event. */
  get seq(): number {
    return this.#seq;
  }

  /** Of the text that it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  next(): number {
    return ++this.#seq;
  }

  /** Keeps the event of the last number. Full: from now on a client that needs the oldest has a gap. */
  keep(event: KeptEvent, bytes: number): void {
    if (this.#ended) {
      this.tear();
      return;
    }
    this.#entries.push({ seq: this.#seq, event, bytes });
    this.#bytes += bytes;
    const { maxEvents, maxBytes } = this.#bounds;
    this.#memory.take(event, bytes);
    while (this.#entries.length > maxEvents || this.#bytes > maxBytes) this.#forget();
  }

  /** What a client that has processed `seq` needs; undefined where it is not all there. */
  after(seq: number): number | undefined {
    return seq < this.#forgotten || seq > this.#seq ? undefined : this.#seq - seq;
  }

  /** The client has processed everything up to that number; was that news? */
  acknowledge(seq: number, each: (event: KeptEvent) => void): boolean {
    const isNews = seq > this.#forgotten && this.#forgotten < this.#seq;
    let gone = 0;
    for (const entry of this.#entries) {
      if (entry.seq > seq) break;
      gone++;
      this.#bytes -= entry.bytes;
      this.#memory.release(entry.event);
      each(entry.event);
    }
    if (gone > 0) this.#entries.splice(0, gone);
    this.#forgotten = Math.max(this.#forgotten, Math.min(seq, this.#seq));
    return isNews;
  }

  /** Something else that a resume needs is lost: it would be a gap. */
  tear(): void {
    this.#forgotten = this.#seq;
  }

  /** Forgets its oldest events, down to that size. */
  shrink(bytes: number): void {
    while (this.#bytes > bytes) this.#forget();
  }

  /** Nothing is kept any more. */
  end(): void {
    this.#ended = true;
    for (const { event } of this.#entries) this.#memory.release(event);
    this.#entries = [];
    this.#bytes = 0;
    this.tear();
  }

  #forget(): void {
    const oldest = this.#entries.shift();
    if (!oldest) return;
    this.#bytes -= oldest.bytes;
    this.#memory.release(oldest.event);
    this.#forgotten = Math.max(this.#forgotten, oldest.seq);
  }
}
