/**
 * docs/asyncapi.yaml: the protocol as AsyncAPI 3.1, from the schemas, with the examples of PROTOCOL.md. The document is
 * the gateway's: it receives what clients send.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import packageFile from '../package.json' with { type: 'json' };
import { afterClose, closeCodes } from '../src/protocol/close.ts';
import { events, requests, subprotocol } from '../src/protocol/frames.ts';
import { isObject, parseFrame } from '../src/protocol/parse.ts';
import { inComponents, jsonSchema } from '../src/protocol/schema.ts';
import { codes, tables } from '../test/support/markdown.ts';
import { type Example, exampleBlocks } from './protocol-page.ts';

type Json = Record<string, unknown>;

/** More of them would make the document longer, not clearer. */
const mostExamples = 3;

export function asyncApi(): string {
  const text = readFileSync(join(import.meta.dirname, '../PROTOCOL.md'), 'utf8');
  const lines = ['# Made from src/protocol/ and PROTOCOL.md by "npm run docs": change it there.'];
  return `${lines.join('\n')}\n${stringify(document(text), { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function document(text: string): Json {
  const { definitions, names } = frameDefinitions();
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Stanzawire',
      version: packageFile.version,
      description: `The protocol \`${subprotocol}\`: JSON frames over one WebSocket, between a web client and the gateway to XMPP. PROTOCOL.md says what the frames mean, and in which order they come.`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { gateway: server },
    channels: { socket: channel(names) },
    operations: { ...requestOperations(), ...eventOperations() },
    components: {
      securitySchemes: { token: bearer },
      correlationIds: {
        id: { description: 'An answer carries the id of its request.', location: '$message.payload#/id' },
      },
      messages: Object.fromEntries(names.map((name) => [name, message(name, meanings(text), exampleFrames(text))])),
      schemas: definitions,
    },
  };
}

const server = {
  host: 'chat.example.com',
  protocol: 'wss',
  description: 'A gateway. The host is its operator’s.',
  security: [{ $ref: '#/components/securitySchemes/token' }],
};

const bearer = {
  type: 'http',
  scheme: 'bearer',
  description:
    'A token, in `connect.data.token`; clients that can set headers may send it with the upgrade. Guests, where they are let in, need none.',
};

function channel(names: readonly string[]): Json {
  const closes = Object.entries(closeCodes).map(([name, code]) => ({ code, name, client: afterClose(code) }));
  return {
    address: '/ws',
    title: 'The socket',
    description: `A text frame holds one of these messages, or, after \`ready\`, an array of them. The first one is \`connect\`. The path can be configured.`,
    servers: [{ $ref: '#/servers/gateway' }],
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: { ws: { method: 'GET', headers: upgradeHeaders, bindingVersion: '0.1.0' } },
    'x-close-codes': closes,
  };
}

const upgradeHeaders = {
  type: 'object',
  properties: {
    'Sec-WebSocket-Protocol': { type: 'string', const: subprotocol, description: 'Without one it is the same.' },
    Authorization: { type: 'string', pattern: '^Bearer .+$' },
  },
};

/** The schemas of `npm run schema` under the names that AsyncAPI wants, and the frames among them. */
function frameDefinitions(): { definitions: Json; names: string[] } {
  const { $defs } = jsonSchema();
  if (!isObject($defs)) throw new Error('the schema has no definitions');
  const names = Object.keys($defs).filter((name) => /^(request|reply|ok|event)\./.test(name));
  const unions = ['fromClient', 'fromGateway', 'clientFrame', 'gatewayFrame'];
  const kept = Object.entries($defs).filter(([name]) => !unions.includes(name));
  return { definitions: Object.fromEntries(kept.map(([name, schema]) => [name, inComponents(schema)])), names };
}

