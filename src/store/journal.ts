/**
 * The journal: what was changed and is not committed in the database yet, in a file of its own. A turn of the event loop
 * costs one write here, many turns one commit there; after a crash what is here is done again. A turn is a line: the
 * CRC-32 of what follows, a space, `[number, clock, change, …]` as JSON.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** A change of the store: its name and its arguments, as JSON. Later versions must be able to carry it out. */
export type Change = [name: string, ...args: unknown[]];

/** The changes of one turn, in order. */
export interface Turn {
  readonly number: number;
  /** Where the archive's clock stood before, so that the same ids come out again. */
  readonly clock: number;
  readonly changes: readonly Change[];
}

export class Journal {
  readonly #fd: number;
  readonly #sync: boolean;
  #size: number;
  /** There is something behind `size` that was not written whole. */
  #torn = false;

  /** Makes the file where it is missing, for its owner only. What a power loss has cut off at the end is dropped. */
  constructor(file: string, sync: 'normal' | 'full') {
    this.#fd = openSync(file, 'a+', 0o600);
    this.#sync = sync === 'full';
    this.#size = fstatSync(this.#fd).size;
    this.#size = this.#read().size;
    ftruncateSync(this.#fd, this.#size);
  }

  /** @throws Error where it cannot be written; then it is as before */
  append(turn: Turn): void {
    // Behind half a line nothing would be found again.
    if (this.#torn) this.#cutOff();
    const json = JSON.stringify([turn.number, turn.clock, ...turn.changes]);
    const line = Buffer.from(`${checksum(json)} ${json}\n`);
    try {
      if (writeSync(this.#fd, line) < line.length) throw new Error('no space left for the journal');
      if (this.#sync) fdatasyncSync(this.#fd);
    } catch (error) {
      this.#torn = true;
      this.#cutOff();
      throw error;
    }
    this.#size += line.length;
  }

  /** The turns with a higher number, in order. */
  after(number: number): Turn[] {
    return this.#read().turns.filter((turn) => turn.number > number);
  }

  /** All of it is in the database. */
  clear(): void {
    ftruncateSync(this.#fd, 0);
    this.#size = 0;
    this.#torn = false;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #cutOff(): void {
    ftruncateSync(this.#fd, this.#size);
    this.#torn = false;
  }

  /** The whole turns, and how many bytes they are. */
  #read(): { turns: Turn[]; size: number } {
    const data = Buffer.alloc(this.#size);
    readSync(this.#fd, data, 0, data.length, 0);
    const turns: Turn[] = [];
    let size = 0;
    for (let end = data.indexOf('\n'); end !== -1; end = data.indexOf('\n', size)) {
      const line = data.toString('utf8', size, end);
      const json = line.slice(checksumLength + 1);
      if (line.slice(0, checksumLength) !== checksum(json)) break;
      const [number, clock, ...changes] = JSON.parse(json) as [number, number, ...Change[]];
      turns.push({ number, clock, changes });
      size = end + 1;
    }
    return { turns, size };
  }
}

const checksumLength = 8;

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(checksumLength, '0');
}
