/**
 * Requests and their answers (PROTOCOL.md §2, §5): as many on the way as the gateway takes, sent again with the same ids
 * after a lost socket, later when it said `rate-limited`.
 */
import type { ErrorObject } from '../protocol/errors.ts';
import type { RequestData, RequestResult, RequestType } from '../protocol/frames.ts';
import type { Limits } from '../protocol/objects.ts';
import { ClientError, failure, tooMany } from './error.ts';
import { uuid } from './platform.ts';

interface Pending {
  readonly frame: { readonly type: RequestType; readonly id: string; readonly data: object };
  resolve(result: unknown): void;
  reject(error: ClientError): void;
  timer?: ReturnType<typeof setTimeout>;
  /** When it was first written, if it was. */
  writtenAt?: number | undefined;
  refused: number;
}

/** Requests without an answer; more are refused with `resource-constraint`. */
const maxPending = 2000;
/** PROTOCOL.md §6: that long the gateway knows a message again. */
const knownMs = 23 * 3600_000;
const maxRefused = 10;

export class Requests {
  readonly #write: (frame: object) => void;
  readonly #prefix = uuid().slice(0, 8);
  #count = 0;
  /** Written and not answered, in their order. */
  readonly #flying = new Map<string, Pending>();
  #waiting: Pending[] = [];
  #limits: Pick<Limits, 'inFlight' | 'frameBytes'> | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #stopped: ClientError | undefined;

  constructor(write: (frame: object) => void) {
    this.#write = write;
  }

  /** Resolves with `ok.data`. `timeoutMs` 0 = waits for ever; `writtenAt` is when an earlier page first wrote it. */
  send<T extends RequestType>(
    type: T,
    data: RequestData<T>,
    timeoutMs: number,
    writtenAt?: number,
  ): Promise<RequestResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#stopped && timeoutMs > 0) return reject(this.#stopped);
      if (this.#flying.size + this.#waiting.length >= maxPending) {
        return reject(tooMany());
      }
      const frame = { type, id: `${this.#prefix}-${++this.#count}`, data };
      const settle = resolve as (result: unknown) => void;
      const pending: Pending = { frame, resolve: settle, reject, writtenAt, refused: 0 };
      if (timeoutMs > 0) {
        pending.timer = setTimeout(() => this.#fail(pending, failure('timeout', 'No answer in time', true)), timeoutMs);
      }
      this.#waiting.push(pending);
      this.#flush();
    });
  }

  answer(id: string, data: unknown, error: ErrorObject | undefined): void {
    const pending = this.#flying.get(id);
    if (!pending) return;
    if (error?.code === 'rate-limited' && pending.refused++ < maxRefused) {
      this.#flying.delete(id);
      this.#waiting.unshift(pending);
      this.#wait(error.retryAfterMs ?? 1000);
    } else if (error) this.#fail(pending, new ClientError(error));
    else {
      this.#take(pending);
      pending.resolve(data);
    }
    this.#flush();
  }

  /** There is a socket, of the old session or of a new one. */
  online(limits: Limits | undefined, resumed: boolean): void {
    this.#stopped = undefined;
    this.#limits = limits ?? { inFlight: 64, frameBytes: 65_536 };
    // A new session knows nothing of the requests of the old one, and this may not be done twice.
    for (const pending of this.#waiting) {
      if (!resumed && pending.writtenAt && pending.frame.type === 'iq.send') this.#fail(pending, unconfirmed());
    }
    this.#flush();
  }

  offline(): void {
    this.#limits = undefined;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#waiting.unshift(...this.#flying.values());
    this.#flying.clear();
  }

  /** Fails all that wait; those without a timeout only with `all`. */
  stop(error: ClientError, all: boolean): void {
    this.#stopped = error;
    for (const pending of [...this.#flying.values(), ...this.#waiting]) {
      if (all || pending.timer) this.#fail(pending, error);
    }
  }

  #flush(): void {
    // Half of what is allowed: there are frames that are not counted here.
    while (this.#limits && !this.#pause && this.#flying.size < Math.max(1, this.#limits.inFlight / 2)) {
      const pending = this.#waiting.shift();
      if (!pending) return;
      const { frame } = pending;
      pending.writtenAt ??= Date.now();
      // A frame that is too long would end the connection.
      if (new TextEncoder().encode(JSON.stringify(frame)).length > this.#limits.frameBytes) {
        this.#fail(pending, failure('too-large', `${frame.type} is too long`));
      } else if (frame.type === 'message.send' && Date.now() - pending.writtenAt > knownMs) {
        this.#fail(pending, unconfirmed());
      } else {
        this.#flying.set(frame.id, pending);
        this.#write(frame);
      }
    }
  }

  #wait(ms: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#flush();
    }, ms);
  }

  #fail(pending: Pending, error: ClientError): void {
    this.#take(pending);
    pending.reject(error);
  }

  #take(pending: Pending): void {
    clearTimeout(pending.timer);
    this.#flying.delete(pending.frame.id);
    this.#waiting = this.#waiting.filter((one) => one !== pending);
  }
}

const unconfirmed = (): ClientError => failure('unconfirmed', 'It is not known whether it was done');
