/**
 * Own messages (PROTOCOL.md §6): kept until they are sent, whatever happens to the socket, the session and the page, and
 * followed on their ladder from pending to displayed.
 */
import type { EventData, RequestResult } from '../protocol/frames.ts';
import { jitter, remember, sleep } from './bounds.ts';
import { ClientError, failure, tooMany } from './error.ts';
import { uuid } from './platform.ts';
import type { Requests } from './requests.ts';
import type { Delivery, DeliveryStatus, Draft, Outbox, Sending, Sent, Unsent } from './types.ts';

interface Item {
  unsent: Unsent;
  readonly settle: PromiseWithResolvers<Sent>;
  posted: boolean;
}

export interface MessagesParts {
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly patienceMs: number;
  user(): string | undefined;
  tell(delivery: Delivery): void;
}

/** The parts that count of what can happen to a message. */
type Happened = Pick<EventData<'message'>, 'chat' | 'id' | 'outgoing'> &
  Partial<Pick<EventData<'receipt'>, 'status'> & Pick<EventData<'message.failed'>, 'error'>>;

/** Messages that are not sent; more are refused with `resource-constraint`. */
const maxUnsent = 1000;
/** Messages whose rung is remembered, so that none comes twice and none goes down; the oldest are forgotten. */
const maxFollowed = 1000;
const rungs: readonly DeliveryStatus[] = ['pending', 'sent', 'delivered', 'displayed', 'failed'];

export class Messages {
  readonly #parts: MessagesParts;
  readonly #items = new Map<string, Item>();
  /** `chat id` → its rung, in the order of sending. */
  readonly #rungs = new Map<string, DeliveryStatus>();
  #online = false;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
  }

  /** Is this the echo of a message whose `ok` is still to come? */
  isUnsent({ outgoing, id, originId }: EventData<'message'>): boolean {
    return outgoing === true && this.#items.has(originId ?? id);
  }

  send(draft: Draft): Sending {
    const id = draft.id ?? uuid();
    const known = this.#items.get(id);
    if (!known && this.#items.size >= maxUnsent) {
      return Object.assign(Promise.reject(tooMany()), { id });
    }
    const item = known ?? this.#add({ data: { ...draft, id }, at: Date.now(), user: this.#parts.user() });
    if (!known) this.#keep(item);
    return Object.assign(item.settle.promise, { id });
  }

  /** Takes up what an earlier page has left. */
  restore(all: readonly Unsent[]): void {
    for (const unsent of all) if (!this.#items.has(unsent.data.id)) this.#add(unsent);
  }

  /** There is a session of that account. */
  online(user: string): void {
    this.#online = true;
    for (const [id, item] of this.#items) {
      if ((item.unsent.user ?? user) !== user) this.#drop(id, failure('forbidden', 'It was written by another user'));
      else this.#post(item);
    }
  }

  offline(): void {
    this.#online = false;
  }

  /** Nothing will be sent any more; what is stored elsewhere stays there. */
  close(error: ClientError): void {
    for (const id of this.#items.keys()) this.#drop(id, error);
  }

  /** Something has happened to a message. */
  event(type: string, data: unknown): void {
    const { chat, id, status, outgoing, error } = data as Happened;
    if (type === 'receipt' && status) this.#climb(chat, id, status);
    // Another session of the account has sent it.
    else if (type === 'message' && outgoing) this.#climb(chat, id, 'sent');
    else if (type === 'message.failed') this.#climb(chat, id, 'failed', { error });
  }

  #add(unsent: Unsent): Item {
    const { data } = unsent;
    const item: Item = { unsent, settle: Promise.withResolvers<Sent>(), posted: false };
    // Who does not wait for it hears of it by `delivery`.
    item.settle.promise.catch(() => undefined);
    this.#items.set(data.id, item);
    this.#parts.tell({ id: data.id, chat: data.to, status: 'pending', draft: data });
    if (this.#online) this.#post(item);
    return item;
  }

  #post(item: Item): void {
    if (item.posted) return;
    item.posted = true;
    const { tried } = item.unsent;
    if (tried === undefined) {
      item.unsent = { ...item.unsent, tried: Date.now() };
      this.#keep(item);
    }
    void this.#deliver(item, tried);
  }

  async #deliver(item: Item, tried: number | undefined): Promise<void> {
    const { data } = item.unsent;
    let until = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        const sent = await this.#parts.requests.send('message.send', data, 0, tried);
        return this.#sent(item, sent);
      } catch (error) {
        if (!(error instanceof ClientError) || !this.#items.has(data.id)) return;
        until ||= Date.now() + this.#parts.patienceMs;
        const again = error.retry && (error.code === 'link-down' || error.code === 'unconfirmed');
        const waitMs = jitter(attempt);
        if (!again || Date.now() + waitMs > until) return this.#failed(item, error);
        await sleep(waitMs);
      }
    }
  }

  #sent({ unsent: { data }, settle }: Item, sent: RequestResult<'message.send'>): void {
    this.#remove(data.id);
    this.#climb(sent.chat, sent.id, 'sent', { sent, originId: data.id });
    settle.resolve(sent);
  }

  #failed({ unsent: { data } }: Item, error: ClientError): void {
    this.#parts.tell({ id: data.id, chat: data.to, status: 'failed', draft: data, error: error.details });
    this.#drop(data.id, error);
    this.#remove(data.id);
  }

  #drop(id: string, error: ClientError): void {
    this.#items.get(id)?.settle.reject(error);
    this.#items.delete(id);
  }

  /** Up only; a rung that is not known to be lower is told too. */
  #climb(chat: string, id: string, status: DeliveryStatus, more: Partial<Delivery> = {}): void {
    const before = this.#rungs.get(key(chat, id));
    if (before !== undefined && rungs.indexOf(before) >= rungs.indexOf(status)) return;
    remember(this.#rungs, key(chat, id), status, maxFollowed);
    this.#parts.tell({ id, chat, status, ...more });
  }

  #keep({ unsent }: Item): void {
    void this.#try((outbox) => outbox.put(unsent));
  }

  #remove(id: string): void {
    this.#items.delete(id);
    void this.#try((outbox) => outbox.remove(id));
  }

  async #try(action: (outbox: Outbox) => unknown): Promise<void> {
    try {
      await action(this.#parts.outbox);
    } catch {
      // A full or forbidden store keeps nothing over a reload; the message is still here.
    }
  }
}

const key = (chat: string, id: string): string => `${chat}\n${id}`;
