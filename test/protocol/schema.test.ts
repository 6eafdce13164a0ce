/** The published JSON Schema: every frame is in it, its references lead somewhere, and it judges frames as the gateway does. */
import { Compile } from 'typebox/schema';
import { describe, expect, it, test } from 'vitest';
import { events, requests } from '../../src/protocol/frames.ts';
import { jsonSchema } from '../../src/protocol/schema.ts';

const document = jsonSchema();
const definitions = Object.keys(Object(document.$defs));

test('it has a definition for every request, every result and every event', () => {
  const results = Object.entries(requests).filter(([, request]) => 'result' in request);
  expect(definitions).toEqual(
    expect.arrayContaining([
      ...Object.keys(requests).map((type) => `request.${type}`),
      ...results.map(([type]) => `ok.${type}`),
      ...Object.keys(events).map((type) => `event.${type}`),
      'reply.ready',
      'reply.ok',
      'reply.pong',
      'reply.error',
    ]),
  );
});

test('it is plain JSON, and its references lead to its own definitions', () => {
  const text = JSON.stringify(document);
  expect(JSON.parse(text)).toEqual(document);
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target);
  expect(references.filter((target) => !definitions.includes(target?.replace('#/$defs/', '') ?? ''))).toEqual([]);
  expect(new Set(references).size).toBeGreaterThan(30);
  expect(text).not.toContain('"$id"');
});

describe('it', () => {
  const validator = (name: string) => Compile({ ...document, anyOf: [{ $ref: `#/$defs/${name}` }] });
  const element = { name: 'query', children: [{ name: 'item' }, 'text'] };
  const frames: [string, boolean, unknown][] = [
    ['fromClient', true, { type: 'ping' }],
    ['fromClient', true, { type: 'message.send', id: 1, data: { to: 'bob@example.com', body: 'hi' } }],
    ['fromClient', true, { type: 'contact.list', data: { traceparent: '00-…' } }],
    ['fromClient', false, { type: 'contact.list', data: { traceparent: 1 } }],
    ['fromClient', true, [{ type: 'ping' }, { type: 'presence.set', data: { show: 'away' } }]],
    ['fromClient', true, { type: 'iq.send', id: 'a', data: { to: 'example.com', type: 'get', payload: element } }],
    ['fromClient', false, { type: 'iq.send', id: 'a', data: { type: 'get', payload: { children: [] } } }],
    ['fromClient', false, { type: 'message.send', id: 1, data: { body: 'hi' } }],
    ['fromClient', false, { type: 'message.send', id: 1 }],
    ['fromClient', false, { type: 'message' }],
    ['fromClient', false, []],
    ['fromGateway', true, { type: 'ok', id: 1 }],
    ['fromGateway', true, { type: 'error', id: 1, error: { code: 'timeout', message: 'no answer', retry: true } }],
    ['fromGateway', false, { type: 'error', id: 1, error: { code: 'frob', message: 'no answer', retry: true } }],
    ['fromGateway', false, { type: 'message.failed', data: { chat: 'a@b', id: 'x', error: {} } }],
  ];
  it.each(frames)('says of %s: %s for %j', (name, expected, frame) => {
    expect(validator(name).Check(frame)).toBe(expected);
  });
});
