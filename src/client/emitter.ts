/** Listeners by type of event, and the same events as an async iterator. */
import type { ClientError } from './error.ts';
import { tooMany } from './error.ts';
import type { ClientEvent, ClientEvents, Origin } from './types.ts';

type Listener<T> = (data: T, origin: Origin) => void;

/** Events that a reader of the iterator has not taken; when there are more, it fails. */
const maxUnread = 10_000;

export class Emitter {
  readonly #listeners = new Map<string, Set<Listener<never>>>();
  readonly #ends = new Set<(error?: ClientError) => void>();

  /** Has the listener called until the returned function is. `*` is every event, as `{type, data}`. */
  on<T extends keyof ClientEvents>(type: T, listener: Listener<ClientEvents[T]>): () => void;
  on(type: '*', listener: Listener<ClientEvent>): () => void;
  on(type: string, listener: Listener<never>): () => void {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all.add(listener));
    return () => {
      all.delete(listener);
    };
  }

  emit<T extends keyof ClientEvents>(type: T, data: ClientEvents[T], origin: Origin = 'live'): void {
    for (const [key, value] of [[type, data] as const, ['*', { type, data }] as const]) {
      for (const listener of this.#listeners.get(key) ?? []) {
        try {
          listener(value as never, origin);
        } catch (error) {
          // A bug of the page's must not stop the client; it is reported as any uncaught error.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }

  /** Ends the iterators, with that error. */
  end(error?: ClientError): void {
    for (const end of this.#ends) end(error);
  }

  /** Every event from now on. It ends with `close()`, and fails when the client stops by itself. */
  [Symbol.asyncIterator](): AsyncGenerator<ClientEvent, void> {
    const unread: ClientEvent[] = [];
    let ended: { error?: ClientError | undefined } | undefined;
    let wake = (): void => undefined;
    const end = (error?: ClientError): void => {
      ended ??= { error };
      off();
      this.#ends.delete(end);
      wake();
    };
    const off = this.on('*', (event) => {
      if (unread.push(event) > maxUnread) end(tooMany());
      wake();
    });
    this.#ends.add(end);
    return (async function* () {
      try {
        for (;;) {
          const event = unread.shift();
          if (event) yield event;
          else if (ended?.error) throw ended.error;
          else if (ended) return;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        end();
      }
    })();
  }
}
