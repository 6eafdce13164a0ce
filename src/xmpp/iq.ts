/** The IQs that wait for an answer. An answer counts only with the right id, from whom was asked, to who asked. */
import { StanzaError } from '../protocol/errors.ts';
import { tryParse } from './jid.ts';
import { detach, type Element } from './stanza.ts';
import { isError, readError } from './stanza-error.ts';

interface Waiting {
  /** Of performance.now(). */
  ends: number;
  resolve: (result: Element) => void;
  reject: (error: StanzaError) => void;
}

/** `from` is the one that answers, `to` the one that asked. */
function keyOf(id: string, from: string, to: string): string {
  return `${id}\n${from}\n${to}`;
}

export class IqTable {
  readonly #max: number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for the answer to an IQ that has passed the guard; `write` sends it, once its place is taken.
   * @returns the result; rejects with the error's StanzaError, `timeout`, or what failAll() was given
   */
  wait(iq: Element, ends: number, write: () => void): Promise<Element> {
    const { id = '', from = '', to = '' } = iq.attrs;
    const key = detach(keyOf(id, tryParse(to)?.full ?? to, from));
    if (this.#waiting.has(key)) throw new StanzaError('conflict', 'An IQ with this id waits for an answer already');
    if (this.#waiting.size >= this.#max) {
      throw new StanzaError('resource-constraint', 'Too many IQs wait for an answer', { retryAfterMs: 1000 });
    }
    return new Promise((resolve, reject) => {
      write();
      this.#waiting.set(key, { ends, resolve, reject });
    });
  }

  /** Gives an IQ of type result or error to who waits for it; false if nobody does. */
  answer(iq: Element): boolean {
    const { id = '', from = '', to = '' } = iq.attrs;
    // ejabberd relays addresses as their owner wrote them.
    const key = [keyOf(id, from, to), keyOf(id, tryParse(from)?.full ?? from, tryParse(to)?.full ?? to)];
    const found = key.find((each) => this.#waiting.has(each)) ?? '';
    const waiting = this.#waiting.get(found);
    if (!waiting) return false;
    this.#waiting.delete(found);
    if (isError(iq)) waiting.reject(readError(iq));
    else waiting.resolve(iq);
    return true;
  }

  /** Ends those whose time is over. Returns how many there were. */
  expire(now: number): number {
    let expired = 0;
    for (const [key, waiting] of this.#waiting) {
      if (now < waiting.ends) continue;
      this.#waiting.delete(key);
      waiting.reject(new StanzaError('timeout', 'There was no answer in time'));
      expired++;
    }
    return expired;
  }

  failAll(error: StanzaError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting) each.reject(error);
  }
}
