/** Values that cannot work are refused before anything is installed, with the value and the remedy. */
import { describe, expect, test } from 'vitest';
import { chart, helm, skipWithoutHelm, valuesFiles, versions } from './support/helm.ts';

const standalone = ['-f', valuesFiles.standalone ?? ''];
const sidecar = ['-f', valuesFiles.sidecar ?? ''];
const memory = ['-f', valuesFiles.memory ?? ''];
const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);

/** What the templates refuse, with their own words. */
const refused: [string, string[], string][] = [
  ['no secret', [], "secrets: the component's secret is missing; set secrets.existingSecret"],
  [
    'two ways to the secret',
    [...standalone, ...set('secrets.component=x')],
    'existingSecret goes with none of secrets.component, secrets.token, secrets.api',
  ],
  ['nobody who could connect', [...standalone, ...set('secrets.tokenKey=')], 'secrets: nobody could connect'],
  [
    'a shared key beside a key set',
    [...memory, ...set('secrets.token=0123456789abcdef0123456789abcdef', 'config.auth.jwt.jwksUrl=https://a/b')],
    'secrets.token: tokens are signed either',
  ],
  [
    "the component's secret in the configuration",
    [...standalone, ...set('config.xmpp.secret=x')],
    'config.xmpp.secret: no secret belongs in the configuration, which everybody may read; set secrets.existingSecret',
  ],
  [
    'the key of tokens in the configuration',
    [...standalone, ...set('config.auth.jwt.secretFile=/x')],
    'config.auth.jwt.secretFile: no secret belongs',
  ],
  [
    "the API's key in the configuration",
    [...standalone, ...set('config.http.internal.apiKey=x')],
    'config.http.internal.apiKey: no secret belongs in the configuration',
  ],
  [
    "the API's key beside a Secret",
    [...standalone, ...set('secrets.api=0123456789abcdef0123456789abcdef')],
    'existingSecret goes with none of',
  ],
  [
    'what signs webhooks in the configuration',
    [...standalone, ...set('config.webhooks.secret=x')],
    'config.webhooks.secret: no secret belongs in the configuration, which everybody may read; set secrets.existingSecret and secrets.webhooksKey',
  ],
  [
    'what signs questions about tokens in the configuration',
    [...standalone, ...set('config.auth.webhook.secretFile=x')],
    'config.auth.webhook.secretFile: no secret belongs in the configuration',
  ],
  [
    'questions about tokens that nothing signs',
    [...standalone, ...set('config.auth.webhook.url=https://app.example.com/')],
    'config.auth.webhook.url: what is posted there is signed; set secrets.existingSecret and secrets.authWebhookKey',
  ],
  [
    'a signature for nobody',
    [...standalone, ...set('secrets.authWebhookKey=auth-webhook-key')],
    'secrets.authWebhookKey: there is no config.auth.webhook.url that it signs for',
  ],
  ['no domain', [...standalone, ...set('config.xmpp.domain=')], 'config.xmpp.domain: missing; write the gateway'],
  [
    'no server',
    ['--set', 'secrets.existingSecret=a', '--set', 'config.xmpp.domain=web.example.com'],
    "config.xmpp.service: missing; write where the XMPP server's component port is",
  ],
  ['any port', [...standalone, ...set('config.http.public.port=0')], 'config.http.public.port: 0 is any port'],
  [
    'a store outside of the volume',
    [...standalone, ...set('config.store.url=sqlite:data/a.db')],
    'config.store.url: sqlite:data/a.db is not in the volume',
  ],
  ['two writers', [...standalone, ...set('replicaCount=2')], 'replicaCount: 2 processes cannot share a store'],
  ['two with a memory each', [...memory, ...set('replicaCount=3')], 'replicaCount: 3 processes cannot share a store'],
  [
    'a growing number of writers',
    [...standalone, ...set('autoscaling.enabled=true')],
    'autoscaling: several processes',
  ],
  [
    'the new process beside the old one',
    [...memory, ...set('strategy.type=RollingUpdate')],
    'strategy.type: RollingUpdate starts the new process beside the old one',
  ],
  ['a stop that is cut short', [...standalone, ...set('terminationGracePeriodSeconds=20')], 'make it at least 25'],
  [
    'a long stop that is cut short',
    [...standalone, ...set('terminationGracePeriodSeconds=60', 'config.drain.time=1m')],
    'terminationGracePeriodSeconds: 60 is less than the stop may take; make it at least 75',
  ],
  ['a mode of its own', [...standalone, ...set('config.mode=sidecar')], 'config.mode: the chart writes it; set mode'],
  ['a sidecar of nothing', [...sidecar, ...set('sidecar.selector=null')], 'sidecar.selector: missing'],
  [
    'a ServiceMonitor for a sidecar',
    [...sidecar, ...set('metrics.serviceMonitor.enabled=true')],
    'metrics.serviceMonitor: a sidecar is found through its pod; use metrics.podMonitor',
  ],
  [
    'a PodMonitor without a sidecar',
    [...standalone, ...set('metrics.podMonitor.enabled=true')],
    'metrics.podMonitor: it is for sidecar mode',
  ],
  [
    'a policy for the pods of others',
    [...sidecar, ...set('networkPolicy.enabled=true')],
    "networkPolicy: as a sidecar the pods are the XMPP server's; set it there",
  ],
  ['a route to nowhere', [...standalone, ...set('httpRoute.enabled=true')], 'httpRoute.parentRefs: missing'],
  ['an Ingress without a host', [...standalone, ...set('ingress.enabled=true')], 'ingress.hosts: missing'],
  [
    'an alert that does not exist',
    [...standalone, ...set('metrics.prometheusRule.enabled=true', 'metrics.prometheusRule.disabled={Nothing}')],
    'metrics.prometheusRule.disabled: there is no alert Nothing',
  ],
];

