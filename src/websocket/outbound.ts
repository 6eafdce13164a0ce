/**
 * What waits to be written to one socket: the frames of this tick, and the latest values that are held back while the
 * reader lags (PROTOCOL.md §5, §7). Strings, not Buffers: a small Buffer pins 64 KiB of Node's pool.
 */
import type { Outlet } from '../core/edge.ts';

type Kind = Parameters<Outlet['write']>[1];

export class Outbound {
  readonly #limits: { readonly outbound: number };
  #frames: string[] = [];
  #held: Map<string, string> | undefined;
  #bytes = 0;

  /** From half of `outbound` bytes on, ephemeral frames are dropped and latest values held. */
  constructor(limits: { readonly outbound: number }) {
    this.#limits = limits;
  }

  /** Bytes that wait here, held ones included. */
  get bytes(): number {
    return this.#bytes;
  }

  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** `written` = bytes that were taken before and have not left yet. Answers the frame's size, 0 if it was dropped. */
  add(json: string, kind: Kind, key: string | undefined, written: number): number {
    const crowded = written + this.#bytes > this.#limits.outbound / 2;
    if (crowded && kind === 'ephemeral') return 0;
    const size = Buffer.byteLength(json);
    this.#bytes += size;
    // A value whose older one is still held joins it, or the older one would be written last.
    if (kind === 'latest' && key !== undefined && (crowded || this.#held?.has(key))) this.#hold(key, json);
    else this.#frames.push(json);
    return size;
  }

  /** Queues the held values if the reader has caught up, or `always`. Answers whether there is something to write. */
  release(written: number, always = false): boolean {
    if (this.#held && (always || written <= this.#limits.outbound / 2)) {
      this.#frames.push(...this.#held.values());
      this.#held = undefined;
    }
    return this.#frames.length > 0;
  }

  /** Takes what is queued: as it is, or as JSON arrays of at most `batch` frames and about `maxSize` characters. */
  take(batch: number, maxSize: number): string[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    for (const json of this.#held?.values() ?? []) this.#bytes += Buffer.byteLength(json);
    if (batch < 2 || frames.length < 2) return frames;
    return inArrays(frames, batch, maxSize);
  }

  /** Gives up all of it. */
  clear(): void {
    this.#frames = [];
    this.#held = undefined;
    this.#bytes = 0;
  }

  #hold(key: string, json: string): void {
    this.#held ??= new Map();
    const older = this.#held.get(key);
    if (older !== undefined) this.#bytes -= Buffer.byteLength(older);
    this.#held.set(key, json);
  }
}

function inArrays(frames: string[], batch: number, maxSize: number): string[] {
  const arrays: string[] = [];
  let start = 0;
  let size = 0;
  for (const [i, frame] of frames.entries()) {
    if (i > start && (i - start === batch || size + frame.length > maxSize)) {
      arrays.push(asArray(frames.slice(start, i)));
      start = i;
      size = 0;
    }
    size += frame.length;
  }
  arrays.push(asArray(frames.slice(start)));
  return arrays;
}

function asArray(frames: string[]): string {
  return frames.length === 1 ? frames.join() : `[${frames.join(',')}]`;
}
