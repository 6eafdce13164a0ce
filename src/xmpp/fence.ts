/**
 * The fence of one stream: XEP-0199 pings to the XMPP server, whose answers prove that it took all that was written
 * before them. It also is the keepalive, and it bounds what is on the wire without proof.
 */
import { randomBytes } from 'node:crypto';
import { ns } from './namespaces.ts';
import type { Outgoing } from './outgoing.ts';
import { type Element, el, serialize } from './stanza.ts';

export interface FenceOptions {
  domain: string;
  server: string;
  windowStanzas: number;
  windowBytes: number;
}

/** Stanzas on the wire that one ping covers. */
class Batch {
  stanzas = 0;
  bytes = 0;
  readonly deliveries: Outgoing[] = [];

  add(item: Outgoing): void {
    this.stanzas++;
    this.bytes += item.bytes;
    if (item.delivery) this.deliveries.push(item);
  }
}

export class Fence {
  readonly #options: FenceOptions;
  /** Unguessable: who knows it could confirm what the server never took. */
  readonly #prefix = randomBytes(12).toString('base64url');
  #count = 0;
  /** The id of the ping that is not answered, '' when there is none. */
  #id = '';
  #sentAt: number;
  /** Written before that ping, and after it. */
  #covered = new Batch();
  #fresh = new Batch();

  constructor(options: FenceOptions, now: number) {
    this.#options = options;
    this.#sentAt = now;
  }

  get outstanding(): boolean {
    return this.#id !== '';
  }

  /** Stanzas on the wire that no answer has covered. */
  get unfenced(): number {
    return this.#covered.stanzas + this.#fresh.stanzas;
  }

  /** Is there room for it in the window? One stanza always has room. */
  admits(item: Outgoing): boolean {
    const { windowStanzas, windowBytes } = this.#options;
    const bytes = this.#covered.bytes + this.#fresh.bytes + item.bytes;
    return this.unfenced === 0 || (this.unfenced < windowStanzas && bytes <= windowBytes);
  }

  written(item: Outgoing): void {
    item.delivery?.written();
    this.#fresh.add(item);
  }

  /**
   * Is it time for a ping? Deliveries want one, and half a window, so that the other half flows while the server works
   * on the first. One outstanding is enough: the next covers all that was written meanwhile.
   */
  wantsPing(): boolean {
    if (this.outstanding) return false;
    return this.#fresh.deliveries.length > 0 || this.halfFull();
  }

  halfFull(): boolean {
    const { windowStanzas, windowBytes } = this.#options;
    return this.#fresh.stanzas * 2 >= windowStanzas || this.#fresh.bytes * 2 >= windowBytes;
  }

  /** The ping to be written now; only while none is outstanding. */
  ping(now: number): string {
    const { domain, server } = this.#options;
    this.#id = `${this.#prefix}-${++this.#count}`;
    this.#sentAt = now;
    this.#covered = this.#fresh;
    this.#fresh = new Batch();
    return serialize(el('iq', { type: 'get', id: this.#id, from: domain, to: server }, el('ping', { xmlns: ns.ping })));
  }

  /**
   * Is this IQ the answer? Then all that the ping covered is taken; also an error proves it.
   * @returns milliseconds since the ping, undefined if it is none
   */
  answered(iq: Element, now: number): number | undefined {
    const { id, type, from, to } = iq.attrs;
    if (id !== this.#id || id === '' || (type !== 'result' && type !== 'error')) return undefined;
    if (from !== this.#options.server || to !== this.#options.domain) return undefined;
    this.#id = '';
    const { deliveries } = this.#covered;
    this.#covered = new Batch();
    for (const item of deliveries) item.delivery?.taken();
    return now - this.#sentAt;
  }

  /** Milliseconds since the last ping was written. */
  age(now: number): number {
    return now - this.#sentAt;
  }

  /** This process stood still for so long: that is not the server's silence. */
  forgive(ms: number): void {
    this.#sentAt += ms;
  }

  /** The stream is gone: the deliveries without proof, in order. */
  lost(): Outgoing[] {
    const items = [...this.#covered.deliveries, ...this.#fresh.deliveries];
    for (const item of items) item.delivery?.linkLost();
    return items;
  }
}