/** What the schema refuses; the wording is that of Helm's version. */
const schema: [string, string[], RegExp][] = [
  ['a value that does not exist', set('replicas=1'), /[Aa]dditional propert(?:y|ies) '?replicas'?/],
  ['one below a section', set('service.prot=1'), /service.*[Aa]dditional propert(?:y|ies) '?prot'?/],
  ['a key of the configuration that does not exist', set('config.limts.rate=1'), /config.*limts/],
  ['a number that is none', set('config.limits.rate=often'), /config.limits.rate.*integer/],
  ['a time without a unit', set('config.drain.time=10'), /config.drain.time.*string/],
  ['an unknown mode', set('mode=daemon'), /mode.*(?:one of|standalone)/],
  ['a short key', set('secrets.token=short'), /secrets.token.*match/i],
  ['a short key of the API', set('secrets.api=short'), /secrets.api.*match/i],
  [
    'a volume that many may write to',
    set('persistence.accessModes={ReadWriteMany}'),
    /persistence.accessModes.0.*one of/,
  ],
  ['a digest that is none', set('image.digest=latest'), /image.digest.*match/i],
];

describe.skipIf(skipWithoutHelm).each(versions)('Helm %s refuses', (version) => {
  test.each(refused)('%s', (_, args, expected) => {
    const { status, stderr } = helm(['template', 'chat', chart, ...args], version);
    expect(status).toBe(1);
    expect(stderr).toContain(expected);
  });

  test.each(schema)('%s', (_, args, expected) => {
    const { status, stderr } = helm(['template', 'chat', chart, ...standalone, ...args], version);
    expect(status).toBe(1);
    expect(stderr.replaceAll('/', '.')).toMatch(expected);
  });

  test('a Kubernetes that is too old', () => {
    const { status, stderr } = helm(['template', 'a', chart, ...standalone, '--kube-version', '1.28.0'], version);
    expect(status).toBe(1);
    expect(stderr).toContain('chart requires kubeVersion: >=1.29.0-0');
  });
});
