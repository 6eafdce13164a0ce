/** What of the protocol has been seen in a run: requests that were carried out and refused, events, errors, closes. */
import { closeCodes } from '../protocol/close.ts';
import { errorCodes } from '../protocol/errors.ts';
import { events, requests } from '../protocol/frames.ts';
import type { Frame } from './rules.ts';

interface Seen {
  readonly seen: readonly string[];
  readonly unseen: readonly string[];
}

export interface Coverage {
  readonly accepted: Seen;
  readonly refused: Seen;
  readonly events: Seen;
  readonly errors: Seen;
  readonly closes: Seen;
}

/** Nothing answers these. */
const unanswered = ['pong', 'ack'];

export class Coverages {
  readonly #accepted = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #events = new Set<string>();
  readonly #errors = new Set<string>();
  readonly #closes = new Set<string>();

  answered(request: string, { error }: Frame): void {
    (error ? this.#refused : this.#accepted).add(request);
    if (error) this.#errors.add(error.code);
  }

  event(type: string): void {
    this.#events.add(type);
  }

  closed(code: number): void {
    this.#closes.add(String(code));
  }

  sum(): Coverage {
    const types = Object.keys(requests);
    return {
      accepted: split(
        types.filter((type) => !unanswered.includes(type)),
        this.#accepted,
      ),
      refused: split(types, this.#refused),
      events: split(Object.keys(events), this.#events),
      errors: split(errorCodes, this.#errors),
      closes: split(Object.values(closeCodes).map(String), this.#closes),
    };
  }
}

function split(all: readonly string[], seen: ReadonlySet<string>): Seen {
  return { seen: all.filter((one) => seen.has(one)), unseen: all.filter((one) => !seen.has(one)) };
}
