/** What the user says of being there. It is kept with the tab: a reload shows it, and a new session begins with it. */
import type { Client, RequestData } from 'stanzawire/client';
import { createStore, type Readable } from './store.ts';

export type Available = Omit<RequestData<'presence.set'>, 'type'>;

export interface Availability extends Readable<Available> {
  /** Each `presence.set` replaces the one before: what does not change is to be said again. */
  set(next: Available): Promise<unknown>;
}

const key = 'stanzawire-availability';

export function keptAvailability(): Available {
  return JSON.parse(sessionStorage.getItem(key) ?? '{}') as Available;
}

export function forgetAvailability(): void {
  sessionStorage.removeItem(key);
}

export function createAvailability(client: Client): Availability {
  const store = createStore(keptAvailability());
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    set: (next) => {
      sessionStorage.setItem(key, JSON.stringify(next));
      store.set(next);
      return client.request('presence.set', next);
    },
  };
}
