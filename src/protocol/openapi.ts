/**
 * The OpenAPI 3.1 document of the internal port's API, made of its operations: docs/openapi.yaml, and what the gateway itself
 * answers at `/api/openapi.json`.
 */
import type { TObject, TSchema } from 'typebox';
import { type Operation, operations } from './api.ts';
import * as apiObjects from './api-objects.ts';
import { ErrorObject } from './objects.ts';
import { inComponents, referring } from './schema.ts';

type Json = Record<string, unknown>;

/** The document for that version of the gateway; it holds nothing but JSON. */
export function openApi(version: string): Json {
  const all: [string, Operation][] = Object.entries(operations);
  const byPath = Map.groupBy(all, ([, { path }]) => path);
  const paths = Object.fromEntries(
    [...byPath].map(([path, group]) => [
      path,
      Object.fromEntries(group.map(([id, operation]) => [operation.method.toLowerCase(), described(id, operation)])),
    ]),
  );
  const Failure = { type: 'object', required: ['error'], properties: { error: ErrorObject } };
  const { schema, definitions } = referring({ paths, responses: { error: failure(Failure) } }, named());
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Stanzawire',
      version,
      summary: 'The API for operators and backends.',
      description:
        'On the internal port, behind the key `http.internal.apiKey`. docs/api.md says how to use it, PROTOCOL.md what messages and requests mean.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:9090/api', description: 'The internal port, where it is by default' }],
    security: [{ key: [] }],
    tags,
    paths: schema.paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'http.internal.apiKey' } },
      responses: schema.responses,
      schemas: definitions,
    },
  };
  return inComponents(document) as Json;
}

const tags = [
  { name: 'Gateway', description: 'The process itself.' },
  { name: 'Accounts', description: 'The users of the domain.' },
  { name: 'Sessions', description: 'Their web clients.' },
  { name: 'Messages', description: 'Acting as an account, or as the domain.' },
];

/** The objects that have a name of their own. */
function named(): Record<string, TSchema> {
  const { AccountObject, AccountDetails, AccountPresence, SessionObject, Status } = apiObjects;
  return { Account: AccountObject, AccountDetails, AccountPresence, Session: SessionObject, Status };
}

function described(id: string, { tag, summary, description, params, query, body, result }: Operation): Json {
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(params || query ? { parameters: [...parameters(params, 'path'), ...parameters(query, 'query')] } : {}),
    ...(body
      ? { requestBody: { required: required(body).length > 0, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      ...(result
        ? { 200: { description: 'Done', content: { 'application/json': { schema: result } } } }
        : { 204: { description: 'Done' } }),
      default: { $ref: '#/components/responses/error' },
    },
  };
}

function parameters(schema: TObject | undefined, place: 'path' | 'query'): Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const { description, ...rest }: Json = JSON.parse(JSON.stringify(property));
    const isRequired = place === 'path' || required(schema).includes(name);
    return {
      name,
      in: place,
      required: isRequired,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function required(schema: TObject | undefined): readonly string[] {
  return schema?.required ?? [];
}

function failure(schema: Json): Json {
  return {
    description:
      'It was not done, and `error` says why (PROTOCOL.md §7). 4xx is final; 429 and 5xx may be tried again. 401: the key is missing or wrong. 403 with `forbidden`: the API is off, or the other side forbids it. 404: no such thing. 409: the id was used for something else. 413: over `limits.frame`. 422: understood, and refused for good. 503 and 504: the XMPP server, the store or somebody else cannot do it now.',
    headers: { 'retry-after': { description: 'Seconds, where they are known', schema: { type: 'integer' } } },
    content: { 'application/json': { schema } },
  };
}
