/**
 * Every Prometheus metric, declared once. Label values come from the closed sets below: whatever else is given counts
 * as `other`, and every combination exists with 0 from the start. Counting costs some ten nanoseconds: numbers in an
 * array, which prom-client reads when it is scraped.
 */
import { getHeapStatistics } from 'node:v8';
import * as prom from 'prom-client';
import { closeCodes } from './protocol/close.ts';
import { conditions, errorCodes } from './protocol/errors.ts';
import { events, replies, requests } from './protocol/frames.ts';

/** `'other'` in a set opens it to any string; without it the compiler takes only what is listed. */
type Value<V extends string> = 'other' extends V ? string : V;
type Label<V extends string> = { name: string; values: readonly V[] };
type Labels = readonly Label<string>[];
type Args<L extends Labels> = { [K in keyof L]: L[K] extends Label<infer V> ? Value<V> : never };

const label = <const V extends string>(name: string, values: readonly V[]): Label<V> => ({ name, values });
/** For what others name (conditions, frame types, reasons): anything that is not listed counts as `other`. */
const open = (name: string, values: readonly string[]) => label<string>(name, [...new Set([...values, 'other'])]);

const words = (text: string) => text.trim().split(/\s+/);

/** RFC 6120 §4.9.3 */
const streamErrors = words(`
  bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown improper-addressing
  internal-server-error invalid-from invalid-namespace invalid-xml not-authorized not-well-formed policy-violation
  remote-connection-failed reset resource-constraint restricted-xml see-other-host system-shutdown
  undefined-condition unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version`);
const drops = words(`
  link-down queue-full expired malformed too-large not-ours unknown-account no-session unhandled unexpected-answer blocked`);
const handshakes = words('ok bad_request wrong_path origin subprotocol draining limit unauthenticated_limit');
const rejects = [...errorCodes, 'bad-frame', 'too-big', 'unsupported-data', 'connect-timeout', 'connect-twice'];
const wireCloses = [1001, 1002, 1005, 1006, 1007, 1008, 1010, 1011];

const direction = label('direction', ['in', 'out']);
const kind = open('kind', ['message', 'presence', 'iq']);
const connectResult = open('result', ['ok', 'refused', 'timeout', 'auth_failed', 'conflict', 'host_unknown']);
const disconnectReason = open('reason', [...streamErrors, 'eof', 'io', 'ping_timeout', 'shutdown']);
const condition = open('condition', Object.keys(conditions));
const frameType = open('type', [...Object.keys({ ...requests, ...events, ...replies }), 'error']);
const closeCode = open('code', [...Object.values(closeCodes), ...wireCloses].sort((a, b) => a - b).map(String));
const authMethod = open('method', ['jwt', 'guest', 'none']);
const authResult = open('result', ['ok', 'token-invalid', 'token-expired']);
const resumeResult = open('result', ['ok', 'expired', 'unknown', 'gap', 'other-user']);
const requestClass = open('class', ['send', 'action', 'history', 'presence', 'contact', 'room', 'iq']);

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const own = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1];
const slow = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];
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
    authDuration: histogram('auth_duration_seconds', 'Time an authentication took', fast, authMethod, authResult),
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
    iqPending: gauge('iq_pending', 'IQ requests that wait for an answer'),
    iqTimeouts: counter('iq_timeouts_total', 'IQ requests that were never answered'),
  };
}

/** One number per combination of label values, in an array; a label list's index is its position in mixed radix. */
class Series<L extends Labels> {
  readonly names: string[];
  readonly combinations: Record<string, string>[];
  readonly #indexes: Map<string, number>[];

  constructor(labels: L) {
    this.names = labels.map((each) => each.name);
    this.#indexes = labels.map((each) => new Map(each.values.map((value, index) => [value, index])));
    this.combinations = labels.reduce<Record<string, string>[]>(
      (all, { name, values }) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      [{}],
    );
  }

  /** -1, to which writes go nowhere, if a set without `other` got what is not in it. */
  index(values: readonly string[]): number {
    let index = 0;
    for (let i = 0; i < this.#indexes.length; i++) {
      const known = this.#indexes[i];
      const at = known?.get(values[i] ?? 'other') ?? known?.get('other');
      if (known === undefined || at === undefined) return -1;
      index = index * known.size + at;
    }
    return index;
  }
}

