/**
 * values.schema.json: what Helm refuses before anything is rendered. The part below `config` is made from the gateway's own
 * schema, so that a key that does not exist is refused there too.
 */
import { type Key, type Section, sections } from '../../src/config/keys.ts';

type Schema = Record<string, unknown>;

const text: Schema = { type: 'string' };
/** As config/signing.ts wants it. */
const signingKey: Schema = { type: 'string', pattern: '^$|^whsec_' };
const flag: Schema = { type: 'boolean' };
const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });
const integer = (minimum: number, maximum?: number): Schema =>
  maximum === undefined ? { type: 'integer', minimum } : { type: 'integer', minimum, maximum };
const oneOf = (...values: unknown[]): Schema => ({ enum: values });
const list = (items: Schema = {}): Schema => ({ type: 'array', items });
/** What Kubernetes or others define: not ours to check. */
const foreign: Schema = { type: 'object' };
const foreigns = list(foreign);
const words: Schema = { type: 'object', additionalProperties: text };
const duration: Schema = { type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$' };

/** A map that is ours: nothing else may be in it. */
function ours(properties: Record<string, Schema>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

const monitor = ours({
  enabled: flag,
  labels: words,
  interval: duration,
  scrapeTimeout: duration,
  relabelings: foreigns,
  metricRelabelings: foreigns,
});

const exposure = {
  service: ours({
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    port: integer(1, 65_535),
    nodePort: orNull(integer(1, 65_535)),
    annotations: words,
    labels: words,
    extraSpec: foreign,
  }),
  internalService: ours({ annotations: words, labels: words }),
  ingress: ours({ enabled: flag, className: text, annotations: words, hosts: list(text), tls: foreigns }),
  httpRoute: ours({
    enabled: flag,
    annotations: words,
    parentRefs: foreigns,
    hostnames: list(text),
    filters: foreigns,
    timeouts: foreign,
  }),
  networkPolicy: ours({ enabled: flag, publicFrom: foreigns, internalFrom: foreigns, egress: foreigns }),
};

const operation = {
  metrics: ours({
    serviceMonitor: monitor,
    podMonitor: monitor,
    prometheusRule: ours({
      enabled: flag,
      labels: words,
      alertLabels: words,
      disabled: list(text),
      runbookUrl: text,
      extraGroups: foreigns,
    }),
    dashboard: ours({ enabled: flag, labels: words, annotations: words }),
  }),
  autoscaling: ours({
    enabled: flag,
    minReplicas: integer(1),
    maxReplicas: integer(1),
    metrics: foreigns,
    behavior: foreign,
  }),
  podDisruptionBudget: ours({
    enabled: flag,
    minAvailable: { type: ['integer', 'string', 'null'] },
    maxUnavailable: { type: ['integer', 'string', 'null'] },
  }),
};

const pod = {
  serviceAccount: ours({ create: flag, name: text, annotations: words }),
  podAnnotations: words,
  podLabels: words,
  podSecurityContext: foreign,
  securityContext: foreign,
  startupProbe: foreign,
  livenessProbe: foreign,
  readinessProbe: foreign,
  lifecycle: foreign,
  terminationGracePeriodSeconds: orNull(integer(0)),
  strategy: foreign,
  updateStrategy: foreign,
  resources: foreign,
  heapPercent: integer(0, 90),
  extraEnv: foreigns,
  extraEnvFrom: foreigns,
  extraVolumes: foreigns,
  extraVolumeMounts: foreigns,
  extraContainers: foreigns,
  initContainers: foreigns,
  extraObjects: list({ type: ['object', 'string'] }),
  nodeSelector: words,
  affinity: foreign,
  tolerations: foreigns,
  topologySpreadConstraints: foreigns,
  priorityClassName: text,
  hostAliases: foreigns,
  dnsConfig: foreign,
};

export function valuesSchema(): string {
  const root = ours({
    // What a parent chart gives to all its charts.
    global: foreign,
    mode: oneOf('standalone', 'sidecar'),
    replicaCount: integer(0),
    nameOverride: text,
    fullnameOverride: text,
    commonLabels: words,
    commonAnnotations: words,
    image: ours({
      repository: { type: 'string', minLength: 1 },
      tag: text,
      digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
      pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    }),
    imagePullSecrets: foreigns,
    config: configSchema(sections()),
    secrets: ours({
      existingSecret: text,
      componentKey: { type: 'string', minLength: 1 },
      tokenKey: text,
      component: text,
      token: { type: 'string', pattern: '^$|^.{32,}$' },
      apiKey: text,
      api: { type: 'string', pattern: '^$|^.{32,}$' },
      webhooksKey: text,
      webhooks: signingKey,
      authWebhookKey: text,
      authWebhook: signingKey,
    }),
    persistence: ours({
      enabled: flag,
      existingClaim: text,
      storageClass: text,
      accessModes: list(oneOf('ReadWriteOnce', 'ReadWriteOncePod')),
      size: text,
      annotations: words,
      labels: words,
      retentionPolicy: foreign,
    }),
    sidecar: ours({
      selector: words,
      targetKind: oneOf('StatefulSet', 'Deployment'),
      targetName: text,
      fsGroup: orNull(integer(0)),
    }),
    ...exposure,
    ...operation,
    ...pod,
    tests: ours({ enabled: flag }),
  });
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...root }, null, 2)}\n`;
}

function configSchema(section: Section): Schema {
  const keys = section.keys.map((key) => [key.path.at(-1) ?? '', keySchema(key)] as const);
  const inner = section.sections.map((one) => [one.key.split('.').at(-1) ?? '', configSchema(one)] as const);
  return { description: section.description, ...ours(Object.fromEntries([...keys, ...inner])) };
}

function keySchema({ kind, description, schema }: Key): Schema {
  const { pattern, minimum, maximum }: Schema = Object(schema);
  const bounds = { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
  const kinds: Record<Key['kind'], Schema> = {
    text: { ...text, ...(pattern === undefined ? {} : { pattern }) },
    integer: { type: 'integer', ...bounds },
    flag,
    list: list(text),
    duration: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d)$' },
    size: { type: ['integer', 'string'], pattern: '^[0-9]+$|^[0-9]+(\\.[0-9]+)? ?(B|KiB|MiB|GiB)$' },
    // Refused by the templates, which can say where they belong.
    secret: {},
    file: {},
  };
  return { description, ...kinds[kind] };
}
