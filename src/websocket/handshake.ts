/** How a handshake is refused, and what `ws` is told of those that are not. */
import type { Duplex } from 'node:stream';
import { subprotocol } from '../protocol/frames.ts';

export interface Refusal {
  result: string;
  status: string;
  /** Seconds. */
  retryAfter?: number;
  /** Is it worth a line in the log? */
  log?: boolean;
}

/** What `ws` holds each new socket to. */
export function boundsOf(frame: number) {
  // A message in pieces of a few bytes, in frames or in TCP segments, would take a hundred times its size: none is as
  // small as that but by intent.
  const pieces = Math.max(1024, Math.ceil(frame / 64));
  return { maxPayload: frame, maxFragments: pieces, maxBufferedChunks: pieces };
}

/** Answers in plain HTTP and ends the connection. */
export function refuse(stream: Duplex, { status, retryAfter }: Refusal): void {
  const body = `${status.slice(4)}\n`;
  const headers = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${body.length}`];
  if (retryAfter !== undefined) headers.push(`Retry-After: ${retryAfter}`);
  // Without a listener a reset would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

/** Unknown ones only: the first is echoed, or the client would fail the handshake before it can read the close code. */
export function chooseProtocol(offered: Set<string>): string | false {
  return offered.has(subprotocol) ? subprotocol : (offered.values().next().value ?? false);
}
