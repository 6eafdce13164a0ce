/**
 * The drain (docs/drain.md): from the moment when the process wants no more traffic to the one when no client, no link and
 * no store hang on it. It happens once, whatever asks for it, and however often.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { VirtualServer } from './core/server.ts';
import type { Http } from './http/server.ts';
import type { Logger } from './log.ts';
import type { Outbound } from './outbound/outbound.ts';
import type { Store } from './store/store.ts';
import type { WebSockets } from './websocket/server.ts';
import type { Link } from './xmpp/link.ts';

export interface DrainParts {
  readonly config: Config['drain'];
  readonly log: Logger;
  readonly link: Link;
  readonly store: Store;
  readonly outbound: Outbound;
  readonly virtualServer: VirtualServer;
  readonly sockets: WebSockets;
  readonly http: Http;
  /** Ends what the process does by the clock. */
  readonly rest: () => void;
}

export type DrainCause = 'stop' | 'command' | 'system-shutdown';

/** So long new sockets are still taken: a load balancer needs a moment to see that we are not ready. */
const acceptMs = 3000;
/** For the answers to what closed sockets had asked. */
const lastAnswersMs = 500;
/** For what leaves by HTTP; what is not delivered then is kept for the next process. */
const outboundMs = 2000;

export class Drain {
  readonly #parts: DrainParts;
  #run: Promise<void> | undefined;
  /** On the clock of `performance`. */
  #begunAt: number | undefined;
  #endedAt: number | undefined;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  get begun(): boolean {
    return this.#begunAt !== undefined;
  }

  get over(): boolean {
    return this.#endedAt !== undefined;
  }

  /** What it has taken, so far; 0 before it has begun. */
  get seconds(): number {
    return this.#begunAt === undefined ? 0 : ((this.#endedAt ?? performance.now()) - this.#begunAt) / 1000;
  }

  /** Resolves when it is over. `timeMs` is for the sockets; whoever asks first decides. */
  begin(cause: DrainCause, timeMs: number): Promise<void> {
    this.#run ??= this.#all(cause, timeMs);
    return this.#run;
  }

  async #all(cause: DrainCause, timeMs: number): Promise<void> {
    this.#begunAt = performance.now();
    const { log, link, outbound, store, http, rest } = this.#parts;
    log.info({ event: 'drain_begun', cause, seconds: timeMs / 1000 }, 'draining');
    await this.#letGo(timeMs);
    rest();
    await link.stop();
    // What the last fence has proved is still being noted.
    await this.#settled(lastAnswersMs);
    await outbound.stop(outboundMs);
    await store.close();
    await http.closePublic();
    this.#endedAt = performance.now();
    log.info({ event: 'drained', seconds: Math.round(this.seconds) }, 'drained');
  }

  /** Until the last socket is closed. */
  async #letGo(timeMs: number): Promise<void> {
    const { config, link, virtualServer, sockets } = this.#parts;
    const end = performance.now() + timeMs;
    const left = (): number => Math.max(0, end - performance.now());
    await delay(Math.min(acceptMs, timeMs / 3));
    sockets.refuse();
    const invitations = config.url === undefined ? [] : this.#invite(config.url, left() / 2, left);
    // With the link down nobody could be told: then the next process does it.
    const isFinal = config.presence === 'unavailable' && link.state.link === 'up';
    virtualServer.keepPresence = !isFinal;
    await Promise.all([this.#settled(left() / 2), delay(invitations.length > 0 ? left() / 2 : 0)]);
    if (isFinal) virtualServer.sessions.endDetached();
    await sockets.closeAll(left());
    await this.#settled(lastAnswersMs);
    // The news that a session has ended is told in the turn after it.
    if (isFinal) await nextTurn();
    for (const invitation of invitations) clearTimeout(invitation);
  }

  /** Each client is asked at a moment of its own, so that they do not arrive elsewhere as a crowd. */
  #invite(url: string, spreadMs: number, left: () => number): NodeJS.Timeout[] {
    return [...this.#parts.virtualServer.sessions].map((session) =>
      setTimeout(
        () => session.push({ type: 'reconnect', data: { reason: 'shutdown', withinMs: Math.ceil(left()), url } }),
        Math.random() * spreadMs,
      ),
    );
  }

  async #settled(mostMs: number): Promise<void> {
    const patience = new AbortController();
    const late = delay(mostMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.#parts.virtualServer.pending.settled(), late]);
    patience.abort();
  }
}
