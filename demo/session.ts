/**
 * One signed-in user: the client, what it knows as plain objects, and what this page keeps beside it. This file is where the
 * library is set up; the components below only read and ask.
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Client, connect } from 'stanzawire/client';
import { createState, type Snapshot, type State } from 'stanzawire/client/state';
import { type Availability, createAvailability, forgetAvailability, keptAvailability } from './availability.ts';
import { createFrames, type Frames } from './frames.ts';
import { createPeople, type People } from './people.ts';
import { demoToken, type Site, socketUrl } from './site.ts';
import { useStore } from './store.ts';

/** As whom: one of the gateway's demo users, whoever a token names, or a new guest. */
export type Identity =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'guest' };

export interface Session {
  readonly client: Client;
  readonly state: State;
  readonly people: People;
  readonly availability: Availability;
  readonly frames: Frames;
}

export function startSession(site: Site, identity: Identity): Session {
  const frames = createFrames();
  const client = connect({
    url: socketUrl(site),
    client: 'stanzawire-demo',
    device: 'browser',
    name: 'stanzawire-demo',
    want: ['contacts', 'chats', 'rooms'],
    presence: keptAvailability(),
    trace: frames.trace,
    ...tokenOf(identity),
  });
  const [state, people, availability] = [createState(client), createPeople(client), createAvailability(client)];
  return { client, state, people, availability, frames };
}

function tokenOf(identity: Identity): { token?: string | (() => Promise<string>) } {
  if (identity.kind === 'user') return { token: () => demoToken(identity.user) };
  return identity.kind === 'token' ? { token: identity.token } : {};
}

const key = 'stanzawire-identity';

/** Who is signed in in this tab; kept over a reload. `?user=alice` in the address signs in as a demo user at once. */
export function keptIdentity({ users }: Site): Identity | undefined {
  const wanted = new URLSearchParams(location.search).get('user');
  if (wanted !== null && users.includes(wanted)) return { kind: 'user', user: wanted };
  const kept = sessionStorage.getItem(key);
  return kept === null ? undefined : (JSON.parse(kept) as Identity);
}

/** Somebody signs in, or out: what was kept of whoever was here before goes. */
export function keepIdentity(identity: Identity | undefined): void {
  forgetAvailability();
  if (identity) sessionStorage.setItem(key, JSON.stringify(identity));
  else sessionStorage.removeItem(key);
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('nobody is signed in');
  return session;
}

/** What `select` picks of what the client knows. */
export function useChat<R>(select: (snapshot: Snapshot) => R): R {
  return useStore(useSession().state, select);
}
