/**
 * The upgrade of HTTP requests to sockets (PROTOCOL.md §1): path, limits, origin, subprotocol, and the one timer that
 * all sockets share. A refusal that a page has to understand is a close code, for browsers hide the HTTP status.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import type { OpenInlet, Upgrade } from '../core/edge.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { Disconnect } from '../protocol/close.ts';
import { subprotocol } from '../protocol/frames.ts';
import type { Tracing, UpgradeTrace } from '../tracing.ts';
import { Addresses } from './addresses.ts';
import { type Client, type ClientAddress, clientAddress } from './client-address.ts';
import { boundsOf, chooseProtocol, type Refusal, refuse } from './handshake.ts';
import { Pressure } from './pressure.ts';
import { Refusals } from './refusals.ts';
import { type Hub, Socket, type SocketState } from './socket.ts';

/** Origins are compared exactly; `*` allows all. */
type PublicConfig = Pick<Config['http']['public'], 'path' | 'origins' | 'requireOrigin' | 'trustedProxies'>;

export interface WebSocketOptions {
  /** Its `upgrade` event is listened to. */
  server: Server;
  /** Read where it is used: a reload changes it. */
  config: {
    readonly http: { readonly public: PublicConfig };
    readonly limits: Pick<
      Config['limits'],
      'frame' | 'batch' | 'outbound' | 'outboundTotal' | 'sockets' | 'perAddress'
    >;
    readonly sessions: Pick<Config['sessions'], 'heartbeat'>;
  };
  open: OpenInlet;
  log: Logger;
  metrics: Metrics;
  /** Absent: nothing is traced. */
  tracing?: Tracing | undefined;
  timing?: Partial<typeof defaults>;
}

/** Counts the end of a handshake, and traces it. */
type EndUpgrade = (result: string) => UpgradeTrace | undefined;

export interface WebSockets {
  /** How many there are, by state. */
  readonly counts: Readonly<Record<SocketState, number>>;
  /** New sockets are answered with 503 from now on. */
  refuse(): void;
  /** The same, and closes the open ones, each at a random moment of that time, which it never exceeds. */
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
  readonly limits: WebSocketOptions['config']['limits'];
  readonly sessions: WebSocketOptions['config']['sessions'];
  readonly connectMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly counts: Record<SocketState, number> = { connecting: 0, open: 0, closing: 0 };
  readonly #options: WebSocketOptions;
  readonly #closeMs: number;
  readonly #ws: WebSocketServer;
  #timer: NodeJS.Timeout;
  readonly #sockets = new Set<Socket>();
  readonly #pressure = new Pressure(this.#sockets, () => this.limits.outboundTotal);
  readonly #addresses = new Addresses(() => this.limits.perAddress);
  readonly #refusals: Refusals;
  readonly #clientOf: ClientAddress;
  #dirty: Socket[] = [];
  #draining = false;
  #opened = 0;
  #emptied: (() => void) | undefined;

  constructor(options: WebSocketOptions) {
    const { connectMs, closeMs } = { ...defaults, ...options.timing };
    this.#options = options;
    this.limits = options.config.limits;
    this.sessions = options.config.sessions;
    this.connectMs = connectMs;
    this.log = options.log;
    this.metrics = options.metrics;
    this.#closeMs = closeMs;
    this.#refusals = new Refusals(options.log);
    this.#clientOf = clientAddress(options.config.http.public);
    const settings = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      closeTimeout: closeMs,
      handleProtocols: chooseProtocol,
    };
    this.#ws = new WebSocketServer(settings);
    this.#timer = this.#tickLater();
    options.server.on('connection', (stream: TcpSocket) => this.#connection(stream));
    options.server.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
    this.#report();
  }

  flushSoon(socket: Socket): void {
    // After all input of this turn of the event loop: what one read of the link brings leaves in one write.
    if (this.#dirty.push(socket) === 1) setImmediate(() => this.#flush());
  }

  queued(bytes: number): void {
    this.#pressure.queued(bytes);
  }

  gone(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) this.#emptied?.();
  }

  refuse(): void {
    this.#draining = true;
  }

