/** A disk of its own for a store, which can be full: a file system in memory, for which one has to be root. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const size = 1024 ** 3;
const againMs = 20;

export class Disk {
  readonly folder = mkdtempSync(join(tmpdir(), 'stanzawire-soak-'));
  readonly #mounted: boolean;
  #filling: NodeJS.Timeout | undefined;

  constructor(mounted: boolean) {
    this.#mounted = mounted && mount('-t', 'tmpfs', '-o', `size=${size}`, 'stanzawire-soak', this.folder);
  }

  /** Can it be full? Else it is a folder like any other. */
  get mounted(): boolean {
    return this.#mounted;
  }

  /** Not a byte is left, also when something is removed, until empty(). */
  fill(): void {
    const squeeze = (): void => {
      const { blocks, bfree, bsize } = statfsSync(this.folder);
      // What is written meanwhile makes it fail: the next time it will do.
      mount('-o', `remount,size=${(blocks - bfree) * bsize}`, this.folder);
    };
    squeeze();
    this.#filling = setInterval(squeeze, againMs);
  }

  empty(): void {
    clearInterval(this.#filling);
    mount('-o', `remount,size=${size}`, this.folder);
  }

  remove(): void {
    clearInterval(this.#filling);
    if (this.#mounted) spawnSync('umount', ['-l', this.folder], { timeout: 10_000 });
    for (const path of [this.folder, `${this.folder}.conditions`]) rmSync(path, { recursive: true, force: true });
  }
}

function mount(...args: string[]): boolean {
  return spawnSync('mount', args, { timeout: 10_000 }).status === 0;
}
