/** What a socket and core are to each other: neither knows more of the other. */
import type { Disconnect } from '../protocol/close.ts';
import type { EventClass } from '../protocol/frames.ts';
import type { UpgradeTrace } from '../tracing.ts';

/** What core needs of a socket. */
export interface Outlet {
  /**
   * Writes one frame (JSON text). 'latest' may be coalesced per `key` and 'ephemeral' dropped while the buffer is over
   * half; the rest is never dropped: a full buffer closes the socket.
   */
  write(json: string, kind: 'reply' | EventClass, key?: string): void;
  /** The largest frame that it takes, bytes. */
  readonly frameBytes: number;
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
  /** The socket's number in this process: its lines in the log belong together. */
  readonly socket: number;
  /** What the spans of its requests link to; absent where nothing is traced. */
  readonly trace?: UpgradeTrace;
  /** Counts a token that was refused against the address it came from. */
  readonly failedLogin?: () => void;
}

export type OpenInlet = (outlet: Outlet, upgrade: Upgrade) => Inlet;
