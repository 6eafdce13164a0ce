/** The Grafana dashboard (schema 39, Grafana 10.4): a table of rows and panels, and the JSON that is made of it. */

export type Unit = 'short' | 's' | 'bytes' | 'Bps' | 'reqps' | 'percentunit' | 'none';

export interface Panel {
  title: string;
  unit: Unit;
  /** Legend → query; `$by` stands for the choice of job and instance. */
  queries: Record<string, string>;
  /** One number, green where it is not below this. */
  stat?: { good: number };
}

const rate = (metric: string, by: string, labels = '') =>
  `sum by (${by}) (rate(stanzawire_${metric}{$by${labels && `,${labels}`}}[$__rate_interval]))`;
const sum = (metric: string, by = 'instance') => `sum by (${by}) (stanzawire_${metric}{$by})`;
const quantile = (q: number, metric: string, by = '') =>
  `histogram_quantile(${q}, sum by (le${by && `, ${by}`}) (rate(stanzawire_${metric}_bucket{$by}[$__rate_interval])))`;
const quantiles = (metric: string) => ({
  half: quantile(0.5, metric),
  '99 %': quantile(0.99, metric),
});

const rows: Record<string, Panel[]> = {
  Status: [
    { title: 'Link', unit: 'none', stat: { good: 1 }, queries: { '{{instance}}': 'stanzawire_link_up{$by}' } },
    { title: 'Ready', unit: 'none', stat: { good: 1 }, queries: { '{{instance}}': 'stanzawire_ready{$by}' } },
    { title: 'Sessions', unit: 'short', stat: { good: 0 }, queries: { '{{state}}': sum('sessions', 'state') } },
    {
      title: 'Requests that did not fail',
      unit: 'percentunit',
      stat: { good: 0.999 },
      queries: {
        all: '1 - sum(rate(stanzawire_request_duration_seconds_count{$by,outcome="failed"}[$__range])) / sum(rate(stanzawire_request_duration_seconds_count{$by}[$__range]))',
      },
    },
  ],
  Traffic: [
    { title: 'Requests', unit: 'reqps', queries: { '{{class}}': rate('request_duration_seconds_count', 'class') } },
    {
      title: 'Stanzas',
      unit: 'reqps',
      queries: { '{{direction}} {{kind}}': rate('stanzas_total', 'direction, kind') },
    },
    { title: 'Frames', unit: 'reqps', queries: { '{{direction}}': rate('frames_total', 'direction') } },
    {
      title: 'Bytes',
      unit: 'Bps',
      queries: {
        'link {{direction}}': rate('link_bytes_total', 'direction'),
        'sockets {{direction}}': rate('frame_bytes_total', 'direction'),
      },
    },
  ],
  Errors: [
    {
      title: 'Requests that failed',
      unit: 'reqps',
      queries: { '{{class}}': rate('request_duration_seconds_count', 'class', 'outcome="failed"') },
    },
    {
      title: 'Requests that were refused',
      unit: 'reqps',
      queries: { '{{class}}': rate('request_duration_seconds_count', 'class', 'outcome="refused"') },
    },
    {
      title: 'Stanzas dropped',
      unit: 'reqps',
      queries: {
        '{{direction}} {{reason}}': `${rate('stanzas_dropped_total', 'direction, reason')} > 0`,
        'ignored {{type}} {{reason}}': `${rate('actions_ignored_total', 'type, reason')} > 0`,
      },
    },
    {
      title: 'Stanzas of type error',
      unit: 'reqps',
      queries: { '{{direction}} {{condition}}': `${rate('stanza_errors_total', 'direction, condition')} > 0` },
    },
    {
      title: 'Frames rejected',
      unit: 'reqps',
      queries: { '{{reason}}': `${rate('frames_rejected_total', 'reason')} > 0` },
    },
    {
      title: 'Handshakes and logins refused',
      unit: 'reqps',
      queries: {
        'handshake {{result}}': `${rate('socket_handshakes_total', 'result', 'result!="ok"')} > 0`,
        'login {{result}}': `${rate('auth_attempts_total', 'result', 'result!="ok"')} > 0`,
        'query without an answer': rate('iq_timeouts_total', 'job'),
      },
    },
  ],
  Latency: [
    {
      title: 'Requests, 99 %',
      unit: 's',
      queries: { '{{class}}': quantile(0.99, 'request_duration_seconds', 'class') },
    },
    {
      title: 'Messages until ok',
      unit: 's',
      queries: {
        half: quantile(0.5, 'request_duration_seconds').replace('$by', '$by,class="send"'),
        '99 %': quantile(0.99, 'request_duration_seconds').replace('$by', '$by,class="send"'),
      },
    },
    {
      title: 'Our own share, 99 %',
      unit: 's',
      queries: { '{{direction}}': quantile(0.99, 'forward_duration_seconds', 'direction') },
    },
    { title: "The XMPP server's share: fences", unit: 's', queries: quantiles('link_fence_seconds') },
    {
      title: 'Store, 99 %',
      unit: 's',
      queries: { '{{operation}}': quantile(0.99, 'store_duration_seconds', 'operation') },
    },
    { title: 'Ping of clients', unit: 's', queries: quantiles('socket_ping_seconds') },
  ],
  Outbound: [
    {
      title: 'Webhooks',
      unit: 'reqps',
      queries: { '{{event}} {{result}}': `${rate('webhook_deliveries_total', 'event, result')} > 0` },
    },
    {
      title: 'Notifications (Web Push)',
      unit: 'reqps',
      queries: { '{{result}}': `${rate('push_deliveries_total', 'result')} > 0` },
    },
    {
      title: 'Waiting to be delivered',
      unit: 'short',
      queries: { webhooks: sum('webhook_queue'), notifications: sum('push_queue') },
    },
    { title: "The backend's answers to webhooks", unit: 's', queries: quantiles('webhook_duration_seconds') },
    { title: "The push services' answers", unit: 's', queries: quantiles('push_duration_seconds') },
  ],
  Saturation: [
    {
      title: 'Event loop lag, 99 %',
      unit: 's',
      queries: { '{{instance}}': 'nodejs_eventloop_lag_p99_seconds{$by}' },
    },
    {
      title: 'CPU',
      unit: 'percentunit',
      queries: { '{{instance}}': 'rate(process_cpu_seconds_total{$by}[$__rate_interval])' },
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: {
        'resident {{instance}}': 'process_resident_memory_bytes{$by}',
        'heap {{instance}}': 'nodejs_heap_size_used_bytes{$by}',
        'heap, at most {{instance}}': 'stanzawire_heap_limit_bytes{$by}',
      },
    },
    {
      title: 'Sockets',
      unit: 'short',
      queries: { '{{state}}': sum('sockets', 'state'), 'at most': 'sum(stanzawire_sockets_limit{$by})' },
    },
    {
      title: 'Waiting to be written, and kept for resumes',
      unit: 'bytes',
      queries: {
        'to the link': sum('link_queue_bytes'),
        'to sockets': sum('socket_buffered_bytes'),
        'for resumes': sum('session_kept_bytes'),
      },
    },
    {
      title: 'Without an answer',
      unit: 'short',
      queries: { 'unfenced stanzas': sum('link_unfenced_stanzas'), queries: sum('iq_pending') },
    },
  ],
  Lifecycle: [
    { title: 'Accounts', unit: 'short', queries: { '{{instance}}': sum('accounts') } },
    { title: 'Resumes', unit: 'reqps', queries: { '{{result}}': rate('session_resumes_total', 'result') } },
    {
      title: 'Closed sockets',
      unit: 'reqps',
      queries: { '{{code}} by the {{initiator}}': `${rate('socket_closes_total', 'code, initiator')} > 0` },
    },
    { title: 'Life of a socket', unit: 's', queries: quantiles('socket_duration_seconds') },
    {
      title: 'Link made and lost',
      unit: 'short',
      queries: {
        'made: {{result}}': 'sum by (result) (increase(stanzawire_link_connects_total{$by}[$__rate_interval])) > 0',
        'lost: {{reason}}': 'sum by (reason) (increase(stanzawire_link_disconnects_total{$by}[$__rate_interval])) > 0',
      },
    },
    {
      title: 'Configuration read again',
      unit: 'short',
      queries: {
        '{{result}}': 'sum by (result) (increase(stanzawire_config_reloads_total{$by}[$__rate_interval])) > 0',
        'last could be used {{instance}}': 'stanzawire_config_last_reload_successful{$by}',
      },
    },
    {
      title: 'Age of the configuration',
      unit: 's',
      queries: { '{{instance}}': 'time() - stanzawire_config_last_reload_success_timestamp_seconds{$by}' },
    },
    {
      title: 'Stopping since',
      unit: 's',
      queries: {
        '{{instance}}': 'stanzawire_drain_elapsed_seconds{$by}',
        'drain.time': 'max(stanzawire_drain_limit_seconds{$by})',
      },
    },
  ],
  API: [
    {
      title: 'Requests to the API',
      unit: 'reqps',
      queries: { '{{operation}} {{code}}': `${rate('api_requests_total', 'operation, code')} > 0` },
    },
    { title: 'Answers of the API', unit: 's', queries: quantiles('api_request_duration_seconds') },
  ],
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in
const source = { type: 'prometheus', uid: '${datasource}' };
const width = 24;
const columns = { stat: 4, graph: 3 };

/** Every query, as Grafana sends it but for its variables. */
export function dashboardQueries(): string[] {
  return Object.values(rows).flatMap((panels) => panels.flatMap(({ queries }) => Object.values(queries).map(complete)));
}

/** The rows as Grafana sends their queries for all instances, with these two for its variables, as in `15s`. */
export function dashboardRows(rateInterval: string, range: string): Record<string, Panel[]> {
  const fill = (query: string) =>
    complete(query)
      .replaceAll('$__rate_interval', rateInterval)
      .replaceAll('$__range', range)
      .replace(/\$(\w+)/g, '.*');
  return Object.fromEntries(
    Object.entries(rows).map(([title, panels]) => [title, panels.map((panel) => filled(panel, fill))]),
  );
}

function filled(panel: Panel, fill: (query: string) => string): Panel {
  const queries = Object.entries(panel.queries).map(([legend, query]) => [legend, fill(query)]);
  return { ...panel, queries: Object.fromEntries(queries) };
}

function complete(query: string): string {
  return query.replaceAll('$by', 'namespace=~"$namespace",job=~"$job",instance=~"$instance"');
}

export function dashboard(): string {
  const panels: object[] = [];
  let y = 0;
  for (const [title, members] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: width, h: 1 },
      panels: [],
    });
    y++;
    const height = members[0]?.stat ? 5 : 8;
    const across = members[0]?.stat
      ? columns.stat
      : members.length % columns.graph === 0
        ? columns.graph
        : columns.stat;
    for (const [at, panel] of members.entries()) {
      const gridPos = {
        x: (at % across) * (width / across),
        y: y + Math.floor(at / across) * height,
        w: width / across,
        h: height,
      };
      panels.push({ id: panels.length + 1, ...panelJson(panel), gridPos });
    }
    y += Math.ceil(members.length / across) * height;
  }
  return `${JSON.stringify({ ...frame, panels }, null, 2)}\n`;
}

