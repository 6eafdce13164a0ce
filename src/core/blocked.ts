/** Whom an account has blocked (XEP-0191): in memory, where every stanza is checked, written through to the store. */
import type { Blocked as BlockedView } from '../extension.ts';
import { blockedError, covers } from '../xmpp/blocking.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Delivery } from '../xmpp/link.ts';

export class Blocked implements BlockedView {
  readonly #own: string;
  readonly #jids: Set<string>;
  readonly #store: (jids: readonly string[], blocked: boolean) => Promise<void>;
  /** It has become another list. */
  onChange: () => void = () => undefined;

  constructor(
    own: string,
    jids: readonly string[],
    store: (jids: readonly string[], blocked: boolean) => Promise<void>,
  ) {
    this.#own = own;
    this.#jids = new Set(jids);
    this.#store = store;
  }

  get size(): number {
    return this.#jids.size;
  }

  values(): Iterable<string> {
    return this.#jids.values();
  }

  /** Whoever blocks the whole domain does not block itself. */
  has(jid: Jid): boolean {
    return this.#jids.size > 0 && jid.bare !== this.#own && covers(this.#jids, jid);
  }

  async save(jids: readonly string[], blocked: boolean): Promise<void> {
    const changed = jids.filter((jid) => this.#jids.has(jid) !== blocked);
    this.#put(changed, blocked);
    try {
      await this.#store(changed, blocked);
    } catch (error) {
      this.#put(changed, !blocked);
      throw error;
    }
  }

  #put(jids: readonly string[], blocked: boolean): void {
    for (const jid of jids) {
      if (blocked) this.#jids.add(jid);
      else this.#jids.delete(jid);
    }
    this.onChange();
  }
}

/** What becomes of what would go to the blocked; it rejects, also where nobody looks. */
export function blockedDelivery(): Delivery {
  const done = Promise.reject<never>(blockedError());
  done.catch(() => undefined);
  return { done, cancel: () => undefined };
}
