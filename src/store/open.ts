/** Chooses the store's driver by the scheme of `store.url`. */
import { openSqliteStore, type SqliteOptions } from './sqlite.ts';
import type { Store } from './store.ts';

/**
 * `sqlite:FILE` or `memory:` → an open store, its schema brought up to date.
 * @throws Error whose message names the setting and the remedy (it never repeats the url, which may hold a password).
 */
export async function openStore(url: string, options: SqliteOptions = {}): Promise<Store> {
  if (url === 'memory:') return openSqliteStore(':memory:', options);
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    return openSqliteStore(url.slice('sqlite:'.length), options);
  }
  throw new Error('store.url: not a known kind of store; write sqlite:FILE or memory:');
}
