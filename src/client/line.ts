/**
 * One socket after another (PROTOCOL.md §1, §4, §7): opens them, notices when one is dead, and comes back with full
 * jitter. What a close code means is its owner's to say.
 */

import type { ErrorObject } from '../protocol/errors.ts';
import { jitter } from './bounds.ts';
import { heartbeatTimeout, resync } from './codes.ts';
import type { SocketClass, SocketLike } from './platform.ts';
import type { StatusChange } from './types.ts';

export interface LineOwner {
  /** Where to, and the data of `connect`. A failure counts as a lost socket. */
  hello(): Promise<{ url: string; data: object }>;
  frame(frame: { type: string; id?: string; seq?: number; data?: unknown; error?: ErrorObject }): void;
  /** A socket that was ready is not used any more. */
  offline(): void;
  /** A socket has gone: what now? */
  lost(code: number, reason: string): 'stop' | 'backoff' | 'now';
  status(change: StatusChange): void;
  trace(direction: 'in' | 'out', text: string): void;
}

const subprotocol = 'stanzawire.v1';
/** From the first thought of a socket, with its token, to `ready`. */
const openMs = 30_000;
const probeMs = 5000;
/** A connection that lasted so long was a good one: the next back-off begins anew. */
const goodMs = 10_000;

export const connectId = 'connect';

export class Line {
  readonly #owner: LineOwner;
  readonly #Socket: SocketClass;
  #socket: SocketLike | undefined;
  /** Counts the sockets, so that what an older one still does counts for nothing. */
  #round = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #attempt = 0;
  #heardAt = 0;
  #readyAt = 0;
  #hurriedAt = 0;

  constructor(owner: LineOwner, Socket: SocketClass) {
    this.#owner = owner;
    this.#Socket = Socket;
  }

  get online(): boolean {
    return this.#readyAt > 0;
  }

  /** Opens a socket now, in the place of the one that is there. */
  async open(): Promise<void> {
    this.#leave();
    const round = this.#round;
    const isCurrent = (): boolean => round === this.#round;
    this.#owner.status({ status: 'connecting' });
    this.#timer = setTimeout(() => this.drop(1006, 'no answer'), openMs);
    try {
      const { url, data } = await this.#owner.hello();
      if (!isCurrent()) return;
      const socket = new this.#Socket(url, subprotocol);
      this.#socket = socket;
      socket.addEventListener('open', () => isCurrent() && this.write({ type: 'connect', id: connectId, data }));
      socket.addEventListener('message', (event) => isCurrent() && this.#receive(String(event.data), isCurrent));
      socket.addEventListener('close', ({ code, reason }) => isCurrent() && this.drop(code, reason));
      socket.addEventListener('error', () => undefined);
    } catch (error) {
      if (isCurrent()) this.drop(1006, String(error));
    }
  }

  /** `ready` has come. */
  ready(heartbeatMs: number): void {
    clearTimeout(this.#timer);
    this.#readyAt = Date.now();
    // PROTOCOL.md §4: a gateway that lives has something to say every heartbeatMs.
    this.#beat = setInterval(() => {
      if (Date.now() - this.#heardAt > 2 * heartbeatMs) this.drop(heartbeatTimeout, 'nothing heard');
    }, heartbeatMs / 2);
  }

  write(frame: object): void {
    const text = JSON.stringify(frame);
    this.#owner.trace('out', text);
    this.send(text);
  }

  send(data: string | Uint8Array): void {
    this.#socket?.send(data);
  }

  /** As if the socket had been closed with that code, which is not waited for: a dead network closes nothing. */
  drop(code: number, reason = ''): void {
    const lasted = this.#readyAt && Date.now() - this.#readyAt;
    this.#leave();
    const round = this.#round;
    const then = this.#owner.lost(code, reason);
    if (then === 'stop' || round !== this.#round) return;
    if (lasted > goodMs) this.#attempt = 0;
    const hurry = then === 'now' && Date.now() - this.#hurriedAt > 1000;
    if (hurry) this.#hurriedAt = Date.now();
    const retryInMs = hurry ? 0 : jitter(this.#attempt++);
    this.#timer = setTimeout(() => void this.open(), retryInMs);
    this.#owner.status({ status: 'waiting', code, reason, retryInMs });
  }

  /** Closes the socket, and opens no other. 1000 ends the session, every other code keeps it. */
  close(code: number): void {
    this.#leave(code);
  }

  /** Something has changed that may have cost the connection, or given it back: find out now. */
  probe(): void {
    if (!this.online) {
      // A socket that is being opened has its own timer.
      if (!this.#socket) void this.open();
      return;
    }
    const [round, before] = [this.#round, Date.now()];
    this.write({ type: 'ping' });
    setTimeout(() => {
      if (round === this.#round && this.#heardAt < before) this.drop(1006, 'nothing heard');
    }, probeMs);
  }

  #receive(text: string, isCurrent: () => boolean): void {
    this.#heardAt = Date.now();
    this.#owner.trace('in', text);
    for (const frame of [JSON.parse(text)].flat()) if (isCurrent()) this.#owner.frame(frame);
  }

  #leave(code: number = resync): void {
    const wasReady = this.online;
    this.#round++;
    this.#readyAt = 0;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code);
    if (wasReady) this.#owner.offline();
  }
}
