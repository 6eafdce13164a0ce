/**
 * Every Prometheus metric, declared once. Label values come from the closed sets below: whatever else is given counts
 * as `other`, and every combination exists with 0 from the start. Counting costs some ten nanoseconds: numbers in an
 * array, which prom-client reads when it is scraped.
 */
import { getHeapStatistics } from 'node:v8';
import * as prom from 'prom-client';
import { Counter, config, Gauge, Histogram, type Labels, label, open } from './metrics/series.ts';
import { operations } from './protocol/api.ts';
import { closeCodes } from './protocol/close.ts';
import { conditions, errorCodes } from './protocol/errors.ts';
import { events, replies, requests } from './protocol/frames.ts';

const words = (text: string) => text.trim().split(/\s+/);

/** RFC 6120 §4.9.3 */
const streamErrors = words(`
  bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown improper-addressing
  internal-server-error invalid-from invalid-namespace invalid-xml not-authorized not-well-formed policy-violation
  remote-connection-failed reset resource-constraint restricted-xml see-other-host system-shutdown
  undefined-condition unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version`);
const drops = words(`
  link-down queue-full expired malformed too-large not-ours unknown-account no-session unhandled unexpected-answer blocked`);
const handshakes = words(
  'ok bad_request wrong_path origin subprotocol draining limit unauthenticated_limit address_limit rate_limit failed_logins',
);
const rejects = [...errorCodes, 'bad-frame', 'too-big', 'unsupported-data', 'connect-timeout', 'connect-twice'];
const wireCloses = [1001, 1002, 1005, 1006, 1007, 1008, 1010, 1011];

const direction = label('direction', ['in', 'out']);
const kind = open('kind', ['message', 'presence', 'iq']);
const connectResult = open('result', ['ok', 'refused', 'timeout', 'auth_failed', 'conflict', 'host_unknown']);
const disconnectReason = open('reason', [...streamErrors, 'eof', 'io', 'ping_timeout', 'shutdown']);
const condition = open('condition', Object.keys(conditions));
const frameType = open('type', [...Object.keys({ ...requests, ...events, ...replies }), 'error']);
const closeCode = open('code', [...Object.values(closeCodes), ...wireCloses].sort((a, b) => a - b).map(String));
const authMethod = open('method', ['jwt', 'webhook', 'guest', 'none']);
const authResult = open('result', ['ok', 'token-invalid', 'token-expired']);
const resumeResult = open('result', ['ok', 'expired', 'unknown', 'gap', 'other-user']);
const requestClass = open('class', ['send', 'action', 'history', 'presence', 'contact', 'room', 'iq']);

