/**
 * The configuration of a process that runs. There is one tree for all its life: the parts keep its sections and read them
 * where they use them, and a reload writes the new values into it.
 */
import { Check } from 'typebox/value';
import { allKeys, type Key } from './keys.ts';
import { checkRules } from './rules.ts';
import { type Config, ConfigSchema } from './schema.ts';
import { nest, put, remove, type Tree, valueAt } from './tree.ts';

/** Names of keys, in the order of the documentation. */
export interface Reloaded {
  /** In force now. */
  readonly changed: string[];
  /** Different in the file, and as they were before until the process is started again. */
  readonly needRestart: string[];
}

export class LiveConfig {
  readonly config: Config;
  readonly #load: () => Config;
  /** What the secrets of the tree answer. */
  readonly #secrets = new Map<string, string>();

  constructor(load: () => Config) {
    this.#load = load;
    this.config = load();
    for (const key of allKeys()) {
      const value = valueAt(this.config, key.path);
      if (value !== undefined) this.#write(key, value);
    }
  }

  /**
   * Reads the configuration again. `prepare` gets what will be in force, to make what is made of it; where it throws, or
   * the new configuration cannot be used, everything stays as it was.
   * @throws ConfigError, and what `prepare` throws
   */
  reload(prepare: (next: Config, changed: readonly string[]) => void): Reloaded {
    const fresh = this.#load();
    const different = allKeys().filter((key) => key.kind !== 'file' && !isSame(key, this.config, fresh));
    const changed = different.filter((key) => key.reload);
    const values = new Map<string, unknown>();
    for (const key of allKeys()) {
      const value = valueAt(key.reload ? fresh : this.config, key.path);
      if (value !== undefined) values.set(key.key, value);
    }
    const next = nest(values);
    if (!Check(ConfigSchema, next)) throw new Error('the configuration does not fit its schema');
    // A rule may tie a key that changes to one that cannot.
    checkRules(next);
    const names = changed.map(({ key }) => key);
    prepare(next, names);
    for (const key of changed) this.#write(key, valueAt(next, key.path));
    return { changed: names, needRestart: different.filter((key) => !key.reload).map(({ key }) => key) };
  }

  #write(key: Key, value: unknown): void {
    if (value === undefined) remove(this.config, key.path);
    else if (key.kind === 'secret') this.#writeSecret(key, textOf(value));
    else put(this.config, key.path, value);
  }

  /** The function stays the same: whoever keeps it gets the secret that is in force. */
  #writeSecret({ key, path }: Key, text: string): void {
    const known = this.#secrets.has(key);
    this.#secrets.set(key, text);
    if (!known || valueAt(this.config, path) === undefined) put(this.config, path, () => this.#secrets.get(key) ?? '');
  }
}

function isSame({ kind, path }: Key, old: Tree, fresh: Tree): boolean {
  const [before, after] = [valueAt(old, path), valueAt(fresh, path)];
  if (before === undefined || after === undefined) return before === after;
  return kind === 'secret' ? textOf(before) === textOf(after) : JSON.stringify(before) === JSON.stringify(after);
}

function textOf(secret: unknown): string {
  return typeof secret === 'function' ? String(secret()) : '';
}
