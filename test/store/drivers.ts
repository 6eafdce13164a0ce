/** Runs tests on every driver of the store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import type { Archive } from '../../src/store/archive.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { alice, dora } from './support.ts';

export const drivers: Record<string, (folder: string) => string> = {
  memory: () => 'memory:',
  sqlite: (folder) => `sqlite:${join(folder, 'new', 'folder', 'stanzawire.db')}`,
};

export interface Fixture {
  readonly store: Store;
  readonly archive: Archive;
  /** Closes the store and opens it again, where it has a file. */
  reopen(): Promise<void>;
}

/** Runs the tests for each driver, each on a new store that has the accounts alice and dora. */
export function onEveryDriver(tests: (fixture: Fixture, driver: string) => void): void {
  describe.each(Object.entries(drivers))('%s', (driver, url) => {
    let folder: string;
    let store: Store;
    const fixture: Fixture = {
      get store() {
        return store;
      },
      get archive() {
        return store.archive;
      },
      async reopen() {
        if (driver === 'memory') return;
        await store.close();
        store = await openStore(url(folder));
      },
    };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'stanzawire-store-'));
      store = await openStore(url(folder));
      await Promise.all([store.openAccount(alice, true), store.openAccount(dora, true)]);
    });

    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });

    tests(fixture, driver);
  });
}
