/**
 * What each address has open and has done in the last minute, so that one of them can't take what is meant for all. An
 * address is forgotten when it has nothing open and others have come since: the table is bounded.
 */
import { subscriberOf } from '../networks.ts';

export interface AddressLimits {
  /** Open at once. */
  readonly sockets: number;
  /** A minute. */
  readonly handshakes: number;
  /** A minute. */
  readonly failedLogins: number;
}

export type AddressRefusal = 'address_limit' | 'rate_limit' | 'failed_logins';

interface Known {
  sockets: number;
  connections: number;
  /** When its minute began, of `performance.now()`. */
  since: number;
  handshakes: number;
  failedLogins: number;
}

const minute = 60_000;
/** Addresses with nothing open that are remembered; the one that was away longest is forgotten. */
const maxIdle = 10_000;
/** Beside a socket each: images, and connections that say nothing yet. */
const connectionsPerSocket = 2;

export class Addresses {
  readonly #limits: () => AddressLimits;
  readonly #now: () => number;
  /** With something open: as many as there are connections at the most. */
  readonly #open = new Map<string, Known>();
  readonly #idle = new Map<string, Known>();

  constructor(limits: () => AddressLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#open.size + this.#idle.size;
  }

  /** Counts a TCP connection; false where the address has too many. */
  connected(address: string): boolean {
    const known = this.#known(address);
    if (known.connections >= this.#limits().sockets * connectionsPerSocket) return false;
    this.#change(address, 'connections', 1);
    return true;
  }

  disconnected(address: string): void {
    this.#change(address, 'connections', -1);
  }

  /** Counts a handshake; why it is refused, if it is. */
  handshake(address: string): AddressRefusal | undefined {
    const known = this.#known(address);
    const { sockets, handshakes, failedLogins } = this.#limits();
    if (known.failedLogins >= failedLogins) return 'failed_logins';
    if (known.handshakes >= handshakes) return 'rate_limit';
    known.handshakes++;
    return known.sockets >= sockets ? 'address_limit' : undefined;
  }

  opened(address: string): void {
    this.#change(address, 'sockets', 1);
  }

  closed(address: string): void {
    this.#change(address, 'sockets', -1);
  }

  failedLogin(address: string): void {
    this.#known(address).failedLogins++;
  }

  /** Seconds until the address has a new minute. */
  retryAfter(address: string): number {
    return Math.max(1, Math.ceil((this.#known(address).since + minute - this.#now()) / 1000));
  }

  #known(address: string): Known {
    const key = subscriberOf(address);
    const now = this.#now();
    const known = this.#open.get(key) ?? this.#idle.get(key) ?? this.#remember(key, now);
    if (now - known.since >= minute) Object.assign(known, { since: now, handshakes: 0, failedLogins: 0 });
    return known;
  }

  #remember(key: string, since: number): Known {
    const known = { sockets: 0, connections: 0, since, handshakes: 0, failedLogins: 0 };
    this.#idle.set(key, known);
    if (this.#idle.size > maxIdle) for (const oldest of this.#idle.keys().take(1)) this.#idle.delete(oldest);
    return known;
  }

  #change(address: string, what: 'sockets' | 'connections', by: 1 | -1): void {
    const key = subscriberOf(address);
    const known = this.#known(address);
    known[what] += by;
    const [to, from] = known.sockets + known.connections > 0 ? [this.#open, this.#idle] : [this.#idle, this.#open];
    if (!from.delete(key)) return;
    to.set(key, known);
    if (this.#idle.size > maxIdle) for (const oldest of this.#idle.keys().take(1)) this.#idle.delete(oldest);
  }
}
