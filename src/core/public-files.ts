/**
 * Small files that everybody may fetch who knows their address, which cannot be guessed: a keyed hash of what they hold.
 * So it stays the same over a restart, and what a browser has cached stays right for ever.
 */
import { createHmac } from 'node:crypto';
import type { PublicFile, PublicFiles as View } from '../transfer.ts';

const maxFiles = 10_000;
const maxBytes = 64 * 1024 * 1024;

export class PublicFiles implements View {
  readonly path = '/avatars/';
  readonly #key: Uint8Array;
  /** By id, the least used first. */
  readonly #files = new Map<string, { name: string; file: PublicFile }>();
  readonly #ids = new Map<string, string>();
  #bytes = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  add(id: string, file: PublicFile): string {
    const known = this.#touch(id);
    if (known) return this.path + known.name;
    const name = createHmac('sha256', this.#key).update(`${file.mediaType} ${id}`).digest('base64url');
    this.#files.set(id, { name, file });
    this.#ids.set(name, id);
    this.#bytes += file.bytes.length;
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= maxFiles && this.#bytes <= maxBytes) break;
      this.remove(oldest);
    }
    return this.path + name;
  }

  address(id: string): string | undefined {
    const known = this.#touch(id);
    return known && this.path + known.name;
  }

  get(id: string): PublicFile | undefined {
    return this.#touch(id)?.file;
  }

  /** The file at the last part of an address. */
  at(name: string): PublicFile | undefined {
    const id = this.#ids.get(name);
    return id === undefined ? undefined : this.get(id);
  }

  remove(id: string): void {
    const found = this.#files.get(id);
    if (!found) return;
    this.#files.delete(id);
    this.#ids.delete(found.name);
    this.#bytes -= found.file.bytes.length;
  }

  #touch(id: string) {
    const found = this.#files.get(id);
    if (found) {
      this.#files.delete(id);
      this.#files.set(id, found);
    }
    return found;
  }
}
