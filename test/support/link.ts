/** A link for tests: quick, its log and states kept, closed at the end of the test. */
import { onTestFinished } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { Link, type LinkOptions, type LinkState, type LinkTiming } from '../../src/xmpp/link.ts';
import { type Element, el } from '../../src/xmpp/stanza.ts';
import { ScriptedServer, type ScriptedServerOptions } from './scripted-server.ts';

/** Everything that is waited for is short; what would disturb a test that is not about it, is long. */
export const quick: Partial<LinkTiming> = {
  connect: 2_000,
  header: 2_000,
  handshake: 2_000,
  keepalive: 60_000,
  fence: 20_000,
  sweep: 5,
  retryFirst: 5,
  retryLast: 20,
  refusedFirst: 5,
  refusedLast: 10,
  stop: 500,
  close: 200,
};

export interface TestLink {
  server: ScriptedServer;
  link: Link;
  states: LinkState[];
  stanzas: Element[];
  log: Record<string, unknown>[];
  /** Waits until something holds; looked at whenever the link's state changes or a stanza comes in. */
  until: (holds: () => boolean) => Promise<void>;
  /** The value of a metric, as it is scraped: `metric('link_up')`, `metric('stanzas_total{direction="in",kind="iq"}')`. */
  metric: (name: string) => Promise<number | undefined>;
}

/** A server and a link to it, connected unless `start` says no. */
export async function testLink(
  options: { server?: ScriptedServerOptions; link?: Partial<LinkOptions>; start?: 'up' | 'trying' | false } = {},
): Promise<TestLink> {
  const server = await ScriptedServer.start(options.server);
  const metrics = createMetrics({ version: 'test' });
  const log: Record<string, unknown>[] = [];
  const { timing, ...rest } = options.link ?? {};
  const link = new Link({
    service: server.service,
    domain: server.domain,
    server: server.server,
    secret: () => server.secret,
    maxStanzaBytes: 65_536,
    log: createLogger('debug', { write: (line: string) => log.push(JSON.parse(line)) }),
    metrics,
    timing: { ...quick, ...timing },
    ...rest,
  });
  const states: LinkState[] = [];
  const stanzas: Element[] = [];
  let watchers: (() => void)[] = [];
  const changed = () => {
    for (const watch of watchers) watch();
  };
  link.onState = (state) => {
    states.push(state);
    changed();
  };
  link.onStanza = (stanza) => {
    stanzas.push(stanza);
    changed();
  };
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never came true: ${String(holds)}`)), 3000);
      const watch = () => {
        if (!holds()) return;
        clearTimeout(timer);
        watchers = watchers.filter((each) => each !== watch);
        resolve();
      };
      watchers.push(watch);
      watch();
    });
  const metric = async (name: string) => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`stanzawire_${name} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  onTestFinished(async () => {
    await link.stop();
    await server.stop();
  });
  if (options.start !== false) link.start();
  if ((options.start ?? 'up') === 'up') await until(() => link.state.link === 'up');
  return { server, link, states, stanzas, log, until, metric };
}

/** A message from an account of the gateway to someone of the server. */
export function message(id: string, body = `text of ${id}`): Element {
  return el(
    'message',
    { type: 'chat', id, from: 'juliet@web.example.com/web', to: 'romeo@example.com' },
    el('body', {}, body),
  );
}

export const ids = (stanzas: Element[]): (string | undefined)[] => stanzas.map((stanza) => stanza.attrs.id);

/** Epoch milliseconds that are far away. */
export const later = (): number => Date.now() + 60_000;