/** `request.message.send` is the message `message.send` of a client. */
function message(name: string, meaning: ReadonlyMap<string, string>, examples: ReadonlyMap<string, Example[]>): Json {
  const [group = ''] = name.split('.', 1);
  const type = name.slice(group.length + 1);
  const summary =
    group === 'ok' ? `Answers ${type}.` : meaning.get(`${group === 'event' ? 'event' : 'request'}.${type}`);
  const shown = (examples.get(name) ?? [])
    .slice(0, mostExamples)
    .map(({ frame, from }) => ({ payload: from === 'client' ? plain(frame) : frame }));
  return {
    name: group === 'ok' ? 'ok' : type,
    ...(summary ? { summary: sentence(summary) } : {}),
    ...(group === 'request' ? { tags: [{ name: type.split('.')[0] ?? type }] } : {}),
    ...(group === 'event' ? {} : { correlationId: { $ref: '#/components/correlationIds/id' } }),
    payload: { $ref: `#/components/schemas/${name}` },
    ...(shown.length === 0 ? {} : { examples: shown }),
  };
}

/** Without what is null: it means absent, but a schema does not say so. */
function plain(frame: Example['frame']): Json {
  if (!isObject(frame.data)) return frame;
  return { ...frame, data: parseFrame(structuredClone(frame)).data };
}

/** What the tables of §10 and §11 say that a frame is for. */
function meanings(text: string): Map<string, string> {
  const rows = (first: string, column: number) =>
    tables(text)
      .filter(({ header }) => header[0] === first && header[1] === 'status' && header.length > 3)
      .flatMap((table) => table.rows)
      .flatMap((row) => codes(row[0]).map((name) => [name, row[column] ?? ''] as const));
  return new Map([
    ...rows('request', 2).map(([name, says]) => [`request.${name}`, says] as const),
    ...rows('frame', 3).map(([name, says]) => [`event.${name}`, says] as const),
  ]);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/\.?$/, '.');
}

/** The examples by the name of the message that they are one of; without what is wrong on purpose. */
function exampleFrames(text: string): Map<string, Example[]> {
  const right = exampleBlocks(text).flatMap(({ examples }) => {
    const refused = examples.filter(({ frame }) => isObject(frame.error) && frame.error.code === 'bad-request');
    const ids = refused.map(({ frame }) => frame.id);
    return examples.filter(({ planned, from, frame }) => !planned && !(from === 'client' && ids.includes(frame.id)));
  });
  return Map.groupBy(right, nameOf);
}

function nameOf({ from, frame, answers = '' }: Example): string {
  const type = String(frame.type);
  if (from === 'client') return `request.${type}`;
  if (type === 'ok') return hasResult(answers) ? `ok.${answers}` : 'reply.ok';
  return Object.hasOwn(events, type) ? `event.${type}` : `reply.${type}`;
}

/** Each request with what not all of them have. */
const all: Record<string, { data: unknown; result?: unknown; scope?: string }> = requests;

function hasResult(type: string): boolean {
  return all[type]?.result !== undefined;
}

const socket = { $ref: '#/channels/socket' };
const reference = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });

function requestOperations(): Json {
  return Object.fromEntries(
    Object.entries(all).map(([type, { scope }]) => [
      type,
      {
        action: 'receive',
        channel: socket,
        ...(scope === undefined ? {} : { description: `Needs a token with the scope \`${scope}\`.` }),
        messages: [reference(`request.${type}`)],
        ...replyOf(type),
      },
    ]),
  );
}

function replyOf(type: string): Json {
  if (type === 'pong' || type === 'ack') return {};
  const answers: Record<string, string> = { connect: 'reply.ready', ping: 'reply.pong' };
  const name = answers[type] ?? (hasResult(type) ? `ok.${type}` : 'reply.ok');
  return { reply: { channel: socket, messages: [reference(name), reference('reply.error')] } };
}

function eventOperations(): Json {
  return Object.fromEntries(
    Object.entries(events).map(([type, event]) => [
      `event.${type}`,
      {
        action: 'send',
        channel: socket,
        description: `Of the class \`${event.class}\` (PROTOCOL.md §5).`,
        messages: [reference(`event.${type}`)],
      },
    ]),
  );
}
