/** The composition root: builds every part, wires it, starts and stops it in order (ARCHITECTURE.md, flow 4). */
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import pkg from '../package.json' with { type: 'json' };
import { createAuth } from './auth/auth.ts';
import type { Config } from './config.ts';
import { createAdministration, type ProcessView } from './core/administration.ts';
import { createDispatch } from './core/dispatch.ts';
import { Housekeeping } from './core/housekeeping.ts';
import { VirtualServer } from './core/server.ts';
import { builtIn } from './extensions/index.ts';
import { createPut } from './http/put.ts';
import { createHttp, type Http } from './http/server.ts';
import { loadExtensions } from './load-extensions.ts';
import type { Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { configuredVapidKeys, vapidKeys } from './outbound/vapid.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { createWebSocketServer, type WebSockets } from './websocket/server.ts';
import { Link } from './xmpp/link.ts';

export interface Gateway {
  /** Resolves when both ports listen; the link is tried for ever. */
  start(): Promise<{ publicPort: number; internalPort: number }>;
  /** Drains and stops (README, "Stopping"). May be called more than once. */
  stop(): Promise<void>;
}

/** While draining, so long are new sockets still taken: a load balancer needs a moment to see that we are not ready. */
const acceptMs = 3000;
/** Accounts that nobody uses are forgotten at this pace. */
const sweepMs = 60_000;

/** @throws Error naming the setting that cannot be used */
export async function createGateway(config: Config, { log }: { log: Logger }): Promise<Gateway> {
  const extensions = [...builtIn, ...(await loadExtensions(config.extensions))];
  const { version } = pkg;
  const metrics = createMetrics({ version });
  const store = await openStore(config.store.url, {
    sync: config.store.sync === 'full' ? 'full' : 'normal',
    observe: (operation, seconds) => metrics.storeDuration.observe(seconds, operation),
  });
  const guest = { ...config.auth.guest, key: await store.key('guest') };
  const auth = createAuth({ ...(config.auth.jwt ? { jwt: config.auth.jwt } : {}), guest, log });
  const { service, domain, server, secret } = config.xmpp;
  const link = new Link({ service, domain, server, secret, maxStanzaBytes: config.limits.stanza, log, metrics });
  const [put, filesKey] = [createPut(), await store.key('files')];
  const push = await webPush(config, store);
  const parts = {
    config,
    version,
    link,
    store,
    auth,
    extensions,
    log,
    metrics,
    put,
    filesKey,
    ...(push ? { push } : {}),
  };
  const virtualServer = new VirtualServer(parts);
  return new Process(config, { log, metrics, store, link, virtualServer });
}

/** What browsers are told of Web Push; undefined = it is off. */
async function webPush(
  { push }: Config,
  store: Store,
): Promise<{ key: string; services: readonly string[] } | undefined> {
  if (push.contact === undefined) return undefined;
  const keys = push.privateKey ? configuredVapidKeys(push.privateKey()) : vapidKeys(await store.key('vapid'));
  return { key: keys.publicKey, services: push.services };
}

interface Parts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly link: Link;
  readonly virtualServer: VirtualServer;
}

class Process implements Gateway {
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #http: Http;
  readonly #sockets: WebSockets;
  readonly #sweeper: NodeJS.Timeout;
  /** Clients have as long to come back as after any other break. */
  #goodbyes: NodeJS.Timeout | undefined;
  #listening = false;
  #stopped: Promise<void> | undefined;
  /** When the stop began, on the clock of `performance`. */
  #stopping: number | undefined;

  constructor(config: Config, parts: Parts) {
    const { log, metrics, virtualServer } = parts;
    this.#config = config;
    this.#parts = parts;
    const status = { alive: () => this.#listening, ready: () => this.#ready() };
    const api = {
      operations: createAdministration({
        server: virtualServer,
        store: parts.store,
        storeKind: config.store.url === 'memory:' ? 'memory' : 'sqlite',
        process: this.#view(),
      }),
      key: () => config.http.internal.apiKey?.(),
      bodyLimit: config.limits.frame,
    };
    this.#http = createHttp({
      config: config.http,
      sockets: config.limits.sockets,
      status,
      metrics,
      log,
      files: virtualServer.files,
      api,
    });
    const { path, origins, requireOrigin, trustedProxies } = config.http.public;
    this.#sockets = createWebSocketServer({
      server: this.#http.publicServer,
      path,
      origins,
      requireOrigin,
      trustedProxies,
      limits: config.limits,
      heartbeatMs: config.sessions.heartbeat,
      open: createDispatch(virtualServer),
      log,
      metrics,
    });
    const housekeeping = new Housekeeping(parts.store.archive, config.store.retention, log, virtualServer.now);
    this.#sweeper = setInterval(() => {
      virtualServer.accounts.sweep();
      void housekeeping.round();
    }, sweepMs).unref();
    metrics.ready.from(() => (this.#ready().ready ? 1 : 0));
    metrics.draining.from(() => (this.#stopped ? 1 : 0));
    metrics.drainLimit.set(config.drain.time / 1000);
    metrics.drainElapsed.from(() => (this.#stopping === undefined ? 0 : (performance.now() - this.#stopping) / 1000));
    metrics.socketsLimit.set(config.limits.sockets);
  }

  async start(): Promise<{ publicPort: number; internalPort: number }> {
    this.#parts.link.start();
    this.#goodbyes = setTimeout(
      () => void this.#parts.virtualServer.accounts.sayGoodbyes(),
      this.#config.sessions.resumeWindow,
    ).unref();
    const ports = await this.#http.listen();
    this.#listening = true;
    return ports;
  }

  stop(): Promise<void> {
    this.#stopping ??= performance.now();
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  #ready(): { ready: boolean; link: 'up' | 'down'; draining: boolean } {
    const { link } = this.#parts.link.state;
    const draining = this.#stopped !== undefined;
    return { ready: this.#listening && link === 'up' && !draining, link, draining };
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
      sockets: () => ({ ...this.#sockets.counts, limit: this.#config.limits.sockets }),
      memory: () => {
        const { heapUsed, rss } = process.memoryUsage();
        return { heapBytes: heapUsed, heapLimitBytes: getHeapStatistics().heap_size_limit, residentBytes: rss };
      },
    };
  }

  async #drain(): Promise<void> {
    const { link, store, virtualServer } = this.#parts;
    const time = this.#listening ? this.#config.drain.time : 0;
    const end = performance.now() + time;
    const left = (): number => Math.max(0, end - performance.now());
    await delay(Math.min(acceptMs, time / 3));
    // A restart is invisible to contacts: the successor announces the presence again.
    virtualServer.keepPresence = true;
    await Promise.race([virtualServer.settled(), delay(left() / 2)]);
    await this.#sockets.closeAll(left());
    clearInterval(this.#sweeper);
    clearTimeout(this.#goodbyes);
    virtualServer.sessions.stop();
    await link.stop();
    await store.close();
    await this.#http.close();
  }
}
