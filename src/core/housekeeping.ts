/** What is removed in the background, in steps small enough that nobody waits for them. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { StoredAccounts } from '../store/accounts.ts';
import type { Archive } from '../store/archive.ts';
import type { Store } from '../store/store.ts';

/** PROTOCOL.md §6: so long is a repeated message recognised. */
const keepSends = 24 * 3600_000;
/** Rows a step: some milliseconds. */
const step = 200;

export class Housekeeping {
  readonly #accounts: Pick<StoredAccounts, 'purge'>;
  readonly #archive: Archive;
  readonly #config: Pick<Config['store'], 'retention'>;
  readonly #log: Logger;
  readonly #now: () => number;
  #running = false;

  constructor(
    { accounts, archive }: Pick<Store, 'accounts' | 'archive'>,
    config: Pick<Config['store'], 'retention'>,
    log: Logger,
    now: () => number,
  ) {
    this.#accounts = accounts;
    this.#archive = archive;
    this.#config = config;
    this.#log = log;
    this.#now = now;
  }

  /** One round; a round that is still going on is not joined by another. Never throws. */
  async round(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      // What a process that was killed has left of removed accounts.
      while (await this.#accounts.purge()) await turn();
      await this.#steps(() => this.#archive.pruneSends(this.#now() - keepSends, step));
      const { age, perChat } = this.#config.retention ?? {};
      const rule = {
        ...(age === undefined ? {} : { before: this.#now() - age }),
        ...(perChat === undefined ? {} : { perChat }),
      };
      if (age !== undefined || perChat !== undefined) await this.#steps(() => this.#archive.prune(rule, step));
    } catch (error) {
      this.#log.warn(
        { event: 'housekeeping_failed', err: error },
        'what is over could not be removed; tried again later',
      );
    } finally {
      this.#running = false;
    }
  }

  async #steps(one: () => Promise<number>): Promise<void> {
    while ((await one()) >= step) await turn();
  }
}