  async closeAll(drainMs: number): Promise<void> {
    this.refuse();
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
    clearTimeout(this.#timer);
  }

  /** Before anything was read: a peer that is counted can't have more connections than its sockets need. */
  #connection(stream: TcpSocket): void {
    const { address, counted } = this.#clientOf({ socket: stream, headers: {} });
    if (!counted) return;
    if (!this.#addresses.connected(address)) {
      this.#refusals.note('address_limit', { address, unlistedProxy: false });
      this.metrics.socketHandshakes.inc('address_limit');
      stream.destroy();
      return;
    }
    stream.once('close', () => this.#addresses.disconnected(address));
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const startedAt = Date.now();
    const end: EndUpgrade = (result) => {
      this.metrics.socketHandshakes.inc(result);
      return this.#options.tracing?.upgrade(result, request.headers.traceparent, startedAt);
    };
    const client = this.#clientOf(request);
    const refusal = this.#refusal(request, client);
    if (refusal) {
      end(refusal.result);
      if (refusal.log) this.#refusals.note(refusal.result, client);
      refuse(stream, refusal);
      return;
    }
    let upgraded = false;
    Object.assign(this.#ws.options, boundsOf(this.limits.frame));
    this.#ws.handleUpgrade(request, stream, head, (ws) => {
      upgraded = true;
      this.#accept(ws, request, stream, client, end);
    });
    if (!upgraded) end('bad_request');
  }

  #refusal(request: IncomingMessage, { address, counted }: Client): Refusal | undefined {
    const { path } = this.#options.config.http.public;
    if (request.url?.split('?', 1)[0] !== path) return { result: 'wrong_path', status: '404 Not Found' };
    const busy = { status: '503 Service Unavailable', retryAfter: 5 };
    if (this.#draining) return { result: 'draining', ...busy };
    const result = counted ? this.#addresses.handshake(address) : undefined;
    if (result) {
      const retryAfter = result === 'address_limit' ? busy.retryAfter : this.#addresses.retryAfter(address);
      return { result, status: '429 Too Many Requests', retryAfter, log: true };
    }
    const { sockets } = this.limits;
    if (this.#sockets.size >= sockets) return { result: 'limit', ...busy, log: true };
    // So that those who never authenticate can't take every place.
    if (this.counts.connecting < Math.max(100, sockets / 4)) return undefined;
    return { result: 'unauthenticated_limit', ...busy, log: true };
  }

  #accept(ws: WebSocket, request: IncomingMessage, stream: Duplex, client: Client, end: EndUpgrade): void {
    const number = ++this.#opened;
    const socket = new Socket(ws, stream, this, number);
    this.#sockets.add(socket);
    const { address, counted } = client;
    if (counted) {
      this.#addresses.opened(address);
      stream.once('close', () => this.#addresses.closed(address));
    }
    const { origin } = request.headers;
    if (!this.#allows(origin)) {
      end('origin');
      this.#refusals.note('origin', { ...client, origin: origin ?? '' });
      socket.close(new Disconnect('forbidden', 'origin not allowed'));
    } else if (request.headers['sec-websocket-protocol'] !== undefined && ws.protocol !== subprotocol) {
      end('subprotocol');
      socket.close(new Disconnect('version', `this gateway speaks ${subprotocol}`));
    } else {
      const trace = end('ok');
      // Anyone can open sockets: at the usual level are the lines of those who said who they are.
      this.log.debug({ event: 'socket_opened', socket: number, address, origin }, 'socket opened');
      const counting = counted ? { failedLogin: () => this.#addresses.failedLogin(address) } : {};
      socket.open(this.#options.open, {
        ...tokenOf(request),
        address,
        socket: number,
        ...counting,
        ...(trace ? { trace } : {}),
      });
    }
  }

  #allows(origin: string | undefined): boolean {
    const { origins, requireOrigin } = this.#options.config.http.public;
    if (origin === undefined) return !requireOrigin;
    return origins.includes('*') || origins.includes(origin);
  }

  /** As often as the shortest of the times needs. */
  #tickLater(): NodeJS.Timeout {
    const every = Math.min(1000, this.sessions.heartbeat / 4, this.connectMs / 4);
    // Input that waits is read before anyone is found silent: a process that was stopped for a minute wakes up here.
    return setTimeout(() => setImmediate(() => this.#tick()), every).unref();
  }

  #tick(): void {
    const now = performance.now();
    for (const socket of this.#sockets) socket.tick(now);
    this.#pressure.relieve();
    this.#refusals.tick();
    if (!this.#draining || this.#sockets.size > 0) this.#timer = this.#tickLater();
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

function tokenOf({ headers }: IncomingMessage): Pick<Upgrade, 'token'> {
  const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  return token === undefined ? {} : { token };
}
