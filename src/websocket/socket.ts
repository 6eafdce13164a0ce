/**
 * One WebSocket: frames in to core's Inlet, frames out as core's Outlet. The frames of one tick leave in one write; a
 * reader that lags loses what may be lost, then the socket (PROTOCOL.md §7). It has no timer of its own: see server.ts.
 */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Inlet, OpenInlet, Outlet, Upgrade } from '../core/edge.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { closeCodes, Disconnect } from '../protocol/close.ts';
import { writeFrames } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import { Outbound } from './outbound.ts';

export type SocketState = 'connecting' | 'open' | 'closing';

/** What all sockets of a server share. */
export interface Hub {
  /** Read where they are used: a reload changes them. */
  readonly limits: { readonly frame: number; readonly batch: number; readonly outbound: number };
  readonly sessions: { readonly heartbeat: number };
  /** How long a client may take from the upgrade to a successful `connect`. */
  readonly connectMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Sockets by state. */
  readonly counts: Record<SocketState, number>;
  /** Has `flush` called at the end of this tick. */
  flushSoon(socket: Socket): void;
  /** A socket has taken so many bytes. */
  queued(bytes: number): void;
  gone(socket: Socket): void;
}

const maxConnectFrame = 16 * 1024;
/** Pings and pongs of RFC 6455 between two ticks; answering more is all that a gateway would do. */
const maxControlFrames = 100;
/** More than this is written before the tick ends, so that a burst is not taken for a slow reader. */
const flushAt = 64 * 1024;
const ping = '{"type":"ping"}';

export class Socket implements Outlet {
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #hub: Hub;
  readonly #outbound: Outbound;
  readonly #heartbeat: Heartbeat;
  readonly #openedAt = performance.now();
  readonly frameBytes: number;
  readonly #written: () => void;
  #state: SocketState = 'connecting';
  #inlet: Inlet | undefined;
  /** The heartbeat that `ready` promised. */
  #interval = 0;
  #flushing = false;
  /** The code this side closed with, if it was first. */
  #closedWith: number | undefined;
  /** Bytes of text that came before `connect` was through. */
  #early = 0;
  readonly #number: number;
  #framesIn = 0;
  #framesOut = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Since the last tick. */
  #controlFrames = 0;
  #authenticated = false;

