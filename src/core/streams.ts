/** Binary frames (PROTOCOL.md §8): `u8 kind | u32be stream | u32be index | bytes`, and whom a session's are for. */
import { headerBytes } from '../protocol/uploads.ts';

export type TakeChunk = (index: number, bytes: Uint8Array) => void;

export class Streams {
  readonly #open = new Map<number, { kind: number; take: TakeChunk }>();
  #last = 0;

  /** Numbers are not used again: what is late for one stream must not reach another. */
  open(kind: number, take: TakeChunk): number {
    const stream = ++this.#last;
    this.#open.set(stream, { kind, take });
    return stream;
  }

  close(stream: number): void {
    this.#open.delete(stream);
  }

  /** Hands a frame to its stream; false where there is none. */
  take(frame: Uint8Array): boolean {
    if (frame.length < headerBytes) return false;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const found = this.#open.get(view.getUint32(1));
    if (found?.kind !== view.getUint8(0)) return false;
    found.take(view.getUint32(5), frame.subarray(headerBytes));
    return true;
  }
}
