/** The store without a disk: for tests, and for gateways whose users may be forgotten with the process. */
import { randomBytes } from 'node:crypto';
import { noAccount, type OpenedAccount, type RosterItem, type Store, storeUnavailable } from './store.ts';

export function openMemoryStore(): Store {
  const accounts = new Map<string, Map<string, RosterItem>>();
  const keys = new Map<string, Uint8Array>();
  let closed = false;

  /** What a driver with a disk does in a transaction: refused after close, and never done within the call. */
  async function run<T>(work: () => T): Promise<T> {
    if (closed) throw storeUnavailable();
    return work();
  }

  function openAccount(jid: string, create: boolean): OpenedAccount | undefined {
    const roster = accounts.get(jid);
    if (!roster && !create) return undefined;
    if (!roster) accounts.set(jid, new Map());
    return { created: !roster, roster: Array.from(roster?.values() ?? [], copy) };
  }

  return {
    openAccount: (jid, create) => run(() => openAccount(jid, create)),
    saveRosterItem: (account, item) =>
      run(() => {
        const roster = accounts.get(account);
        if (!roster) throw noAccount();
        roster.set(item.jid, copy(item));
      }),
    removeRosterItem: (account, jid) => run(() => void accounts.get(account)?.delete(jid)),
    key: (name) =>
      run(() => {
        const key = keys.get(name) ?? new Uint8Array(randomBytes(32));
        keys.set(name, key);
        return key.slice();
      }),
    async close() {
      closed = true;
    },
  };
}

/** Flags that are false are absent, as in every driver. */
function copy({ ask, approved, ...item }: RosterItem): RosterItem {
  return structuredClone({ ...item, ...(ask ? { ask } : {}), ...(approved ? { approved } : {}) });
}
