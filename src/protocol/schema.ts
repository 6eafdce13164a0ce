/**
 * `npm run schema`: every frame of `stanzawire.v1` as one JSON Schema (2020-12) on standard output. What a client may
 * write is `$defs.fromClient`, what it may read `$defs.fromGateway`; each frame has a definition of its own.
 */
import type { TSchema } from 'typebox';
import { Reactions } from './acting.ts';
import { Settings } from './blocking.ts';
import { Encryption, FormInput, Forwarded, Mention, Payload, Reply } from './content.ts';
import { File, Thumbnail } from './files.ts';
import { Form, FormField, FormValues } from './forms.ts';
import { type EventClass, events, RequestId, replies, requests, subprotocol } from './frames.ts';
import * as objects from './objects.ts';
import { isObject } from './parse.ts';
import { Avatar, Profile, VCard } from './profile.ts';
import { Affiliation, Bookmark, Invite, Member, Occupant, Role, Room } from './rooms.ts';
import { Traceparent } from './values.ts';

type Json = Record<string, unknown>;

/** The document; it holds nothing but JSON. */
export function jsonSchema(): Json {
  const shared = sharedObjects();
  const anyOf = (groups: Record<string, Json>) => ({ anyOf: Object.keys(groups).map(ref) });
  const fromClient = requestFrames();
  const fromGateway = { ...replyFrames(), ...eventFrames() };
  const frames = { clientFrame: anyOf(fromClient), gatewayFrame: anyOf(fromGateway), ...fromClient, ...fromGateway };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: subprotocol,
    description:
      'The frames of the protocol, as PROTOCOL.md describes them. A text frame holds one of them, or an array. On input, null means absent.',
    anyOf: [ref('fromClient'), ref('fromGateway')],
    $defs: {
      fromClient: oneOrMany('clientFrame'),
      fromGateway: oneOrMany('gatewayFrame'),
      ...referInside(frames, shared),
      ...Object.fromEntries([...shared].map(([text, name]) => [name, referInside(JSON.parse(text), shared)])),
    },
  };
}

/** The same with references as OpenAPI and AsyncAPI have them. */
export function inComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inComponents);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, inComponents(inner)],
    ),
  );
}

/**
 * Schemas with references (`#/$defs/…`) to the objects that they share with the protocol, and to `more`; and the definitions
 * that they need.
 */
