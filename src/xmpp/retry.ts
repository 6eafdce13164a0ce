/** When a connection failed or a stream was lost: how it is counted, what a person can do, and when to try again. */
import type { LinkTiming } from './link-options.ts';
import type { Lost } from './stream.ts';

interface Cause {
  /** In stanzawire_link_connects_total. */
  result: string;
  /** Only a person can mend it: there is no point in asking often. */
  refused?: boolean;
  remedy?: string;
}

const causes: Record<string, Cause> = {
  'not-authorized': {
    result: 'auth_failed',
    refused: true,
    remedy:
      'Compare xmpp.secret with the server. Prosody: component_secret below Component "<domain>". ejabberd: password below ' +
      'listen, module ejabberd_service, hosts, "<domain>"; it says not-authorized also when <domain> is not listed there',
  },
  'host-unknown': {
    result: 'host_unknown',
    refused: true,
    remedy:
      'Prosody has no line Component "<domain>", or <domain> is a VirtualHost: the gateway needs a domain of its own',
  },
  conflict: {
    result: 'conflict',
    remedy:
      'Another connection has the domain <domain>. If it is a dead one of this gateway: set component_conflict_resolve = ' +
      '"kick_old" below Component "<domain>" in Prosody. On ejabberd <domain> must not be one of its own hosts. ' +
      'Never run two gateways for one domain',
  },
  refused: {
    result: 'refused',
    remedy:
      'Does the server listen at <service>? Prosody: component_ports, component_interfaces. ejabberd: listen, module ' +
      'ejabberd_service, port, ip. A certificate that is not trusted: NODE_EXTRA_CA_CERTS',
  },
  timeout: {
    result: 'timeout',
    remedy:
      'Something accepts connections at <service> but is no component port, or the server hangs. A TLS port needs xmpps://',
  },
  eof: { result: 'other', remedy: 'If this repeats: is <service> the component port? A TLS port needs xmpps://' },
  ping_timeout: { result: 'timeout', remedy: 'The server or the network stood still; nothing fenced is lost' },
  'not-well-formed': {
    result: 'other',
    remedy:
      'If this repeats: limits.stanza must not be above component_stanza_size_limit (Prosody) or max_stanza_size (ejabberd)',
  },
  'policy-violation': {
    result: 'other',
    remedy:
      'If this repeats: limits.stanza must not be above max_stanza_size of the component listener (ejabberd). If a stanza ' +
      'that came in was too big: set max_stanza_size on the listeners of clients and servers',
  },
};

/** The value of the label `result`, also for what is not in the table. */
export function connectResult({ reason }: Lost): string {
  return causes[reason]?.result ?? 'other';
}

/** What a person can do about it; the domain and the service filled in. */
export function remedyFor(
  { reason }: Lost,
  { domain, service }: { domain: string; service: string },
): string | undefined {
  return causes[reason]?.remedy?.replaceAll('<domain>', domain).replaceAll('<service>', service);
}

/**
 * Milliseconds until the next attempt. `failures` counts from 1; full jitter, so that many gateways that lost the same
 * server do not come back in step.
 */
export function retryDelay({ reason }: Lost, failures: number, timing: LinkTiming, random = Math.random): number {
  const { retryFirst, retryLast, refusedFirst, refusedLast } = timing;
  if (causes[reason]?.refused) return Math.round(refusedFirst + random() * (refusedLast - refusedFirst));
  return Math.round(random() * Math.min(retryLast, retryFirst * 2 ** Math.min(failures - 1, 20)));
}
