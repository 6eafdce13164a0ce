/** What outlives a page: session and place in it, cursors, unsent messages. */
import type { Ready } from '../protocol/frames.ts';
import type { Limits } from '../protocol/objects.ts';
import type { Cursors } from './catch-up.ts';
import { type KeyValueStorage, platform } from './platform.ts';
import type { Outbox, Unsent } from './types.ts';

export interface State extends Cursors {
  user?: string;
  session?: string | undefined;
  seq: number;
  limits?: Limits;
  services?: Ready['services'];
  /** A guest's. */
  token?: string | undefined;
  unsent: Record<string, Unsent>;
}

export class Saved {
  readonly state: State;
  readonly #storage: KeyValueStorage | undefined;
  readonly #key: string;

  constructor(storage: KeyValueStorage | undefined, name: string) {
    this.#storage = storage;
    this.#key = `${name}/1`;
    this.state = this.#load();
  }

  save(): void {
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.state));
    } catch {
      // Full, or forbidden: then a reload begins a new session.
    }
  }

  clear(): void {
    this.#storage?.removeItem(this.#key);
  }

  /** Keeps unsent messages beside the session. */
  outbox(): Outbox {
    return {
      all: () => Object.values(this.state.unsent),
      put: (one) => {
        this.state.unsent[one.data.id] = one;
        this.save();
      },
      remove: (id) => {
        delete this.state.unsent[id];
        this.save();
      },
    };
  }

  #load(): State {
    const state: State = { seq: 0, unsent: {} };
    try {
      Object.assign(state, JSON.parse(this.#storage?.getItem(this.#key) ?? '{}'));
    } catch {
      // Not ours: as if there were nothing.
    }
    return state;
  }
}

/** `sessionStorage` where there is a page and nothing else is said. */
export function storageOf(given: KeyValueStorage | false | undefined): KeyValueStorage | undefined {
  if (given !== undefined) return given || undefined;
  try {
    // Node has one too, behind a warning; browsers throw where it is forbidden.
    return platform.document && platform.sessionStorage;
  } catch {
    return undefined;
  }
}
