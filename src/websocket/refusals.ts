/**
 * Refused handshakes in the log: the first of a kind at once, then their number once a minute. Whoever is refused a
 * thousand times a second must not fill the disk.
 */
import type { Logger } from '../log.ts';

export interface Refused {
  readonly address: string;
  readonly origin?: string;
  readonly unlistedProxy: boolean;
}

interface Kind {
  /** When the last line was written, of `performance.now()`. */
  at: number;
  count: number;
  last: Refused;
}

const interval = 60_000;
const maxOrigin = 200;

export class Refusals {
  readonly #log: Logger;
  readonly #now: () => number;
  /** By result: a closed set. */
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  note(result: string, last: Refused): void {
    const kind = this.#kinds.get(result);
    if (kind) Object.assign(kind, { count: kind.count + 1, last });
    else this.#write(result, { at: 0, count: 1, last });
  }

  /** Writes what has come since; call it now and then. */
  tick(): void {
    for (const [result, kind] of this.#kinds) {
      if (this.#now() - kind.at < interval) continue;
      if (kind.count === 0) this.#kinds.delete(result);
      else this.#write(result, kind);
    }
  }

  #write(result: string, { count, last }: Kind): void {
    const { address, origin, unlistedProxy } = last;
    const remedy = unlistedProxy && remedies.proxy.has(result) ? proxyRemedy : (remedies.text[result] ?? '');
    this.#log.warn(
      {
        event: 'handshakes_refused',
        result,
        count,
        address,
        ...(origin === undefined ? {} : { origin: origin.slice(0, maxOrigin) }),
      },
      `WebSocket handshakes refused${remedy && `: ${remedy}`}`,
    );
    this.#kinds.set(result, { at: this.#now(), count: 0, last });
  }
}

const proxyRemedy = 'they carry X-Forwarded-For; if the address is your proxy, list it in http.public.trustedProxies';

const remedies: { readonly proxy: ReadonlySet<string>; readonly text: Record<string, string> } = {
  proxy: new Set(['address_limit', 'rate_limit', 'failed_logins']),
  text: {
    origin: 'list the page in http.public.origins if it is yours',
    limit: 'limits.sockets is reached',
    unauthenticated_limit: 'too many sockets have not authenticated yet',
    address_limit: 'the address has limits.perAddress.sockets open',
    rate_limit: 'the address has made limits.perAddress.handshakes in a minute',
    failed_logins: 'limits.perAddress.failedLogins tokens from the address were refused in a minute',
  },
};
