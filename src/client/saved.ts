/** What outlives a page: session and place in it, cursors, unsent messages. */
import type { Ready } from '../protocol/frames.ts';
import type { Limits } from '../protocol/objects.ts';
import type { Cursors } from './catch-up.ts';
import { type KeyValueStorage, platform } from './platform.ts';
import type { Outbox, Unsent } from './types.ts';

export interface SavedState extends Cursors {
  user?: string;
  session?: string | undefined;
  seq: number;
  limits?: Limits;
  services?: Ready['services'];
  /** A guest's. */
  token?: string | undefined;
  unsent: Record<string, Unsent>;
}

export interface Saved {
  /** What an earlier page has left, and what this one changes. */
  readonly state: SavedState;
  save(): void;
  clear(): void;
  /** Keeps unsent messages beside the session. */
  readonly outbox: Outbox;
}

export function openSaved(storage: KeyValueStorage | undefined, name: string): Saved {
  const key = `${name}/1`;
  const state: SavedState = { seq: 0, unsent: {} };
  try {
    Object.assign(state, JSON.parse(storage?.getItem(key) ?? '{}'));
  } catch {
    // Not ours: as if there were nothing.
  }
  const save = (): void => {
    try {
      storage?.setItem(key, JSON.stringify(state));
    } catch {
      // Full, or forbidden: then a reload begins a new session.
    }
  };
  const outbox: Outbox = {
    all: () => Object.values(state.unsent),
    put: (unsent) => {
      state.unsent[unsent.data.id] = unsent;
      save();
    },
    remove: (id) => {
      delete state.unsent[id];
      save();
    },
  };
  return { state, save, outbox, clear: () => storage?.removeItem(key) };
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
