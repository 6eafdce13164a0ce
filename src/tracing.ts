/**
 * Traces, by the API of OpenTelemetry: one short span for the upgrade of a socket, and one for each request, linked to it
 * (docs/tracing.md). They hold no bodies and no addresses of people.
 */
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { Disconnect } from './protocol/close.ts';
import { StanzaError } from './protocol/errors.ts';

/** What the spans of a socket's requests link to. */
export type UpgradeTrace = SpanContext;

export interface RequestSpan {
  /** What `work` begins belongs to the span, where the operator's SDK follows contexts. */
  run<T>(work: () => T): T;
  /** Without an error the request was answered with `ok`. */
  end(error?: unknown): void;
}

export interface Tracing {
  /** `result` is that of the metric stanzawire_socket_handshakes_total. */
  upgrade(result: string, traceparent: unknown, startedAt: number): UpgradeTrace;
  /** `type` is of the closed set of requests; `traceparent` is what the client sent, right or wrong. */
  request(type: string, data: object, traceparent: unknown, upgrade?: UpgradeTrace): RequestSpan;
}

const protocol = { 'network.protocol.name': 'websocket' };

/** Undefined where the operator has registered nothing that takes spans: then nothing is done for any request. */
export function createTracing(version: string): Tracing | undefined {
  const tracer = trace.getTracer('stanzawire', version);
  // Without a provider the API makes spans without an identity. This one is never ended, and so goes nowhere.
  if (!isSpanContextValid(tracer.startSpan('probe', {}, ROOT_CONTEXT).spanContext())) return undefined;
  return {
    upgrade(result, traceparent, startedAt) {
      const options = { kind: SpanKind.SERVER, startTime: startedAt, attributes: { ...protocol, result } };
      const span = tracer.startSpan('upgrade', options, parentOf(traceparent));
      if (result !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: result });
      span.end();
      return span.spanContext();
    },
    request: (type, data, traceparent, upgrade) => startRequest(tracer, type, data, parentOf(traceparent), upgrade),
  };
}

function startRequest(
  tracer: Tracer,
  type: string,
  data: object,
  parent: Context,
  upgrade: UpgradeTrace | undefined,
): RequestSpan {
  const attributes = {
    ...protocol,
    'messaging.system': 'xmpp',
    'messaging.operation.name': type,
    'messaging.operation.type': operationTypes[type] ?? 'process',
    'messaging.message.body.size': Buffer.byteLength(JSON.stringify(data)),
  };
  const links = upgrade ? [{ context: upgrade }] : [];
  const span = tracer.startSpan(type, { kind: SpanKind.SERVER, attributes, links }, parent);
  return {
    run: (work) => context.with(trace.setSpan(parent, span), work),
    end: (error) => endRequest(span, error),
  };
}

/** In the words of the semantic conventions for messaging; what is no message is `process`. */
const operationTypes: Record<string, string> = {
  'message.send': 'send',
  'stanza.send': 'send',
  'iq.send': 'send',
  'history.get': 'receive',
  'message.mark': 'settle',
};

function endRequest(span: Span, error: unknown): void {
  if (error !== undefined) {
    const code = codeOf(error);
    span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  }
  span.end();
}

/** The text of an error may quote what a client wrote; its code is of a closed set. */
function codeOf(error: unknown): string {
  if (error instanceof StanzaError) return error.code;
  return error instanceof Disconnect ? error.reason : 'internal-server-error';
}

// W3C Trace Context §3.2.2: of later versions the first four fields are as of this one.
const fields = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** W3C Trace Context §3.2.2: one that is not valid is ignored, and the span begins a trace of its own. */
function parentOf(traceparent: unknown): Context {
  const text = typeof traceparent === 'string' && traceparent.length <= 512 ? traceparent : '';
  const [, traceId = '', spanId = '', flags = ''] = fields.exec(text) ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  const isValid = isSpanContextValid(parent) && (!text.startsWith('00') || text.length === 55);
  return isValid ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
