/** What people say of themselves: nicks, and the addresses of their avatars. Asked for when somebody is shown. */
import type { Client } from 'stanzawire/client';
import { createStore, type Readable } from './store.ts';

export interface Person {
  readonly nick?: string | undefined;
  readonly avatarId?: string | undefined;
  readonly avatarUrl?: string | undefined;
}

export interface People extends Readable<Readonly<Record<string, Person>>> {
  /** Somebody is shown: what is not known of them is asked for, once. */
  want(jid: string): void;
  /** The own profile, once it was changed. */
  learn(jid: string, profile: Profile): void;
}

interface Profile {
  readonly nick?: string | undefined;
  readonly avatar?: { readonly id?: string | undefined; readonly url?: string | undefined } | undefined;
}

export function createPeople(client: Client): People {
  const store = createStore<Readonly<Record<string, Person>>>({});
  const asked = new Set<string>();
  const put = (jid: string, person: Person): void =>
    store.set({ ...store.getSnapshot(), [jid]: { ...store.getSnapshot()[jid], ...person } });

  async function fetchAvatar(jid: string): Promise<void> {
    const { id, url } = await client.request('avatar.get', { jid });
    put(jid, { avatarId: id, avatarUrl: url });
  }
  function learn(jid: string, { nick, avatar }: Profile): void {
    const known = store.getSnapshot()[jid];
    put(jid, { nick: nick || undefined, ...(avatar?.id ? {} : { avatarId: undefined, avatarUrl: undefined }) });
    if (!avatar?.id || avatar.id === known?.avatarId) return;
    if (avatar.url) put(jid, { avatarId: avatar.id, avatarUrl: avatar.url });
    else fetchAvatar(jid).catch(() => undefined);
  }

  client.on('profile', (profile) => {
    asked.add(profile.jid);
    learn(profile.jid, profile);
  });
  client.on('presence', ({ user, avatar }) => {
    const known = store.getSnapshot()[user];
    if (avatar?.id && known && avatar.id !== known.avatarId) fetchAvatar(user).catch(() => undefined);
  });
  return {
    subscribe: store.subscribe,
    getSnapshot: store.getSnapshot,
    learn,
    want: (jid) => {
      if (asked.has(jid)) return;
      asked.add(jid);
      client.request('profile.get', { jid }).then(
        (profile) => learn(jid, profile),
        // Not everybody says something of themselves, or to everybody.
        () => undefined,
      );
    },
  };
}
