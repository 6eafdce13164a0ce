/**
 * The browsers of accounts that want to be woken (RFC 8030), as records whose kind names the browser: whoever else has it
 * is found without a search.
 */
import type { StoredPush } from '../extension.ts';
import type { Store, StoredRecord } from '../store/store.ts';
import type { Keeper } from './kept.ts';

const prefix = 'push:';

/** The kind of the records that keep this browser. */
export function pushKind(id: string): string {
  return `${prefix}${id}`;
}

export function pushesIn(records: readonly StoredRecord[]): StoredPush[] {
  return records.filter(({ kind }) => kind.startsWith(prefix)).map(({ value }) => value as StoredPush);
}

export class PushKeeper implements Keeper<StoredPush> {
  readonly #store: Store;
  readonly #account: string;

  constructor(store: Store, account: string) {
    this.#store = store;
    this.#account = account;
  }

  keyOf({ id }: StoredPush): string {
    return id;
  }

  save(push: StoredPush): Promise<void> {
    return this.#store.saveRecord(this.#account, pushKind(push.id), '', push);
  }

  remove(id: string): Promise<void> {
    return this.#store.removeRecord(this.#account, pushKind(id), '');
  }
}
