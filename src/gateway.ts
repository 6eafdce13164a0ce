/** The composition root: builds every part, wires it, starts and stops it in order (ARCHITECTURE.md, flow 4). */
import { getHeapStatistics } from 'node:v8';
import pkg from '../package.json' with { type: 'json' };
import { type LiveAuth, liveAuth } from './auth/live.ts';
import { type Config, ConfigError, type LiveConfig, type Reloaded } from './config.ts';
import { createAdministration, type ProcessView } from './core/administration.ts';
import { createDispatch } from './core/dispatch.ts';
import { Housekeeping } from './core/housekeeping.ts';
import { newsDesk } from './core/missed.ts';
import { VirtualServer } from './core/server.ts';
import { demoOf } from './demo.ts';
import { Drain, type DrainCause } from './drain.ts';
import { builtIn } from './extensions/index.ts';
import type { Demo } from './http/demo.ts';
import type { Status } from './http/health.ts';
import { createPut } from './http/put.ts';
import { createHttp, type Http } from './http/server.ts';
import { loadExtensions } from './load-extensions.ts';
import { type Logger, type PartLogs, partLogs } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOutbound, type Outbound } from './outbound/outbound.ts';
import { Poster } from './outbound/post.ts';
import { signedPost } from './outbound/signed-post.ts';
import { StanzaError } from './protocol/errors.ts';
import { Reload } from './reload.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { createTracing } from './tracing.ts';
import { createWebSocketServer, type WebSockets } from './websocket/server.ts';
import { Link, type LinkOptions } from './xmpp/link.ts';

export interface Gateway {
  /** Resolves when both ports listen; the link is tried for ever. */
  start(): Promise<{ publicPort: number; internalPort: number }>;
  /**
   * Reads the configuration again; what can change while the process runs is in force when this resolves.
   * @throws ConfigError, logged already: nothing has changed
   */
  reload(): Promise<Reloaded>;
  /** Drains, unless that is done, and closes the rest. May be called more than once. */
  stop(): Promise<void>;
  /** Resolves when it has drained since the XMPP server of its pod shuts down: the process has nothing to do any more. */
  readonly over: Promise<void>;
}

/** Accounts that nobody uses are forgotten at this pace. */
const sweepMs = 60_000;

export interface GatewayOptions {
  readonly log: Logger;
  /** Whose tree `config` is; without it there is nothing to reload. */
  readonly live?: LiveConfig;
  /** Where the demo page was built, if not where the build puts it. */
  readonly demoFolder?: string;
}

/** @throws Error naming the setting that cannot be used */
export async function createGateway(config: Config, { log, live, demoFolder }: GatewayOptions): Promise<Gateway> {
  const extensions = [...builtIn, ...(await loadExtensions(config.extensions))];
  const { version } = pkg;
  const logs = partLogs(log, config.log.levels);
  const metrics = createMetrics({ version });
  const tracing = createTracing(version);
  const store = await openStore(config.store.url, {
    sync: config.store.sync === 'full' ? 'full' : 'normal',
    observe: (operation, seconds) => metrics.storeDuration.observe(seconds, operation),
  });
  const poster = new Poster();
  const post = signedPost(poster, version);
  const auth = liveAuth(config, { key: await store.key('guest'), post, log: logs.auth });
  const link = new Link(linkOptions(config, { log: logs.xmpp, metrics }));
  const [put, filesKey] = [createPut(), await store.key('files')];
  const outbound = await createOutbound({ config, version, store, poster, log: logs.outbound, metrics });
  const { notices, push } = outbound;
  const parts = {
    config,
    version,
    link,
    store,
    auth,
    extensions,
    log: logs.core,
    metrics,
    ...(tracing ? { tracing } : {}),
    put,
    filesKey,
    notices,
    push,
  };
  const virtualServer = new VirtualServer(parts);
  const demo = demoOf(config, demoFolder);
  return new Process(config, { log, logs, metrics, store, link, outbound, virtualServer, auth, live, demo });
}

function linkOptions({ xmpp, limits }: Config, reports: { log: Logger; metrics: Metrics }): LinkOptions {
  const { service, domain, server, secret } = xmpp;
  return {
    service,
    domain,
    server,
    secret,
    ...reports,
    get maxStanzaBytes() {
      return limits.stanza;
    },
  };
}

interface Parts {
  readonly log: Logger;
  readonly logs: PartLogs;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly link: Link;
  readonly outbound: Outbound;
  readonly virtualServer: VirtualServer;
  readonly auth: LiveAuth;
  readonly live: LiveConfig | undefined;
  readonly demo: Demo | undefined;
}

class Process implements Gateway {
  readonly over: Promise<void>;
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #http: Http;
  readonly #sockets: WebSockets;
  readonly #drain: Drain;
  readonly #reload: Reload;
  readonly #sweeper: NodeJS.Timeout;
  /** Clients have as long to come back as after any other break. */
  #goodbyes: NodeJS.Timeout | undefined;
  #listening = false;

