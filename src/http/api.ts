/**
 * The API of the internal port, below `/api`: each operation of protocol/api as a route behind the key. What is thrown on the
 * way becomes one JSON error, in the words of PROTOCOL.md §7 and with an HTTP status.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type Api, type Input, type Operation, type OperationId, operations } from '../protocol/api.ts';
import { StanzaError } from '../protocol/errors.ts';
import { openApi } from '../protocol/openapi.ts';
import { compile } from '../protocol/parse.ts';
import { ApiKey } from './api-key.ts';
import { readQuery } from './api-query.ts';
import { statusOf } from './api-status.ts';

export interface ApiOptions {
  readonly operations: Api;
  /** The key; undefined = none is configured. */
  readonly key: () => string | undefined;
  readonly version: string;
  /** Bytes of a request. */
  readonly bodyLimit: number;
}

interface Parts extends ApiOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationId;
  }
}

export function addApi(app: FastifyInstance, parts: Parts): void {
  const { log, metrics } = parts;
  const key = new ApiKey(parts.key);
  app.register(
    async (api) => {
      api.addHook('onRequest', async (request, reply) => {
        const verdict = key.check(request.headers.authorization, request.ip);
        if (verdict.ok) return;
        const { status, error, quiet } = verdict;
        if (!quiet) log.warn({ event: 'api_refused', status, address: request.ip }, error.message);
        if (status === 401) reply.header('www-authenticate', 'Bearer realm="stanzawire"');
        return send(reply, error, status);
      });
      api.addHook('onResponse', async (request, reply) => {
        const operation = request.routeOptions.config.operation ?? 'other';
        metrics.apiRequests.inc(operation, `${Math.floor(reply.statusCode / 100)}xx`);
        metrics.apiDuration.observe(reply.elapsedTime / 1000);
      });
      takeNothingAsNothing(api);
      api.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
      api.setNotFoundHandler((_request, reply) =>
        send(reply, new StanzaError('item-not-found', 'There is nothing here; docs/api.md has what there is')),
      );
      for (const id of ids) addRoute(api, id, parts);
      const document = openApi(parts.version);
      api.get('/openapi.json', (_request, reply) => reply.send(document));
    },
    { prefix: '/api' },
  );
}

/** Many clients say that JSON comes, also where none does. */
function takeNothingAsNothing(api: FastifyInstance): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeContentTypeParser('application/json');
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}

const ids = Object.keys(operations) as OperationId[];

function addRoute(api: FastifyInstance, id: OperationId, { operations: carriedOut, bodyLimit }: Parts): void {
  const { method, path, ...schemas }: Operation = operations[id];
  const check = {
    params: schemas.params && compile(schemas.params),
    query: schemas.query && compile(schemas.query),
    body: schemas.body && compile(schemas.body),
  };
  api.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit,
    config: { operation: id },
    handler: async (request, reply) => {
      const input = {
        params: check.params?.(request.params) ?? {},
        query: check.query?.(readQuery(schemas.query, request.query)) ?? {},
        body: check.body?.(request.body ?? {}) ?? {},
      };
      // Proved by the schemas that its types are of.
      const operation = carriedOut[id] as (checked: Input<OperationId>) => unknown;
      const answer = await operation(input as Input<OperationId>);
      return schemas.result ? reply.send(answer) : reply.code(204).send();
    },
  });
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  if (error instanceof StanzaError) return send(reply, error);
  const { statusCode = 500, message }: { statusCode?: number; message?: string } = Object(error);
  if (statusCode === 413) return send(reply, new StanzaError('too-large', 'The request is over limits.frame'));
  if (statusCode === 415) {
    return send(reply, new StanzaError('bad-request', 'Send JSON, with content-type: application/json'), 415);
  }
  if (statusCode < 500) return send(reply, new StanzaError('bad-request', message ?? 'The request cannot be read'));
  log.error({ event: 'bug', err: error, path: request.routeOptions.url }, 'a request of the API failed');
  const told = 'This went wrong inside of the gateway; it has been logged';
  return send(reply, new StanzaError('internal-server-error', told));
}

function send(reply: FastifyReply, error: StanzaError, status: number = statusOf(error)): FastifyReply {
  const { retryAfterMs } = error.details;
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  return reply.code(status).send({ error: error.toObject() });
}
