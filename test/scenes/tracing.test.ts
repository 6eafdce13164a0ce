/** The spans of a whole gateway, as the SDK of OpenTelemetry gets them. */
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTracing } from '../../src/tracing.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const exporter = new InMemorySpanExporter();
let server: ScriptedServer;
let gateway: TestGateway;
beforeAll(async () => {
  expect(createTracing('0')).toBeUndefined();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server));
  const client = await gateway.login('waits', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const spans = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
const span = (name: string) => {
  const [found, ...others] = spans(name);
  if (!found || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} spans are called ${name}`);
  return found;
};

test('an upgrade is one short span, and each request is one of its own trace that links to it', async () => {
  const alice = await gateway.login('alice', { presence: false });
  await alice.request('contact.list', {});
  const upgrade = span('upgrade');
  expect(upgrade.attributes).toEqual({ 'network.protocol.name': 'websocket', result: 'ok' });
  expect(upgrade.kind).toBe(SpanKind.SERVER);
  for (const name of ['connect', 'contact.list']) {
    const { links, parentSpanContext, status, spanContext } = span(name);
    expect(links.map((link) => link.context)).toEqual([upgrade.spanContext()]);
    expect(parentSpanContext).toBeUndefined();
    expect(status.code).toBe(SpanStatusCode.UNSET);
    expect(spanContext.call(span(name)).traceId).not.toBe(upgrade.spanContext().traceId);
  }
  // The socket is open, and no span waits for its end.
  expect(exporter.getFinishedSpans()).toHaveLength(3);
  await alice.close();
  expect(exporter.getFinishedSpans()).toHaveLength(3);
});

test('a message says what it is and how big, and nothing of what is in it', async () => {
  const alice = await gateway.login('alice', { presence: false });
  await alice.request('message.send', { to: 'planted-peer@example.com', body: 'planted body' });
  const { attributes } = span('message.send');
  expect(attributes).toEqual({
    'network.protocol.name': 'websocket',
    'messaging.system': 'xmpp',
    'messaging.operation.name': 'message.send',
    'messaging.operation.type': 'send',
    'messaging.message.body.size': JSON.stringify({ to: 'planted-peer@example.com', body: 'planted body' }).length,
  });
  const everything = exporter.getFinishedSpans().map(({ name, attributes, status }) => [name, attributes, status]);
  expect(JSON.stringify(everything)).not.toMatch(/planted|alice/);
  await alice.close();
});

test('a request that fails has its code as the status, before and after its data was checked', async () => {
  const alice = await gateway.login('alice', { presence: false });
  await alice.refused('message.send', { body: 'to nobody' });
  await alice.refused('session.end', { session: 'no-such-session' });
  for (const [name, message] of [
    ['message.send', 'bad-request'],
    ['session.end', 'item-not-found'],
  ] as const) {
    expect(span(name)).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message },
      attributes: { 'error.type': message },
    });
  }
  await alice.refused('no.such.request', {});
  expect(spans('no.such.request')).toEqual([]);
  await alice.close();
});

test('a connect that is refused, and a handshake that is, are spans with an error', async () => {
  const client = await JsonClient.open(gateway.url, { headers: { origin: 'https://elsewhere.example.com' } });
  expect(await client.closed).toBe(4003);
  expect(span('upgrade')).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'origin' } });
  await expect(JsonClient.connect(gateway.url, { token: 'planted' })).rejects.toThrow('token-invalid');
  expect(span('connect')).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'token-invalid' } });
});

test('the traceparent of a request, and of a handshake, is the parent', async () => {
  const client = await JsonClient.open(gateway.url, { headers: { traceparent: parent } });
  client.send({ type: 'connect', id: 1, data: { token: await gateway.token('alice'), traceparent: parent } });
  await client.inbox.next(({ type }) => type === 'ready');
  for (const name of ['upgrade', 'connect']) {
    expect(span(name).spanContext().traceId, name).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(span(name).parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true });
  }
  // A later version may have more fields (W3C Trace Context §4.3).
  await client.answer({ type: 'contact.list', data: { traceparent: `${parent.replace('00', 'cc')}-more` } });
  expect(span('contact.list').parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7' });
  await client.close();
});

test.each([
  ['a number', 1],
  ['an object', { a: 1 }],
  ['no text of that form', 'planted'],
  ['a version that is forbidden', parent.replace('00', 'ff')],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  ['a span id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
  ['capitals', parent.toUpperCase()],
  ['more than version 00 has', `${parent}-more`],
])('a traceparent that is %s is ignored', async (_what, traceparent) => {
  const alice = await gateway.login('alice', { presence: false });
  expect(await alice.answer({ type: 'contact.list', data: { traceparent } })).toMatchObject({ type: 'ok' });
  expect(span('contact.list').parentSpanContext).toBeUndefined();
  await alice.close();
});

test('the same request with another traceparent is the same request', async () => {
  const alice = await gateway.login('alice', { presence: false });
  const frame = { type: 'contact.add', id: 'again', data: { jid: 'bob@example.com' } };
  alice.send({ ...frame, data: { ...frame.data, traceparent: parent } });
  alice.send({ ...frame, data: { ...frame.data, traceparent: parent.replace('7-01', '8-01') } });
  for (let i = 0; i < 2; i++) expect(await alice.inbox.next(({ id }) => id === 'again')).toMatchObject({ type: 'ok' });
  expect(spans('contact.add').map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
    expect.arrayContaining(['00f067aa0ba902b7', '00f067aa0ba902b8']),
  );
  await alice.close();
});
