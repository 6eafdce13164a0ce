/** What core needs of a socket. */
import type { Disconnect } from '../protocol/close.ts';
import type { EventClass } from '../protocol/frames.ts';

export interface Outlet {
  /**
   * Writes one frame (JSON text). 'latest' may be coalesced per `key` and 'ephemeral' dropped while the buffer is over
   * half; the rest is never dropped: a full buffer closes the socket.
   */
  write(json: string, kind: 'reply' | EventClass, key?: string): void;
  /** Flushes what was written, then closes. */
  close(why: Disconnect): void;
}

/** What a socket needs of core; called in order, none of them throws. */
export interface Inlet {
  text(text: string): void;
  binary(data: Uint8Array): void;
  /** Once, whoever closed. */
  closed(code: number): void;
  /** Has `connect` succeeded? */
  readonly connected: boolean;
  /** Does the client take arrays of frames? */
  readonly batches: boolean;
}

export interface Upgrade {
  /** Of the `Authorization: Bearer` header. */
  readonly token?: string;
  readonly address: string;
}

export type OpenInlet = (outlet: Outlet, upgrade: Upgrade) => Inlet;