  constructor(ws: WebSocket, stream: Duplex, hub: Hub, number: number) {
    this.#number = number;
    this.#ws = ws;
    this.#stream = stream;
    this.#hub = hub;
    this.frameBytes = hub.limits.frame;
    this.#outbound = new Outbound(hub.limits);
    this.#heartbeat = new Heartbeat(this.#openedAt);
    this.#written = () => {
      if (this.#outbound.holds && this.#outbound.release(this.#ws.bufferedAmount)) this.#flushSoon();
    };
    hub.counts.connecting++;
    ws.on('message', (data, isBinary) => this.#message(data, isBinary));
    const control = () => this.#control();
    ws.on('pong', control);
    ws.on('ping', control);
    ws.on('error', (error) => this.#violation(error));
    ws.on('close', (code) => this.#closed(code));
  }

  /** Hands the socket to core. */
  open(openInlet: OpenInlet, upgrade: Upgrade): void {
    this.#inlet = openInlet(this, upgrade);
  }

  /** Bytes that were taken and have not left yet. */
  get buffered(): number {
    return this.#ws.bufferedAmount + this.#outbound.bytes;
  }

  write(json: string, kind: Parameters<Outlet['write']>[1], key?: string): void {
    if (this.#isClosing || this.#ws.readyState !== this.#ws.OPEN) return;
    const size = this.#outbound.add(json, kind, key, this.#ws.bufferedAmount);
    if (size === 0) return;
    this.#hub.metrics.frameBytes.add(size, 'out');
    this.#framesOut++;
    this.#bytesOut += size;
    this.#hub.queued(size);
    if (this.#isClosing) return;
    this.#flushSoon();
    const { outbound } = this.#hub.limits;
    if (this.#outbound.bytes > flushAt || this.buffered > outbound) this.flush();
    if (this.buffered > outbound) this.#end(closeCodes['slow-consumer'], 'slow-consumer');
  }

  /** Writes the frames of this tick. */
  flush(): void {
    this.#flushing = false;
    this.#settle();
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const { batch, frame } = this.#hub.limits;
    const frames = this.#outbound.take(this.#inlet?.batches ? batch : 1, frame);
    if (frames.length === 0) return;
    this.#heartbeat.output();
    writeFrames(this.#stream, frames, this.#written);
  }

  close(why: Disconnect): void {
    if (this.#state === 'closing') return;
    this.#outbound.release(0, true);
    this.flush();
    this.#end(why.code, why.message);
  }

  /** Cuts it off without a close frame. */
  terminate(): void {
    this.#ws.terminate();
  }

  /** Cuts off a reader that is too slow: a close frame would have to wait behind what it does not read. */
  cut(): void {
    if (this.#isClosing) return;
    this.#closedWith ??= closeCodes['slow-consumer'];
    this.#outbound.clear();
    this.#become('closing');
    this.#ws.terminate();
  }

  /** Deadlines and heartbeat; `now` is of `performance.now()`. */
  tick(now: number): void {
    this.#controlFrames = 0;
    this.#settle();
    if (this.#state === 'connecting' && now - this.#openedAt >= this.#hub.connectMs) {
      this.close(new Disconnect('connect-timeout', 'no connect in time'));
    }
    if (this.#state !== 'open') return;
    const verdict = this.#heartbeat.check(now, this.#interval);
    if (verdict === 'dead') this.close(new Disconnect('heartbeat-timeout', 'nothing heard'));
    if (verdict !== 'ping') return;
    this.#hub.metrics.frames.inc('out', 'ping');
    this.write(ping, 'control');
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#hub.flushSoon(this);
  }

  #message(data: RawData, isBinary: boolean): void {
    this.#alive();
    // ws gives one Buffer unless its binaryType is changed.
    if (this.#state === 'closing' || !Buffer.isBuffer(data)) return;
    this.#hub.metrics.frameBytes.add(data.length, 'in');
    this.#framesIn++;
    this.#bytesIn += data.length;
    if (isBinary) this.#inlet?.binary(data);
    else if (this.#inlet?.connected || this.#admit(data.length)) this.#inlet?.text(data.toString());
  }

  /** Text before `connect` is through: the first frame is small, the others wait in core, and so are few. */
  #admit(size: number): boolean {
    if (this.#early === 0 && size > maxConnectFrame) {
      this.#hub.metrics.framesRejected.inc('too-big');
      this.close(new Disconnect('too-big', 'connect is too long'));
      return false;
    }
    this.#early += size;
    if (this.#early > this.frameBytes) this.#ws.pause();
    return true;
  }

  /** Notices that `connect` has succeeded. */
  #settle(): void {
    if (this.#state !== 'connecting' || !this.#inlet?.connected) return;
    this.#become('open');
    this.#interval = this.#hub.sessions.heartbeat;
    if (this.#ws.isPaused) this.#ws.resume();
  }

  #control(): void {
    this.#alive();
    if (++this.#controlFrames === maxControlFrames) this.close(new Disconnect('rate-limited', 'too many pings'));
  }

  #alive(): void {
    const waited = this.#heartbeat.input();
    if (waited !== undefined) this.#hub.metrics.socketPing.observe(waited / 1000);
  }

  /** The peer broke the rules of RFC 6455, or a limit: ws has closed the socket with the fitting code. */
  #violation(error: Error & { code?: string }): void {
    if (this.#closedWith !== undefined || !error.code?.startsWith('WS_ERR_')) return;
    this.#closedWith = violations[error.code] ?? 1002;
    this.#hub.metrics.framesRejected.inc(this.#closedWith === 1009 ? 'too-big' : 'bad-frame');
    this.#become('closing');
  }

  #end(code: number, reason: string): void {
    // Not open any more: the peer closed first, and ws answers it.
    if (this.#ws.readyState === this.#ws.OPEN) this.#closedWith = code;
    this.#become('closing');
    if (this.#ws.isPaused) this.#ws.resume();
    this.#ws.close(code, atMost123Bytes(reason));
  }

  #closed(received: number): void {
    const code = this.#closedWith ?? received;
    const initiator = this.#closedWith === undefined ? 'client' : 'server';
    const seconds = (performance.now() - this.#openedAt) / 1000;
    const { metrics, log, counts } = this.#hub;
    counts[this.#state]--;
    metrics.socketCloses.inc(String(code), initiator);
    metrics.socketDuration.observe(seconds);
    this.#state = 'closing';
    this.#hub.gone(this);
    this.#inlet?.closed(code);
    const frames = { framesIn: this.#framesIn, framesOut: this.#framesOut };
    const bytes = { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
    const how = { socket: this.#number, code, initiator, seconds: Math.round(seconds) };
    // Anyone can open sockets; the log at its usual level is for those who said who they are.
    const level = this.#authenticated ? 'info' : 'debug';
    log[level]({ event: 'socket_closed', ...how, ...frames, ...bytes }, 'socket closed');
  }

  /** The state may have changed in a call. */
  get #isClosing(): boolean {
    return this.#state === 'closing';
  }

  #become(state: SocketState): void {
    if (state === 'open') this.#authenticated = true;
    this.#hub.counts[this.#state]--;
    this.#hub.counts[state]++;
    this.#state = state;
  }
}

/** What ws closes with, by its error code; 1002 for all others. */
const violations: Record<string, number> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
};

/** RFC 6455 §5.5: a control frame holds 125 bytes, two of which are the code. */
function atMost123Bytes(reason: string): string {
  return reason.slice(0, new TextEncoder().encodeInto(reason, new Uint8Array(123)).read);
}