function panelJson({ title, unit, queries, stat }: Panel): object {
  const targets = Object.entries(queries).map(([legendFormat, query], at) => {
    return { refId: String.fromCharCode(65 + at), datasource: source, expr: complete(query), legendFormat };
  });
  const steps = stat
    ? [
        { color: 'red', value: null },
        { color: 'green', value: stat.good },
      ]
    : [{ color: 'green', value: null }];
  const fieldConfig = {
    defaults: { unit, min: stat ? undefined : 0, thresholds: { mode: 'absolute', steps } },
    overrides: [],
  };
  const options = stat
    ? { colorMode: 'value', graphMode: 'area', reduceOptions: { calcs: ['lastNotNull'] } }
    : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
  return { type: stat ? 'stat' : 'timeseries', title, datasource: source, fieldConfig, options, targets };
}

function variable(name: string, of: string): object {
  return {
    name,
    type: 'query',
    datasource: source,
    query: { query: `label_values(${of}, ${name})`, refId: name },
    refresh: 2,
    includeAll: true,
    // Outside of Kubernetes there is no namespace.
    allValue: '.*',
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

const frame = {
  uid: 'stanzawire',
  title: 'Stanzawire',
  tags: ['stanzawire', 'xmpp'],
  schemaVersion: 39,
  editable: true,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
      variable('namespace', 'stanzawire_build_info'),
      variable('job', 'stanzawire_build_info{namespace=~"$namespace"}'),
      variable('instance', 'stanzawire_build_info{namespace=~"$namespace",job=~"$job"}'),
    ],
  },
};
