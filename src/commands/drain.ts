/**
 * `stanzawire drain`: tells the gateway on this machine that has the same configuration to drain, and waits until it has.
 * The process stays, for its probes, until a signal ends it at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, ConfigError } from '../config.ts';
import { drainProof } from '../http/drain-proof.ts';
import { exitCodes } from './exit-codes.ts';

/** What a drain may take beyond drain.time. */
export const drainGraceMs = 15_000;
const answerMs = 5000;
const againMs = 200;

export interface Outcome {
  readonly code: number;
  readonly message: string;
}

/** @throws ConfigError where the port is not known */
export async function drain(config: Config, timeoutMs = config.drain.time + drainGraceMs): Promise<Outcome> {
  const url = internalUrl(config);
  const deadline = performance.now() + timeoutMs;
  const headers = { authorization: `Bearer ${drainProof(config.xmpp.secret(), Date.now())}` };
  const status = await fetch(`${url}/drain`, { method: 'POST', headers, signal: AbortSignal.timeout(answerMs) }).then(
    (response) => response.status,
    () => undefined,
  );
  if (status === undefined) return failed(`nothing answers at ${url}: does the gateway run, with this configuration?`);
  if (status === 401)
    return failed(`the gateway at ${url} has another xmpp.secret: give the configuration it runs with`);
  if (status !== 202) return failed(`what answers at ${url} is no gateway, or an older one (HTTP ${status})`);
  while (performance.now() < deadline) {
    if (await isDrained(url)) return { code: exitCodes.ok, message: 'drained' };
    await delay(againMs);
  }
  const message = `not drained in ${timeoutMs / 1000} s; it goes on. Give it more time with --timeout, or less to do with drain.time`;
  return { code: exitCodes.timeout, message };
}

/** A process that has ended meanwhile has drained too. */
async function isDrained(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) });
    const { drained }: { drained?: unknown } = Object(await response.json());
    return drained === true;
  } catch (error) {
    return !(error instanceof DOMException && error.name === 'TimeoutError');
  }
}

function internalUrl({ http: { internal } }: Config): string {
  if (internal.port === 0) {
    throw new ConfigError('http.internal.port: 0 is any port, so the gateway cannot be found; write one, like 9090');
  }
  const anywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = internal.host.includes(':') ? `[${internal.host}]` : internal.host;
  return `http://${anywhere[internal.host] ?? host}:${internal.port}`;
}

function failed(message: string): Outcome {
  return { code: exitCodes.unavailable, message };
}
