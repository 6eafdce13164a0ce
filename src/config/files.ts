/**
 * The files that the configuration was read from, looked at again and again: a look sees what any editor does, and the
 * swap of links by which Kubernetes replaces a mounted ConfigMap or Secret. Notifications of the system miss some of these.
 */
import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

const absent = 'absent';

export class ConfigFiles {
  /** Path → what it was when it was last read. */
  readonly #read = new Map<string, string>();
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs = 1000) {
    this.#everyMs = everyMs;
  }

  /** Call it before the file is read, so that no later change is missed. */
  reads(path: string): void {
    try {
      this.#read.set(path, versionOf(statSync(path)));
    } catch {
      this.#read.set(path, absent);
    }
  }

  /** Calls back when a file is not as it was read, and was the same at two looks: it may be written in several steps. */
  watch(changed: () => void): void {
    let last = '';
    let looking = false;
    const look = async (): Promise<void> => {
      const now = await this.#changed();
      looking = false;
      if (now !== '' && now === last && this.#timer) changed();
      last = now;
    };
    this.#timer = setInterval(() => {
      if (!looking) void look();
      looking = true;
    }, this.#everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The files that are not as they were read, and what they are now; empty where there are none. */
  async #changed(): Promise<string> {
    const found: string[] = [];
    for (const [path, version] of this.#read) {
      const now = await stat(path).then(versionOf, () => absent);
      if (now !== version) found.push(`${path} ${now}`);
    }
    return found.join('\n');
  }
}

function versionOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${size} ${ino}`;
}
