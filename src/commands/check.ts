/** `stanzawire --check=link`: does the XMPP server take the handshake? */
import type { Config } from '../config.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { Link } from '../xmpp/link.ts';

const patienceMs = 15_000;

/** One attempt to connect. Undefined when the handshake was taken, else one line that says what is wrong and what helps. */
export async function checkLink(config: Config): Promise<string | undefined> {
  const { service, domain, server, secret } = config.xmpp;
  const attempt = Promise.withResolvers<string | undefined>();
  // The link logs the failure of an attempt with its remedy, which is what a person wants to see here too.
  const log = createLogger('warn', { write: (line) => attempt.resolve(describe(line)) });
  const metrics = createMetrics({ version: '' });
  const link = new Link({ service, domain, server, secret, maxStanzaBytes: config.limits.stanza, log, metrics });
  link.onState = (state) => {
    if (state.link === 'up') attempt.resolve(undefined);
  };
  const timer = setTimeout(() => attempt.resolve(`no answer in ${patienceMs / 1000} s`), patienceMs);
  link.start();
  const failure = await attempt.promise;
  clearTimeout(timer);
  await link.stop();
  return failure === undefined ? undefined : `xmpp.service: no link to ${service} for ${domain}: ${failure}`;
}

function describe(line: string): string {
  const { reason, detail, remedy }: Record<string, unknown> = JSON.parse(line);
  return [reason, detail, remedy].filter((part) => typeof part === 'string' && part !== '').join('; ');
}
