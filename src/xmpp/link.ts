/**
 * The link: the one stream to the XMPP server (XEP-0114), kept up for ever. It alone writes to the stream, so it alone
 * guards what is written; it proves by fences what the server took, and sends again what it cannot prove.
 */
import { performance } from 'node:perf_hooks';
import { StanzaError } from '../protocol/errors.ts';
import { Fence } from './fence.ts';
import { Guard, type Guarded } from './guard.ts';
import { IqTable } from './iq.ts';
import type { LinkLimits, LinkOptions, LinkState, LinkTiming } from './link-options.ts';
import { defaultLimits, defaultTiming } from './link-options.ts';
import { LinkReport } from './link-report.ts';
import { type Delivery, type Outgoing, OutgoingQueue, PendingDelivery } from './outgoing.ts';
import { retryDelay } from './retry.ts';
import { type Element, nameOf } from './stanza.ts';
import { type Lost, Stream } from './stream.ts';

export type { LinkLimits, LinkOptions, LinkState, LinkTiming } from './link-options.ts';
export type { Delivery } from './outgoing.ts';

const down = () => new StanzaError('link-down', 'The link to the XMPP server is down');

export class Link {
  /** Every stanza that came in, but for answers to request(). What it throws is logged. */
  onStanza: (stanza: Element) => void = () => undefined;
  /** Up and down; not every attempt in between. */
  onState: (state: LinkState) => void = () => undefined;

