/** docs/asyncapi.yaml, as others' tools read it: the parser finds nothing wrong, nothing is missing, examples are valid. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { closeCodes } from '../src/protocol/close.ts';
import { events, requests } from '../src/protocol/frames.ts';
import { isObject } from '../src/protocol/parse.ts';

interface Message {
  readonly payload: { readonly $ref: string };
  readonly examples?: readonly { payload: unknown }[];
}

interface Document {
  readonly channels: { socket: { messages: object; 'x-close-codes': readonly { code: number; name: string }[] } };
  readonly operations: Record<string, { action: string; reply?: { messages: readonly { $ref: string }[] } }>;
  readonly components: { messages: Record<string, Message>; schemas: Record<string, object> };
}

const text = readFileSync(join(import.meta.dirname, '../docs/asyncapi.yaml'), 'utf8');
const document: Document = parse(text);
const { operations, components } = document;
const patience = { timeout: 120_000 };

const complaints = async (yaml: string) => (await new Parser().parse(yaml)).diagnostics.map(({ message }) => message);

it('is AsyncAPI 3.1 without errors, warnings or hints', patience, async () => {
  expect(parse(text)).toMatchObject({ asyncapi: '3.1.0' });
  expect(await complaints(text)).toEqual([]);
});

it('would be found wrong if it were', patience, async () => {
  const wrong = structuredClone(document);
  for (const operation of Object.values(wrong.operations)) operation.action = 'shout';
  expect(await complaints(stringify(wrong, { aliasDuplicateObjects: false }))).not.toEqual([]);
});

it('has an operation for each request, with its answers, and for each event', () => {
  const received = Object.entries(operations).filter(([, { action }]) => action === 'receive');
  const sent = Object.entries(operations).filter(([, { action }]) => action === 'send');
  expect(received.map(([name]) => name)).toEqual(Object.keys(requests));
  expect(sent.map(([name]) => name)).toEqual(Object.keys(events).map((type) => `event.${type}`));
  const unanswered = received.filter(([, { reply }]) => reply === undefined).map(([name]) => name);
  expect(unanswered).toEqual(['pong', 'ack']);
  const answers = received.flatMap(([, { reply }]) => reply?.messages.map(({ $ref }) => $ref.split('/').at(-1)) ?? []);
  const results = Object.entries(requests).filter(([, request]) => 'result' in request);
  expect(answers).toEqual(
    expect.arrayContaining([...results.map(([type]) => `ok.${type}`), 'reply.ready', 'reply.ok']),
  );
});

it('lists each close code', () => {
  const listed = document.channels.socket['x-close-codes'].map(({ name, code }) => [name, code]);
  expect(Object.fromEntries(listed)).toEqual(closeCodes);
});

it('shows a valid example of each request and each event', () => {
  const ajv = new Ajv({ strict: false });
  const schemas = JSON.parse(JSON.stringify(components.schemas));
  for (const [name, { payload, examples = [] }] of Object.entries(components.messages)) {
    if (/^(request|event)\./.test(name)) expect(examples, name).not.toEqual([]);
    const validate = ajv.compile({ ...payload, components: { schemas } });
    for (const example of examples) {
      expect(isObject(example.payload), name).toBe(true);
      expect(validate(example.payload), `${name}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
  }
});
