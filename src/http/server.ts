/**
 * The two HTTP ports: the public one with the WebSocket path and the public files, and the internal one with probes,
 * metrics and the API. Both are bounded against slow senders, and both close at once, whatever is open.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type ApiOptions, addApi } from './api.ts';
import { addDemo, type Demo } from './demo.ts';
import { addDrain, type DrainDoor } from './drain.ts';
import { addFiles, type Files } from './files.ts';
import { addProbes, type Status } from './health.ts';
import { addStatusPage } from './status-page.ts';

export interface HttpOptions {
  config: { public: Pick<Config['http']['public'], 'host' | 'port' | 'path'>; internal: Config['http']['internal'] };
  /** How many of the public port's connections may become WebSockets. */
  sockets: number;
  status: Status;
  metrics: Metrics;
  log: Logger;
  files: Files;
  api?: ApiOptions;
  drain: DrainDoor;
  /** Absent: there is no demo page. */
  demo?: Demo | undefined;
  timing?: Partial<typeof defaults>;
}

export interface Http {
  /** For the WebSocket upgrade. */
  readonly publicServer: Server;
  /** Another number of sockets, from now on. */
  limit(sockets: number): void;
  listen(): Promise<{ publicPort: number; internalPort: number }>;
  /** Stops listening on the public port and cuts what is open there; probes and metrics go on. */
  closePublic(): Promise<void>;
  /** Both ports. May be called more than once. */
  close(): Promise<void>;
}

const defaults = {
  /** For all headers of a request, also the first one of a connection that says nothing. */
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 5000,
  checkMs: 2000,
};

/**
 * Connections that the kernel keeps until they are accepted; it has a limit of its own (net.core.somaxconn). What does not
 * fit is dropped, and its client tries again after one second, then two, then four.
 */
const backlog = 16_384;

/** Connections beside the WebSockets, where one is closed at once when there are more: what says nothing takes memory too. */
const others = { public: 10_000, internal: 1000 };

export function createHttp(options: HttpOptions): Http {
  const timing = { ...defaults, ...options.timing };
  const publicApp = createApp(timing, options.log);
  const limit = (sockets: number): void => {
    publicApp.server.maxConnections = sockets + others.public;
  };
  limit(options.sockets);
  addPublic(publicApp, options.config.public.path);
  addFiles(publicApp, options.files);
  if (options.demo) addDemo(publicApp, options.demo);
  const internalApp = createApp(timing, options.log);
  internalApp.server.maxConnections = others.internal;
  addProbes(internalApp, options.status);
  addDrain(internalApp, options.drain);
  internalApp.setNotFoundHandler(notFound);
  addStatusPage(internalApp);
  if (options.api) addApi(internalApp, { ...options.api, log: options.log, metrics: options.metrics });
  internalApp.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.registry.contentType).send(await options.metrics.text()),
  );
  return {
    publicServer: publicApp.server,
    limit,
    listen: async () => ({
      internalPort: await listen(internalApp, options.config.internal),
      publicPort: await listen(publicApp, options.config.public),
    }),
    closePublic: () => publicApp.close(),
    close: async () => {
      await Promise.all([publicApp.close(), internalApp.close()]);
    },
  };
}

function createApp(timing: typeof defaults, log: Logger): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    // An undecodable path.
    frameworkErrors: (_error, request, reply) => void notFound(request, reply),
    requestTimeout: timing.requestMs,
    keepAliveTimeout: timing.idleMs,
    http: {
      headersTimeout: timing.headersMs,
      connectionsCheckingInterval: timing.checkMs,
      // A bearer token may be 16 KiB.
      maxHeaderSize: 32 * 1024,
    },
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ event: 'http_error', err: error, path: pathOf(request) }, 'a request failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : 'bad request' });
  });
  return app;
}

function addPublic(app: FastifyInstance, path: string): void {
  cutUpgradedAtClose(app);
  app.setNotFoundHandler((request, reply) => {
    reply.header('content-security-policy', "default-src 'none'");
    if (pathOf(request) !== path) return notFound(request, reply);
    // RFC 9110 §15.5.22: the answer names the protocol that is wanted.
    return reply.code(426).headers({ connection: 'upgrade', upgrade: 'websocket' }).send({
      error: 'this is a WebSocket endpoint: connect to it with a WebSocket client, subprotocol stanzawire.v1',
    });
  });
}

/** Node's `server.close()` waits for upgraded connections and `closeAllConnections()` does not know them. */
function cutUpgradedAtClose(app: FastifyInstance): void {
  const upgraded = new Set<Duplex>();
  function forget(this: Duplex) {
    upgraded.delete(this);
  }
  app.server.on('upgrade', (_request, stream: Duplex) => {
    upgraded.add(stream);
    stream.once('close', forget);
  });
  app.addHook('preClose', async () => {
    for (const stream of upgraded) stream.destroy();
  });
}

async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<number> {
  await app.listen({ host, port, backlog });
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : port;
}

function notFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'not found' });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
