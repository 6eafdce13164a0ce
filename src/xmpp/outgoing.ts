/**
 * What is on its way out: the queue of stanzas that wait for the link or for the window, and the life of a delivery,
 * which outlives the stream it was written to.
 */
import { StanzaError } from '../protocol/errors.ts';

export interface Outgoing {
  /** The stanza as XML. */
  readonly text: string;
  readonly bytes: number;
  /** Absent: sent once, or not at all when the link is lost. */
  readonly delivery?: PendingDelivery;
}

export interface Delivery {
  /** Resolves when the server has taken the stanza; rejects with a StanzaError. Never an unhandled rejection. */
  readonly done: Promise<void>;
  /** It is not written (again) any more. What is on the wire may still be taken; what is not, rejects. */
  cancel(): void;
}

export class PendingDelivery implements Delivery {
  readonly done: Promise<void>;
  /** Epoch milliseconds. */
  readonly #deadline: number;
  #written = false;
  #onWire = false;
  #over = false;
  #cancelled = false;
  #resolve: () => void = () => undefined;
  #reject: (error: StanzaError) => void = () => undefined;

  constructor(deadline: number) {
    this.#deadline = deadline;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
  }

  /** Nothing is to be written for it any more. */
  get over(): boolean {
    return this.#over;
  }

  cancel(): void {
    this.#cancelled = true;
    if (!this.#onWire) this.fail(new StanzaError('unconfirmed', 'The message was withdrawn before the server took it'));
  }

  written(): void {
    this.#written = true;
    this.#onWire = true;
  }

  taken(): void {
    this.#over = true;
    this.#resolve();
  }

  fail(error: StanzaError): void {
    this.#over = true;
    this.#reject(error);
  }

  /** The stream it was written to is gone. */
  linkLost(): void {
    this.#onWire = false;
    if (this.#cancelled) this.cancel();
  }

  /** Ends it if its time is over (or has to be); what is on the wire waits for the fence or the loss of the link. */
  expire(now: number): void {
    if (this.#over || this.#onWire || now < this.#deadline) return;
    this.fail(
      this.#written
        ? new StanzaError('unconfirmed', 'The link was lost before the server confirmed the message')
        : new StanzaError('link-down', 'The XMPP server could not be reached in time'),
    );
  }
}

/** First in, first out; bounded in stanzas and bytes. What came from the wire goes to the front and is always taken. */
export class OutgoingQueue {
  readonly #maxStanzas: number;
  readonly #maxBytes: number;
  #items: Outgoing[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxStanzas: number, maxBytes: number) {
    this.#maxStanzas = maxStanzas;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** @throws StanzaError resource-constraint when it is full. */
  push(item: Outgoing): void {
    if (this.length >= this.#maxStanzas || this.#bytes + item.bytes > this.#maxBytes) {
      throw new StanzaError('resource-constraint', 'Too much is waiting for the XMPP server', { retryAfterMs: 1000 });
    }
    this.#items.push(item);
    this.#bytes += item.bytes;
  }

  /** The next to be written, left where it is. */
  peek(): Outgoing | undefined {
    for (let item = this.#items[this.#head]; item; item = this.#items[this.#head]) {
      if (!item.delivery?.over) return item;
      this.shift();
    }
    return undefined;
  }

  shift(): void {
    this.#bytes -= this.#items[this.#head]?.bytes ?? 0;
    this.#head++;
    if (this.#head < this.#items.length && this.#head < 1024) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** The link is lost: deliveries that were on the wire come first, those that wait stay, the rest is dropped. */
  linkLost(fromWire: Outgoing[]): { dropped: number } {
    const waiting = this.#items.slice(this.#head);
    const kept = waiting.filter((item) => item.delivery);
    this.#replace([...fromWire, ...kept]);
    return { dropped: waiting.length - kept.length };
  }

  /** Ends deliveries whose time is over. Returns how many there were. */
  expire(now: number): number {
    let over = 0;
    for (let i = this.#head; i < this.#items.length; i++) {
      const delivery = this.#items[i]?.delivery;
      if (delivery && !delivery.over) delivery.expire(now);
      if (delivery?.over) over++;
    }
    if (over > 0) this.#replace(this.#items.slice(this.#head).filter((item) => !item.delivery?.over));
    return over;
  }

  #replace(items: Outgoing[]): void {
    this.#items = items;
    this.#head = 0;
    this.#bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  }
}