  readonly #options: LinkOptions;
  readonly #timing: LinkTiming;
  readonly #limits: LinkLimits;
  readonly #report: LinkReport;
  readonly #guard: Guard;
  readonly #queue: OutgoingQueue;
  readonly #iqs: IqTable;
  #state: LinkState = { link: 'down', since: new Date(), reason: 'not connected yet' };
  #stream: Stream | undefined;
  /** Of the stream that is up. */
  #fence: Fence | undefined;
  #failures = 0;
  #upSince = 0;
  #sweptAt = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #flushing = false;
  #stopped: Promise<void> | undefined;
  /** Looked at after each flush and loss while stop() waits. */
  #settled: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#report = new LinkReport(options);
    this.#guard = new Guard(options.domain, options);
    this.#queue = new OutgoingQueue(this.#limits.queueStanzas, this.#limits.queueBytes);
    this.#iqs = new IqTable(this.#limits.requests);
    const { metrics } = options;
    metrics.linkUp.from(() => (this.#state.link === 'up' ? 1 : 0));
    metrics.linkQueue.from(() => this.#queue.bytes);
    metrics.linkUnfencedStanzas.from(() => this.#fence?.unfenced ?? 0);
    metrics.iqPending.from(() => this.#iqs.size);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Connects, and again whenever the link is lost, until stop(). */
  start(): void {
    if (this.#sweeper || this.#stopped) return;
    this.#sweptAt = performance.now();
    this.#sweeper = setInterval(() => this.#sweep(), this.#timing.sweep);
    this.#connect();
  }

  /** Takes nothing more, waits until what was taken is fenced, closes the stream. What could not be sent fails. Bounded. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /**
   * Queues a stanza. In order with all others, never sent again. False while the link is down: it is dropped.
   * @throws StanzaError what the guard refuses, resource-constraint when too much waits
   */
  send(stanza: Element): boolean {
    const guarded = this.#guard.check(stanza);
    if (!this.#fence || this.#stopped) {
      this.#report.dropped('out', 'link-down');
      return false;
    }
    this.#enqueue(stanza, guarded);
    return true;
  }

  /** What deliver() would write, for one who has to know first. @throws StanzaError what the guard refuses */
  check(stanza: Element): Guarded {
    return this.#guard.check(stanza);
  }

  /**
   * Queues a stanza and sees it through: also while the link is down, and again after a loss of the link when it was
   * not fenced, with the same text and before anything new, until `deadline` (epoch milliseconds).
   * `done` resolves at the fence; it rejects with `link-down` if the stanza was never written in time, `unconfirmed`
   * if it was written when the link was lost. `guarded` is what check() said of this stanza.
   * @throws StanzaError what the guard refuses, resource-constraint when too much waits
   */
  deliver(stanza: Element, deadline: number, guarded = this.#guard.check(stanza)): Delivery {
    const delivery = new PendingDelivery(deadline);
    if (this.#stopped) delivery.fail(down());
    else this.#enqueue(stanza, { ...guarded, delivery });
    return delivery;
  }

  /**
   * Sends an IQ get or set and waits for its answer; an id is made when it has none. Rejects with the StanzaError of the
   * answer, `timeout`, `link-down` (also when the link is lost meanwhile), or what the guard refuses.
   */
  async request(iq: Element, timeoutMs: number = this.#timing.request): Promise<Element> {
    iq.attrs.id ||= crypto.randomUUID();
    const { type } = iq.attrs;
    if (type !== 'get' && type !== 'set') throw new StanzaError('bad-request', 'Only get and set ask');
    const guarded = this.#guard.check(iq);
    if (!this.#fence || this.#stopped) throw down();
    return this.#iqs.wait(iq, performance.now() + timeoutMs, () => this.#enqueue(iq, guarded));
  }

  #enqueue(stanza: Element, item: Outgoing): void {
    try {
      this.#queue.push(item);
    } catch (error) {
      this.#report.dropped('out', 'queue-full');
      throw error;
    }
    this.#report.stanza('out', stanza);
    this.#flushSoon();
  }

  /** One write for all stanzas of a turn of the event loop: it is the writes that cost. */
  #flushSoon(): void {
    if (this.#flushing || !this.#fence) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const [stream, fence] = [this.#stream, this.#fence];
    if (!stream || !fence) return;
    const now = performance.now();
    // What the last answer did not cover is proved first, so that the window moves while the server works.
    let text = fence.wantsPing() ? fence.ping(now) : '';
    let room = this.#limits.highWater - stream.buffered;
    let next = this.#queue.peek();
    while (next && room > 0 && fence.admits(next)) {
      this.#queue.shift();
      fence.written(next);
      text += next.text;
      room -= next.bytes;
      if (fence.halfFull() && !fence.outstanding) text += fence.ping(now);
      next = this.#queue.peek();
    }
    const stuck = next !== undefined || (this.#stopped && fence.unfenced > 0);
    if (fence.wantsPing() || (stuck && room > 0 && !fence.outstanding)) text += fence.ping(now);
    if (text !== '') this.#write(stream, text);
    if (this.#stopped) this.#settled?.();
  }

  #write(stream: Stream, text: string): void {
    stream.write(text);
    this.#report.bytes('out', Buffer.byteLength(text));
  }

  #connect(): void {
    const { service, domain, secret } = this.#options;
    const [timing, limits] = [this.#timing, this.#limits];
    this.#stream = new Stream(
      { service, domain, secret, timing, limits },
      {
        online: () => this.#online(),
        element: (element) => this.#element(element),
        tooDeep: () => this.#report.dropped('in', 'too-large'),
        received: (bytes) => this.#report.bytes('in', bytes),
        drained: () => this.#flush(),
        lost: (lost) => this.#lost(lost),
      },
    );
  }

  #online(): void {
    const { domain, server } = this.#options;
    this.#upSince = performance.now();
    this.#fence = new Fence({ domain, server, ...this.#limits }, this.#upSince);
    this.#state = { link: 'up', since: new Date() };
    this.#report.up();
    this.#flush();
    this.#report.guard(() => this.onState(this.#state));
  }

  #lost(lost: Lost): void {
    const [fence, wasUp, now] = [this.#fence, this.#fence !== undefined, new Date()];
    this.#stream = undefined;
    this.#fence = undefined;
    if (wasUp && performance.now() - this.#upSince >= this.#timing.stable) this.#failures = 0;
    this.#failures++;
    const delay = this.#stopped ? undefined : retryDelay(lost, this.#failures, this.#timing);
    this.#state = { link: 'down', since: wasUp ? now : this.#state.since, reason: lost.reason };
    if (delay !== undefined) {
      this.#state.retryAt = new Date(now.getTime() + delay);
      this.#retry = setTimeout(() => this.#connect(), delay);
    }
    this.#report.lost(lost, wasUp, delay);
    if (fence) this.#keepUnfenced(fence);
    this.#settled?.();
    if (wasUp) this.#report.guard(() => this.onState(this.#state));
  }

  #keepUnfenced(fence: Fence): void {
    const { dropped } = this.#queue.linkLost(fence.lost());
    this.#report.dropped('out', 'link-down', dropped);
    this.#expire();
    this.#iqs.failAll(down());
  }

  #element(element: Element): void {
    const kind = nameOf(element);
    const { type } = element.attrs;
    if (kind === 'iq' && (type === 'result' || type === 'error')) {
      this.#answer(element);
    } else if (kind === 'message' || kind === 'presence' || kind === 'iq') {
      this.#report.stanza('in', element);
      this.#report.guard(() => this.onStanza(element));
    } else {
      this.#report.dropped('in', 'malformed');
    }
  }

  #answer(iq: Element): void {
    const ms = this.#fence?.answered(iq, performance.now());
    if (ms !== undefined) {
      this.#report.fenced(ms);
      this.#flush();
      return;
    }
    this.#report.stanza('in', iq);
    // Answered to someone else, too late, or forged: never answered in turn (RFC 6120 §8.2.3).
    if (!this.#iqs.answer(iq)) this.#report.dropped('in', 'unexpected-answer');
  }

  /** Everything that has a time limit, at one regular moment. */
  #sweep(): void {
    const now = performance.now();
    const late = now - this.#sweptAt - this.#timing.sweep;
    this.#sweptAt = now;
    this.#stream?.check(now);
    this.#expire();
    this.#options.metrics.iqTimeouts.add(this.#iqs.expire(now));
    const fence = this.#fence;
    if (!fence) return;
    if (late > 1000) fence.forgive(late);
    if (fence.outstanding && fence.age(now) > this.#timing.fence) {
      this.#stream?.abort('ping_timeout', `no answer to a ping in ${this.#timing.fence} ms`);
    } else if (!fence.outstanding && fence.age(now) > this.#timing.keepalive && this.#stream) {
      this.#write(this.#stream, fence.ping(now));
    }
  }

  #expire(): void {
    this.#report.dropped('out', 'expired', this.#queue.expire(Date.now()));
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#retry);
    const isProved = () => !this.#fence || (this.#queue.length === 0 && this.#fence.unfenced === 0);
    await this.#within(this.#timing.stop, isProved);
    this.#stream?.close();
    await this.#within(this.#timing.close * 2, () => !this.#stream);
    clearInterval(this.#sweeper);
    this.#queue.expire(Number.POSITIVE_INFINITY);
  }

  async #within(ms: number, done: () => boolean): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#settled = () => {
        if (!done()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#flushSoon();
    });
    this.#settled = undefined;
  }
}