export function referring(schema: Json, more: Record<string, TSchema>): { schema: Json; definitions: Json } {
  const shared = new Map([
    ...sharedObjects(),
    ...Object.entries(more).map(([name, one]) => [JSON.stringify(one), name] as const),
  ]);
  const referred = referInside(JSON.parse(JSON.stringify(schema)), shared);
  const all = new Map([...shared].map(([text, name]) => [name, referInside(JSON.parse(text), shared)]));
  const needed = new Map<string, Json>();
  const need = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      const definition = all.get(name);
      if (!definition || needed.has(name)) continue;
      needed.set(name, definition);
      need(definition);
    }
  };
  need(referred);
  return { schema: referred, definitions: Object.fromEntries([...needed].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function ref(name: string): Json {
  return { $ref: `#/$defs/${name}` };
}

function oneOrMany(name: string): Json {
  return { anyOf: [ref(name), { type: 'array', minItems: 1, items: ref(name) }] };
}

function requestFrames(): Record<string, Json> {
  const all: Record<string, { data: TSchema; scope?: string }> = requests;
  return rename(all, 'request', (type, { data, scope }) =>
    frame(type, { id: RequestId }, traced(data), [], scope ? `Needs a token with the scope ${scope}.` : undefined),
  );
}

/** With what `data` of every request may have beside its own keys. */
function traced<S extends TSchema>(data: S): S {
  const own: Json = 'properties' in data && isObject(data.properties) ? data.properties : {};
  return { ...data, properties: { ...own, traceparent: Traceparent } };
}

function eventFrames(): Record<string, Json> {
  const all: Record<string, { data: TSchema; class: EventClass }> = events;
  return rename(all, 'event', (type, event) => {
    const seq = event.class === 'numbered' ? { seq: { type: 'integer', minimum: 1 } } : {};
    return frame(type, seq, event.data, Object.keys(seq), `An event of the class ${event.class}.`);
  });
}

function replyFrames(): Record<string, Json> {
  const id = { id: RequestId };
  const answers: Record<string, { data: TSchema; result?: TSchema }> = requests;
  const results = Object.entries(answers).flatMap(([type, { result }]) =>
    result ? [[`ok.${type}`, frame('ok', id, result, ['id'], `Answers ${type}.`)] as const] : [],
  );
  return {
    'reply.ready': frame('ready', id, replies.ready, [], 'Answers connect.'),
    'reply.pong': frame('pong', id, replies.pong, [], 'Answers ping.'),
    'reply.ok': frame('ok', id, undefined, ['id'], 'Answers a request that has no result.'),
    'reply.error': frame('error', { ...id, error: objects.ErrorObject }, undefined, ['error'], 'A request failed.'),
    ...Object.fromEntries(results),
  };
}

function rename<T>(
  all: Record<string, T>,
  group: string,
  make: (type: string, value: T) => Json,
): Record<string, Json> {
  return Object.fromEntries(Object.entries(all).map(([type, value]) => [`${group}.${type}`, make(type, value)]));
}

/** The envelope of one type (PROTOCOL.md §2). `data` may be left out when nothing in it is required. */
function frame(type: string, keys: Json, data: TSchema | undefined, required: string[], description?: string): Json {
  const hasRequired = data !== undefined && 'required' in data;
  return {
    ...(description === undefined ? {} : { description }),
    type: 'object',
    required: ['type', ...required, ...(hasRequired ? ['data'] : [])],
    properties: { type: { const: type }, ...keys, ...(data === undefined ? {} : { data }) },
  };
}

/** The objects of PROTOCOL.md §9 by their JSON text: a name for each that stands in several frames. */
function sharedObjects(): Map<string, string> {
  const { Element, Show, ChatState, ArchiveId, Jid, MessageId, Time, ErrorObject, Limits, ...others } = objects;
  const { Message, Presence, OwnPresence, Contact, ContactRequest, Chat, OwnSession } = others;
  const values = {
    RequestId,
    Traceparent,
    ArchiveId,
    Jid,
    MessageId,
    Time,
    Show,
    ChatState,
    ErrorObject,
    Limits,
    Reactions,
  };
  const messages = { Message, Chat, Reply, Mention, Encryption, Payload, Forwarded, File, Thumbnail };
  const people = { Presence, OwnPresence, Contact, ContactRequest, OwnSession, Profile, Avatar, VCard, Settings };
  const rooms = { Room, Occupant, Member, Invite, Affiliation, Role, Bookmark };
  const forms = { Form, FormField, FormInput, FormValues };
  const all: Record<string, TSchema> = { ...values, ...messages, ...people, ...rooms, ...forms };
  const shared = new Map(Object.entries(all).map(([name, schema]) => [JSON.stringify(schema), name]));
  const { $id, ...element }: Json = JSON.parse(JSON.stringify(Element.$defs.Element));
  return shared.set(JSON.stringify(element), String($id));
}

/** A copy in which every shared object is a reference. */
function refer(value: unknown, shared: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => refer(item, shared));
  if (!isObject(value)) return value;
  const name = shared.get(JSON.stringify(value));
  return name === undefined ? referInside(value, shared) : ref(name);
}

function referInside(value: Json, shared: Map<string, string>): Json {
  // The element refers to itself by its own name, wherever it stands.
  if (typeof value.$ref === 'string' && !value.$ref.startsWith('#')) return ref(value.$ref);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner, shared)]));
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
