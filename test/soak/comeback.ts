/** A web client's socket that comes back: when, the range of the close code says (PROTOCOL.md §7). */
import { WebSocket } from 'ws';
import { afterClose, closeCodes } from '../../src/protocol/close.ts';
import type { AnyFrame } from '../support/json-client.ts';
import type { Ledger } from './ledger.ts';

export interface Owner {
  readonly name: string;
  readonly url: string;
  readonly ledger: Ledger;
  /** The first frame of each socket. */
  hello(): object;
  /** A frame of the socket that counts now. */
  frame(frame: AnyFrame): void;
}

/** A socket that is not ready in that time is given up. */
const connectMs = 10_000;
const longestBackoffMs = 30_000;

export class Comeback {
  readonly #owner: Owner;
  #ws: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #stopped = false;
  #ready = false;
  /** When an attempt was given up that the gateway may still carry out. */
  #abandonedAt = Number.NEGATIVE_INFINITY;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  connect(): void {
    if (this.#stopped) return;
    const ws = new WebSocket(this.#owner.url, 'stanzawire.v1');
    this.#ws = ws;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.leave((socket) => socket.terminate(), 0), connectMs);
    ws.on('open', () => this.#ws === ws && ws.send(JSON.stringify(this.#owner.hello())));
    ws.on('error', () => undefined);
    ws.on('close', (code) => this.#closed(ws, code));
    ws.on('message', (text: Buffer) => {
      const frames = JSON.parse(String(text)) as AnyFrame | AnyFrame[];
      for (const frame of Array.isArray(frames) ? frames : [frames]) if (this.#ws === ws) this.#owner.frame(frame);
    });
  }

  /** `ready` has come. */
  ready(): void {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#attempts = 0;
  }

  send(frame: object): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify(frame));
  }

  /** Lets go of the socket; what it still brings is ignored. Another comes after that time, 0 = now. */
  leave(end: (ws: WebSocket) => void, backAfterMs: number): void {
    const ws = this.#ws;
    clearTimeout(this.#timer);
    // Two attempts at one session would replace one another in any order.
    if (ws && !this.#ready) this.#abandon(ws);
    else if (ws) end(ws);
    this.#ws = undefined;
    this.#ready = false;
    if (backAfterMs > 0) this.#timer = setTimeout(() => this.connect(), backAfterMs);
    else this.connect();
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.leave((ws) => ws.terminate(), 0);
  }

  #abandon(ws: WebSocket): void {
    if (ws.readyState === WebSocket.OPEN) this.#abandonedAt = performance.now();
    ws.terminate();
  }

  #closed(ws: WebSocket, code: number): void {
    const { ledger, name } = this.#owner;
    ledger.count(`sockets closed with ${code}`);
    if (this.#ws !== ws) return;
    if (code === closeCodes.replaced && performance.now() - this.#abandonedAt < connectMs) {
      ledger.count('sockets replaced by an own attempt that had been given up');
      this.leave(() => undefined, 0);
      return;
    }
    const then = afterClose(code);
    if (then === 'stop') ledger.violation(`${name} was closed with ${code}`);
    // "Full jitter": a random time, of a range that doubles.
    const backoff = Math.random() * Math.min(longestBackoffMs, 1000 * 2 ** this.#attempts++);
    this.leave(() => undefined, then === 'now' ? 0 : backoff);
  }
}