class Counter<L extends Labels> {
  readonly #series: Series<L>;
  readonly #values: Float64Array;

  constructor(registry: prom.Registry, name: string, help: string, labels: L) {
    const series = new Series(labels);
    const values = new Float64Array(series.combinations.length);
    this.#series = series;
    this.#values = values;
    new prom.Counter({
      ...config(name, help, registry),
      labelNames: series.names,
      collect() {
        this.reset();
        for (const [i, combination] of series.combinations.entries()) this.inc(combination, values[i]);
      },
    });
  }

  inc(...labels: Args<L>): void {
    this.add(1, ...labels);
  }

  add(n: number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    this.#values[index] = (this.#values[index] ?? 0) + n;
  }
}

class Gauge<L extends Labels> {
  readonly #series: Series<L>;
  readonly #reads: (() => number)[];

  constructor(registry: prom.Registry, name: string, help: string, labels: L) {
    const series = new Series(labels);
    const reads = series.combinations.map(() => () => 0);
    this.#series = series;
    this.#reads = reads;
    new prom.Gauge({
      ...config(name, help, registry),
      labelNames: series.names,
      collect() {
        for (const [i, read] of reads.entries()) this.set(series.combinations[i] ?? {}, read());
      },
    });
  }

  set(n: number, ...labels: Args<L>): void {
    this.from(() => n, ...labels);
  }

  /** Reads the value at each scrape. */
  from(read: () => number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    if (index >= 0) this.#reads[index] = read;
  }
}

class Histogram<L extends Labels> {
  readonly #series: Series<L>;
  readonly #bounds: number[];
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;

  constructor(registry: prom.Registry, name: string, help: string, bounds: number[], labels: L) {
    this.#series = new Series(labels);
    this.#bounds = bounds;
    this.#counts = new Float64Array(this.#series.combinations.length * (bounds.length + 1));
    this.#sums = new Float64Array(this.#series.combinations.length);
    const read = () => this.#series.combinations.flatMap((combination, i) => this.#samples(name, combination, i));
    new SampledHistogram({ ...config(name, help, registry), labelNames: this.#series.names }, read);
  }

  observe(seconds: number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    if (index < 0) return;
    let bucket = 0;
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? 0)) bucket++;
    const at = index * (this.#bounds.length + 1) + bucket;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sums[index] = (this.#sums[index] ?? 0) + seconds;
  }

  #samples(name: string, sharedLabels: Record<string, string>, index: number): Sample[] {
    const sample = (part: string, labels: Sample['labels'], value: number) => {
      return { metricName: `${prefix}${name}_${part}`, labels, sharedLabels, value };
    };
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, bucket) => {
      total += this.#counts[index * (this.#bounds.length + 1) + bucket] ?? 0;
      return sample('bucket', { le }, total);
    });
    return [...buckets, sample('sum', {}, this.#sums[index] ?? 0), sample('count', {}, total)];
  }
}

interface Sample {
  metricName: string;
  labels: { le?: number | string };
  sharedLabels: Record<string, string>;
  value: number;
}

/** A histogram whose samples are kept elsewhere: prom-client's own costs some 300 ns per value. */
class SampledHistogram extends prom.Histogram {
  readonly #about: { name: string; help: string };
  readonly #read: () => Sample[];

  constructor(settings: prom.HistogramConfiguration<string>, read: () => Sample[]) {
    super(settings);
    this.#about = { name: settings.name, help: settings.help };
    this.#read = read;
  }

  /** What the registry asks a histogram for, and get() is made of. */
  getForPromString() {
    return Promise.resolve({ ...this.#about, type: 'histogram', aggregator: 'sum', values: this.#read() });
  }
}

const prefix = 'stanzawire_';

function config(name: string, help: string, registry: prom.Registry) {
  return { name: prefix + name, help, registers: [registry] };
}

/** process_* and nodejs_*, but for those that give a gauge a counter's name: `promtool check metrics` refuses them. */
function defaultMetrics(registry: prom.Registry): void {
  prom.collectDefaultMetrics({ register: registry });
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`);
}
