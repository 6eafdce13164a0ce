/**
 * The upgrade of HTTP requests to sockets (PROTOCOL.md §1): path, limits, origin, subprotocol, and the one timer that
 * all sockets share. A refusal that a page has to understand is a close code, for browsers hide the HTTP status.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import type { OpenInlet, Upgrade } from '../core/dispatch.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { Disconnect } from '../protocol/close.ts';
import { subprotocol } from '../protocol/frames.ts';
import { type Hub, Socket, type SocketState } from './socket.ts';

export interface WebSocketOptions {
  /** Its `upgrade` event is listened to. */
  server: Server;
  path: string;
  /** Compared exactly; `*` allows all. A request without Origin is not from a browser and is allowed. */
  origins: readonly string[];
  limits: Pick<Config['limits'], 'frame' | 'batch' | 'outbound' | 'sockets'>;
  heartbeatMs: number;
  open: OpenInlet;
  log: Logger;
  metrics: Metrics;
  timing?: Partial<typeof defaults>;
}

export interface WebSockets {
  /** How many there are, by state. */
  readonly counts: Readonly<Record<SocketState, number>>;
  /** Refuses new sockets (503) and closes the open ones, each at a random moment of that time, which it never exceeds. */
  closeAll(drainMs: number): Promise<void>;
}

const defaults = {
  /** From the upgrade to a successful `connect`. */
  connectMs: 10_000,
  /** From our close frame to the end of the TCP connection, whatever the peer does. */
  closeMs: 2000,
};

export function createWebSocketServer(options: WebSocketOptions): WebSockets {
  return new Sockets(options);
}

class Sockets implements WebSockets, Hub {
  readonly limits: WebSocketOptions['limits'];
  readonly heartbeatMs: number;
  readonly connectMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly counts: Record<SocketState, number> = { connecting: 0, open: 0, closing: 0 };
  readonly #options: WebSocketOptions;
  readonly #closeMs: number;
  readonly #ws: WebSocketServer;
  readonly #timer: NodeJS.Timeout;
  readonly #sockets = new Set<Socket>();
  #dirty: Socket[] = [];
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(options: WebSocketOptions) {
    const { connectMs, closeMs } = { ...defaults, ...options.timing };
    this.#options = options;
    this.limits = options.limits;
    this.heartbeatMs = options.heartbeatMs;
    this.connectMs = connectMs;
    this.log = options.log;
    this.metrics = options.metrics;
    this.#closeMs = closeMs;
    const settings = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.limits.frame,
      closeTimeout: closeMs,
      handleProtocols: chooseProtocol,
    };
    this.#ws = new WebSocketServer(settings);
    const every = Math.min(1000, options.heartbeatMs / 4, connectMs / 4);
    // Input that waits is read before anyone is found silent: a process that was stopped for a minute wakes up here.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), every).unref();
    options.server.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
    this.#report();
  }

  flushSoon(socket: Socket): void {
    // After all input of this turn of the event loop: what one read of the link brings leaves in one write.
    if (this.#dirty.push(socket) === 1) setImmediate(() => this.#flush());
  }

  gone(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) this.#emptied?.();
  }

  async closeAll(drainMs: number): Promise<void> {
    this.#draining = true;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      if (this.#sockets.size === 0) resolve();
    });
    const end = performance.now() + drainMs;
    // The peers get their time to answer the close frame, but for at most half of the whole.
    const spread = Math.max(drainMs - this.#closeMs, drainMs / 2);
    const closing = [...this.#sockets].map((socket) => ({ socket, at: end - drainMs + Math.random() * spread }));
    closing.sort((a, b) => b.at - a.at);
    const timer = setInterval(() => {
      const now = performance.now();
      while ((closing.at(-1)?.at ?? Number.POSITIVE_INFINITY) <= now) {
        closing.pop()?.socket.close(new Disconnect('shutdown', 'the gateway shuts down'));
      }
      if (now < end) return;
      for (const socket of this.#sockets) socket.terminate();
    }, 20);
    await emptied;
    clearInterval(timer);
    clearInterval(this.#timer);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      this.metrics.socketHandshakes.inc(refusal.result);
      refuse(stream, refusal);
      return;
    }
    let upgraded = false;
    this.#ws.handleUpgrade(request, stream, head, (ws) => {
      upgraded = true;
      this.#accept(ws, request, stream);
    });
    if (!upgraded) this.metrics.socketHandshakes.inc('bad_request');
  }

  #refusal(request: IncomingMessage): Refusal | undefined {
    if (request.url?.split('?', 1)[0] !== this.#options.path) return { result: 'wrong_path', status: '404 Not Found' };
    const busy = '503 Service Unavailable';
    if (this.#draining) return { result: 'draining', status: busy };
    const { sockets } = this.limits;
    if (this.#sockets.size >= sockets) return { result: 'limit', status: busy };
    // So that those who never authenticate can't take every place.
    if (this.counts.connecting >= Math.max(100, sockets / 4)) return { result: 'unauthenticated_limit', status: busy };
    return undefined;
  }

  #accept(ws: WebSocket, request: IncomingMessage, stream: Duplex): void {
    const socket = new Socket(ws, stream, this);
    this.#sockets.add(socket);
    const { origin } = request.headers;
    const { origins, open } = this.#options;
    if (origin !== undefined && !origins.includes('*') && !origins.includes(origin)) {
      this.metrics.socketHandshakes.inc('origin');
      this.log.debug({ event: 'origin_refused', origin }, 'origin not in http.public.origins');
      socket.close(new Disconnect('forbidden', 'origin not allowed'));
    } else if (request.headers['sec-websocket-protocol'] !== undefined && ws.protocol !== subprotocol) {
      this.metrics.socketHandshakes.inc('subprotocol');
      socket.close(new Disconnect('version', `this gateway speaks ${subprotocol}`));
    } else {
      this.metrics.socketHandshakes.inc('ok');
      const upgrade = upgradeOf(request);
      this.log.debug({ event: 'socket_opened', address: upgrade.address }, 'socket opened');
      socket.open(open, upgrade);
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const socket of this.#sockets) socket.tick(now);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const socket of dirty) socket.flush();
  }

  #report(): void {
    const { sockets, socketBuffered } = this.metrics;
    for (const state of ['connecting', 'open', 'closing'] as const) sockets.from(() => this.counts[state], state);
    socketBuffered.from(() => this.#sockets.values().reduce((sum, socket) => sum + socket.buffered, 0));
  }
}

interface Refusal {
  result: string;
  status: string;
}

/** Answers in plain HTTP and ends the connection. */
function refuse(stream: Duplex, { status }: Refusal): void {
  const body = `${status.slice(4)}\n`;
  const headers = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${body.length}`];
  if (status.startsWith('503')) headers.push('Retry-After: 5');
  // Without a listener a reset would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

/** Unknown ones only: the first is echoed, or the client would fail the handshake before it can read the close code. */
function chooseProtocol(offered: Set<string>): string | false {
  return offered.has(subprotocol) ? subprotocol : (offered.values().next().value ?? false);
}

function upgradeOf(request: IncomingMessage): Upgrade {
  const address = request.socket.remoteAddress ?? '';
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? { address } : { address, token };
}
