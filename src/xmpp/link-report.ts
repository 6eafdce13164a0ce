/** What the link tells the operator: its metrics, and one line of log for each change with what can be done about it. */
import type { LinkOptions } from './link-options.ts';
import { connectResult, remedyFor } from './retry.ts';
import type { Element } from './stanza.ts';
import { conditionOf, isError } from './stanza-error.ts';
import type { Lost } from './stream.ts';

type Direction = 'in' | 'out';

export class LinkReport {
  readonly #options: LinkOptions;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  up(): void {
    const { log, metrics, domain, service } = this.#options;
    metrics.linkConnects.inc('ok');
    log.info({ event: 'link_up', service, domain }, 'link to the XMPP server is up');
  }

  /** A stream was lost, an attempt to connect failed, or both are over at stop. */
  lost(lost: Lost, wasUp: boolean, retryInMs: number | undefined): void {
    const { log, metrics, domain, service } = this.#options;
    if (wasUp) metrics.linkDisconnects.inc(lost.reason);
    else if (lost.reason !== 'shutdown') metrics.linkConnects.inc(connectResult(lost));
    if (lost.reason === 'shutdown') {
      log.info({ event: 'link_closed', service, domain }, 'link to the XMPP server is closed');
      return;
    }
    const remedy = remedyFor(lost, { domain, service });
    log.warn(
      { event: wasUp ? 'link_down' : 'link_connect_failed', ...lost, service, domain, retryInMs, remedy },
      wasUp ? 'link to the XMPP server is lost' : 'no link to the XMPP server',
    );
  }

  stanza(direction: Direction, stanza: Element): void {
    const { metrics } = this.#options;
    metrics.stanzas.inc(direction, stanza.name);
    if (isError(stanza)) metrics.stanzaErrors.inc(direction, stanza.name, conditionOf(stanza));
  }

  dropped(direction: Direction, reason: string, count = 1): void {
    this.#options.metrics.stanzasDropped.add(count, direction, reason);
  }

  bytes(direction: Direction, count: number): void {
    this.#options.metrics.linkBytes.add(count, direction);
  }

  fenced(ms: number): void {
    this.#options.metrics.linkFence.observe(ms / 1000);
  }

  /** Calls a handler of someone else's: what it throws is a bug of its own, and no reason to lose the link. */
  guard(call: () => void): void {
    try {
      call();
    } catch (err) {
      this.#options.log.error({ event: 'link_handler_failed', err }, 'a handler of the link threw');
    }
  }
}
