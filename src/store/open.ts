/** Chooses the store's driver by the scheme of `store.url`. */
import { openMemoryStore } from './memory.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

/**
 * `sqlite:FILE` or `memory:` → an open store, its schema brought up to date.
 * @throws Error whose message names the setting and the remedy (it never repeats the url, which may hold a password).
 */
export async function openStore(url: string): Promise<Store> {
  if (url === 'memory:') return openMemoryStore();
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) return openSqliteStore(url.slice('sqlite:'.length));
  throw new Error('store.url: not a known kind of store; write sqlite:FILE or memory:');
}
