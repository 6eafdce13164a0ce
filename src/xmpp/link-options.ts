/** What the link is made with: times and bounds, with their defaults, and the shapes of its interface. */
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';

/** Milliseconds. */
export interface LinkTiming {
  /** Until the TCP (and TLS) connection stands, the server's stream header is there, the handshake is answered. */
  connect: number;
  header: number;
  handshake: number;
  /** Without a ping for this long, one is sent. */
  keepalive: number;
  /** Without an answer to a ping for this long, the link is lost. */
  fence: number;
  /** How often deadlines are looked at. */
  sweep: number;
  /** Between attempts to connect: doubling from the first to the last, full jitter. */
  retryFirst: number;
  retryLast: number;
  /** After a refusal that only a person can mend: somewhere between these. */
  refusedFirst: number;
  refusedLast: number;
  /** A link that was up for this long has proved itself: the next delay starts from `retryFirst`. */
  stable: number;
  /** For an IQ that names no time of its own. */
  request: number;
  /** At stop(): until what was written is fenced, and then until the server has closed its side. */
  stop: number;
  close: number;
}

export const defaultTiming: LinkTiming = {
  connect: 10_000,
  header: 10_000,
  handshake: 10_000,
  keepalive: 15_000,
  fence: 20_000,
  sweep: 200,
  retryFirst: 1_000,
  retryLast: 30_000,
  refusedFirst: 30_000,
  refusedLast: 60_000,
  stable: 60_000,
  request: 30_000,
  stop: 3_000,
  close: 1_000,
};

export interface LinkLimits {
  /** What may be on the wire without being fenced: one more waits. */
  windowStanzas: number;
  windowBytes: number;
  /** With more than this in the socket's own buffer, nothing is written until it has drained. */
  highWater: number;
  /** What may wait: one more is refused. */
  queueStanzas: number;
  queueBytes: number;
  /** IQs that wait for an answer: one more is refused. */
  requests: number;
  /**
   * A stanza from the server with more characters ends the link: the parser takes quadratic time for a long text (1 s
   * for these 4 MiB). One with more levels is dropped.
   */
  inboundChars: number;
  inboundDepth: number;
}

export const defaultLimits: LinkLimits = {
  windowStanzas: 1_000,
  windowBytes: 1024 * 1024,
  highWater: 512 * 1024,
  queueStanzas: 100_000,
  queueBytes: 64 * 1024 * 1024,
  requests: 10_000,
  inboundChars: 4 * 1024 * 1024,
  inboundDepth: 128,
};

export interface LinkOptions {
  /** `xmpp://host:port` (5347 when absent), `xmpps://` for TLS from the first byte. */
  service: string;
  /** The gateway's own domain, normalised. */
  domain: string;
  /** The domain of the XMPP server, which answers the pings. */
  server: string;
  /** Read at each handshake. */
  secret: () => string;
  /** UTF-8 bytes that a stanza may have; read for each. */
  readonly maxStanzaBytes: number;
  log: Logger;
  metrics: Metrics;
  timing?: Partial<LinkTiming>;
  limits?: Partial<LinkLimits>;
}

export interface LinkState {
  link: 'up' | 'down';
  since: Date;
  /** Why it is down. */
  reason?: string;
  /** When the next attempt to connect begins. */
  retryAt?: Date;
}