  constructor(config: Config, parts: Parts) {
    const { logs, metrics, virtualServer } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#http = this.#openPorts();
    this.#sockets = createWebSocketServer({
      server: this.#http.publicServer,
      config,
      open: createDispatch(virtualServer),
      log: logs.websocket,
      tracing: virtualServer.tracing,
      metrics,
    });
    this.#drain = new Drain({
      ...parts,
      config: config.drain,
      sockets: this.#sockets,
      http: this.#http,
      rest: () => this.#rest(),
    });
    this.#reload = new Reload({ ...parts, http: this.#http });
    this.over = this.#serverLeaves();
    const housekeeping = new Housekeeping(parts.store, config.store, logs.store, virtualServer.now);
    this.#sweeper = setInterval(() => {
      virtualServer.accounts.sweep();
      void housekeeping.round();
    }, sweepMs).unref();
    this.#report();
  }

  async start(): Promise<{ publicPort: number; internalPort: number }> {
    await this.#parts.outbound.start(newsDesk(this.#parts.virtualServer.accounts));
    this.#parts.link.start();
    this.#goodbyes = setTimeout(
      () => void this.#parts.virtualServer.accounts.sayGoodbyes(),
      this.#config.sessions.resumeWindow,
    ).unref();
    const ports = await this.#http.listen();
    this.#listening = true;
    return ports;
  }

  async reload(): Promise<Reloaded> {
    return this.#reload.run();
  }

  async stop(): Promise<void> {
    await this.#begin('stop');
    await this.#http.close();
  }

  #openPorts(): Http {
    const { logs, metrics, store, virtualServer, demo } = this.#parts;
    const config = this.#config;
    const storeKind = config.store.url === 'memory:' ? 'memory' : 'sqlite';
    return createHttp({
      config: config.http,
      sockets: config.limits.sockets,
      status: { alive: () => this.#listening, ready: () => this.#ready() },
      metrics,
      log: logs.http,
      files: virtualServer.files,
      demo,
      api: {
        operations: createAdministration({ server: virtualServer, store, storeKind, process: this.#view() }),
        key: () => config.http.internal.apiKey?.(),
        version: pkg.version,
        bodyLimit: config.limits.frame,
      },
      drain: { secret: config.xmpp.secret, begin: () => void this.#begin('command') },
    });
  }

  #begin(cause: DrainCause): Promise<void> {
    return this.#drain.begin(cause, this.#listening ? this.#config.drain.time : 0);
  }

  /**
   * A sidecar hears of the end of its pod from the XMPP server too. Elsewhere a server that shuts down comes back, and
   * finds every client where it was.
   */
  async #serverLeaves(): Promise<void> {
    if (this.#config.mode !== 'sidecar') return new Promise(() => undefined);
    const { link } = this.#parts;
    const told = link.onState;
    await new Promise<void>((resolve) => {
      link.onState = (state) => {
        told(state);
        if (state.reason === 'system-shutdown') resolve();
      };
    });
    await this.#begin('system-shutdown');
  }

  #ready(): ReturnType<Status['ready']> {
    const { link } = this.#parts.link.state;
    const { begun: draining, over: drained } = this.#drain;
    const linked = link === 'up' || this.#config.readiness.requireLink === false;
    return { ready: this.#listening && linked && !draining, link, draining, drained };
  }

  /** What the API tells of the process. */
  #view(): ProcessView {
    return {
      node: process.version,
      ready: () => {
        const { ready, draining } = this.#ready();
        return { ready, draining };
      },
      link: () => this.#parts.link.state,
      reload: async () => {
        try {
          return this.#reload.run();
        } catch (error) {
          if (error instanceof ConfigError) throw new StanzaError('not-acceptable', error.message);
          throw error;
        }
      },
      sockets: () => ({ ...this.#sockets.counts, limit: this.#config.limits.sockets }),
      memory: () => {
        const { heapUsed, rss } = process.memoryUsage();
        return { heapBytes: heapUsed, heapLimitBytes: getHeapStatistics().heap_size_limit, residentBytes: rss };
      },
    };
  }

  #rest(): void {
    clearInterval(this.#sweeper);
    clearTimeout(this.#goodbyes);
    this.#parts.virtualServer.sessions.stop();
  }

  #report(): void {
    const { metrics } = this.#parts;
    metrics.ready.from(() => (this.#ready().ready ? 1 : 0));
    metrics.draining.from(() => (this.#drain.begun ? 1 : 0));
    metrics.drainLimit.from(() => this.#config.drain.time / 1000);
    metrics.drainElapsed.from(() => this.#drain.seconds);
    metrics.socketsLimit.from(() => this.#config.limits.sockets);
  }
}