const operation = open('operation', Object.keys(operations));
const httpStatus = open('code', ['2xx', '4xx', '5xx']);

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const own = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1];
const slow = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];
const remote = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const lives = [1, 10, 60, 300, 1800, 3600, 14_400, 86_400];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics({ version }: { version: string }) {
  const registry = new prom.Registry();
  defaultMetrics(registry);
  new prom.Gauge({
    ...config('build_info', 'The running version; always 1', registry),
    labelNames: ['version', 'node'],
  }).set({ version, node: process.version }, 1);

  const counter = <const L extends Labels>(name: string, help: string, ...labels: L) =>
    new Counter(registry, name, help, labels);
  const gauge = <const L extends Labels>(name: string, help: string, ...labels: L) =>
    new Gauge(registry, name, help, labels);
  const histogram = <const L extends Labels>(name: string, help: string, buckets: number[], ...labels: L) =>
    new Histogram(registry, name, help, buckets, labels);

  const heapLimit = gauge('heap_limit_bytes', 'The largest heap that the process may have');
  heapLimit.set(getHeapStatistics().heap_size_limit);

  return {
    registry,
    text: () => registry.metrics(),
    configReloads: counter(
      'config_reloads_total',
      'Readings of the configuration while the process runs',
      label('result', ['ok', 'failed', 'unchanged']),
    ),
    configReloadOk: gauge('config_last_reload_successful', 'Could the configuration be used when it was last read'),
    configReloadAt: gauge(
      'config_last_reload_success_timestamp_seconds',
      'When a configuration that can be used was last read',
    ),
    ready: gauge('ready', 'Does /readyz answer 200'),
    draining: gauge('draining', 'Is the process shutting down'),
    drainLimit: gauge('drain_limit_seconds', 'How long a stop may take to close the sockets, drain.time'),
    drainElapsed: gauge('drain_elapsed_seconds', 'Since the stop began; 0 while there is none'),
    linkUp: gauge('link_up', 'Is the stream to the XMPP server established'),
    linkConnects: counter('link_connects_total', 'Attempts to connect to the XMPP server', connectResult),
    linkDisconnects: counter('link_disconnects_total', 'Losses of an established stream', disconnectReason),
    linkFence: histogram('link_fence_seconds', 'From the ping of a fence to its answer', fast),
    linkQueue: gauge('link_queue_bytes', 'Waiting to be written to the stream'),
    linkUnfencedStanzas: gauge('link_unfenced_stanzas', 'Written, not yet known to be taken by the server'),
    linkBytes: counter('link_bytes_total', 'Bytes of the stream', direction),
    stanzas: counter('stanzas_total', 'Stanzas over the link', direction, kind),
    stanzaErrors: counter('stanza_errors_total', 'Stanzas of type error over the link', direction, kind, condition),
    stanzasDropped: counter('stanzas_dropped_total', 'Stanzas that went nowhere', direction, open('reason', drops)),
    actionsIgnored: counter(
      'actions_ignored_total',
      'Edits, retractions, reactions, receipts and markers from those who may not, too late, or of unknown messages',
      label('type', ['message.edited', 'message.retracted', 'reaction', 'receipt']),
      label('reason', ['forbidden', 'late', 'unknown']),
    ),
    sockets: gauge('sockets', 'WebSockets by state', label('state', ['connecting', 'open', 'closing'])),
    socketsLimit: gauge('sockets_limit', 'Sockets at once, at most: limits.sockets'),
    socketHandshakes: counter('socket_handshakes_total', 'WebSocket upgrades', open('result', handshakes)),
    socketCloses: counter(
      'socket_closes_total',
      'Closed WebSockets',
      closeCode,
      label('initiator', ['client', 'server']),
    ),
    socketDuration: histogram('socket_duration_seconds', 'Lifetime of a WebSocket', lives),
    socketPing: histogram('socket_ping_seconds', 'From a heartbeat ping to the next input', fast),
    socketBuffered: gauge('socket_buffered_bytes', 'Waiting to be written to WebSockets'),
    frames: counter('frames_total', 'JSON frames', direction, frameType),
    frameBytes: counter('frame_bytes_total', 'Payload of WebSocket frames', direction),
    framesRejected: counter('frames_rejected_total', 'Frames answered by an error or a close', open('reason', rejects)),
    authAttempts: counter('auth_attempts_total', 'Authentications', authMethod, authResult),
    authDuration: histogram('auth_duration_seconds', 'Time an authentication took', fast, authMethod),
    sessionKept: gauge('session_kept_bytes', 'What events take that are kept for resumes, limits.resumeTotal'),
    sessions: gauge('sessions', 'Sessions by state', label('state', ['attached', 'detached'])),
    accounts: gauge('accounts', 'Accounts that are open'),
    sessionResumes: counter('session_resumes_total', 'Sessions asked to be resumed', resumeResult),
    requestDuration: histogram(
      'request_duration_seconds',
      'From a request to its answer',
      slow,
      requestClass,
      label('outcome', ['ok', 'refused', 'failed']),
    ),
    forwardDuration: histogram('forward_duration_seconds', 'Time spent in the gateway itself', own, direction),
    storeDuration: histogram(
      'store_duration_seconds',
      'Time the store held the event loop: the calls of a turn, or a commit of many turns',
      own,
      label('operation', ['turn', 'commit']),
    ),
    apiRequests: counter('api_requests_total', 'Requests to the API of the internal port', operation, httpStatus),
    apiDuration: histogram('api_request_duration_seconds', 'From a request to the API to its answer', slow),
    webhookDeliveries: counter(
      'webhook_deliveries_total',
      "Events for the operator's backend: tries, and what was never tried",
      label('event', ['session.opened', 'session.closed', 'message.offline']),
      label('result', ['ok', 'failed', 'gave_up', 'gone', 'dropped', 'skipped']),
    ),
    webhookDuration: histogram('webhook_duration_seconds', "From a webhook to the backend's answer", remote),
    webhookQueue: gauge('webhook_queue', 'Events that are not delivered yet'),
    pushDeliveries: counter(
      'push_deliveries_total',
      'Notifications by browser: tries, and what was never tried',
      label('result', ['ok', 'failed', 'unreachable', 'gave_up', 'gone', 'refused', 'dropped', 'skipped']),
    ),
    pushDuration: histogram('push_duration_seconds', "From a notification to the push service's answer", remote),
    pushQueue: gauge('push_queue', 'Chats that a notification is due for'),
    iqPending: gauge('iq_pending', 'IQ requests that wait for an answer'),
    iqTimeouts: counter('iq_timeouts_total', 'IQ requests that were never answered'),
  };
}

/** process_* and nodejs_*, but for those that give a gauge a counter's name: `promtool check metrics` refuses them. */
function defaultMetrics(registry: prom.Registry): void {
  prom.collectDefaultMetrics({ register: registry });
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
}
