/** The chart with each set of values of helm/stanzawire/ci, by Helm 3 and 4. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { signingSecret } from '../support/backend.ts';
import { runMain } from '../support/process.ts';
import {
  chart,
  helm,
  manifests,
  only,
  render,
  rendered,
  skipWithoutHelm,
  valuesFiles,
  versions,
} from './support/helm.ts';
import { schemaProblems, skipWithoutModels, typeProblems } from './support/models.ts';
import { podOf, violations } from './support/pod-security.ts';

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-chart-'));
afterAll(() => rmSync(folder, { recursive: true }));

const standalone = ['standalone', 'memory', 'everything'];

describe.skipIf(skipWithoutHelm).each(Object.entries(valuesFiles))('with the values of %s', (name, file) => {
  test.each(versions)('Helm %s finds nothing to complain about', (version) => {
    const { status, stdout, stderr } = helm(['lint', '--strict', chart, '--values', file], version);
    expect({ status, output: stdout + stderr }).toMatchObject({ status: 0 });
    expect(stdout + stderr).not.toMatch(/WARNING|ERROR|Fail:/);
  });

  test('it is rendered as before, by Helm 3 and 4 alike', async () => {
    const [first = '', ...others] = versions.map((version) => render(['-f', file], version));
    for (const other of others) expect(other).toBe(first);
    // The dashboard has a test of its own.
    const text = first.replace(/(stanzawire\.json: \|).*?(?=^---)/ms, '$1 …\n');
    await expect(text).toMatchFileSnapshot(join('snapshots', `${name}.yaml`));
  });

  test.skipIf(skipWithoutModels)(
    'every object is one that its API knows, and has no field that it does not know',
    async () => {
      const all = rendered(name);
      expect(await schemaProblems(all)).toEqual([]);
      expect(typeProblems(all)).toBe('');
    },
    60_000,
  );

  test('no two objects are the same, and all are in the namespace of the release', () => {
    const all = rendered(name).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] !== undefined);
    const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const one of all) expect(one.metadata).toMatchObject({ namespace: 'xmpp' });
  });

  test('every pod is one that the Pod Security Standard "restricted" lets in', () => {
    const pods = manifests(render(['-f', file]))
      .map(podOf)
      .filter((pod) => pod !== undefined);
    expect(pods.flatMap(violations)).toEqual([]);
    const ours = pods.flatMap(({ containers }) => containers).filter((one) => one.image?.includes('/stanzawire'));
    for (const one of ours) expect(one.securityContext?.readOnlyRootFilesystem).toBe(true);
    for (const pod of pods) expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('the configuration that it renders is one that the gateway takes', async () => {
    const config = only(rendered(name), 'ConfigMap', name === 'everything' ? 'gateway' : 'chat-stanzawire');
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, config.data?.['stanzawire.yaml'] ?? '');
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'a secret of thirty-two bytes or more');
    const signing = join(folder, 'signing-secret');
    writeFileSync(signing, signingSecret());
    const has = (name: string) => config.data?.['stanzawire.yaml']?.includes(`/run/secrets/stanzawire/${name}`);
    const env = {
      STANZAWIRE_XMPP_SECRET_FILE: secret,
      ...(has('token') ? { STANZAWIRE_AUTH_JWT_SECRET_FILE: secret } : {}),
      ...(has('webhooks') ? { STANZAWIRE_WEBHOOKS_SECRET_FILE: signing } : {}),
      ...(has('auth-webhook') ? { STANZAWIRE_AUTH_WEBHOOK_SECRET_FILE: signing } : {}),
      ...(has('api') ? { STANZAWIRE_HTTP_INTERNAL_API_KEY_FILE: secret } : {}),
    };
    const { code, stdout, stderr } = await runMain(['--check', '--config', path], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.endsWith('\nok')).toBe(true);
  });

  test('the internal port is in no Service but the internal one, and in no route', () => {
    const all = rendered(name);
    const config = all.find(({ data }) => data?.['stanzawire.yaml'])?.data?.['stanzawire.yaml'] ?? '';
    const port = Number(/internal:\n(?:\s+(?!port)\w+: \S+\n)+\s+port: (\d+)/.exec(config)?.[1]);
    expect(port).toBeGreaterThan(0);
    const open = all.filter(({ kind, metadata }) => {
      return ['Service', 'Ingress', 'HTTPRoute'].includes(kind) && !metadata.name.endsWith('-internal');
    });
    expect(JSON.stringify(open)).not.toMatch(new RegExp(`\\b${port}\\b|stanzawire-int`));
    const internal = all.find(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-internal'));
    expect(internal?.spec?.clusterIP ?? 'None').toBe('None');
  });
});

describe.skipIf(skipWithoutHelm)('one writer', () => {
  test('a volume of its own is in a StatefulSet of one pod', () => {
    expect(only(rendered('standalone'), 'StatefulSet').spec).toMatchObject({
      replicas: 1,
      volumeClaimTemplates: [{ metadata: { name: 'stanzawire-data' } }],
    });
  });

  test('a claim that exists is mounted, and no other is made', () => {
    const all = manifests(render(['-f', valuesFiles.standalone ?? '', '--set', 'persistence.existingClaim=old']));
    const set = only(all, 'StatefulSet');
    expect(set.spec).not.toHaveProperty('volumeClaimTemplates');
    expect(podOf(set)?.volumes).toContainEqual({
      name: 'stanzawire-data',
      persistentVolumeClaim: { claimName: 'old' },
    });
  });

  test('without a volume the old process ends before the new one starts', () => {
    expect(only(rendered('memory'), 'Deployment').spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  });

  test('with a store that processes share there may be many', () => {
    // The schema is that of the gateway, which has no such store yet.
    const shared = ['--skip-schema-validation', '--set', 'config.store.url=postgres://db/chat'];
    const many = ['--set', 'persistence.enabled=false', '--set', 'autoscaling.enabled=true'];
    const all = manifests(render(['-f', valuesFiles.standalone ?? '', ...shared, ...many]));
    expect(only(all, 'HorizontalPodAutoscaler').spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'chat-stanzawire' },
      minReplicas: 2,
      maxReplicas: 5,
    });
    expect(only(all, 'Deployment').spec).not.toHaveProperty('replicas');
    expect(only(all, 'Deployment').spec).not.toHaveProperty('strategy');
  });
});

describe.skipIf(skipWithoutHelm)('the container', () => {
  test.each(standalone)('of %s has time to stop', (name) => {
    const pod = rendered(name)
      .map(podOf)
      .find((one) => one?.terminationGracePeriodSeconds);
    expect(pod?.terminationGracePeriodSeconds).toBe(name === 'everything' ? 120 : 30);
  });

  test('gets its secrets as a folder, so that a changed one reaches it', () => {
    const [container] = podOf(only(rendered('standalone'), 'StatefulSet'))?.containers ?? [];
    for (const mount of container?.volumeMounts ?? []) expect(mount).not.toHaveProperty('subPath');
    expect(container?.env?.map(({ name }) => name)).toEqual(['NODE_OPTIONS']);
  });

  test('starts anew when the configuration changes, and only then', () => {
    const checksum = (...more: string[]) => {
      const set = only(manifests(render(['-f', valuesFiles.standalone ?? '', ...more])), 'StatefulSet');
      const { template }: { template?: { metadata: { annotations: Record<string, string> } } } = set.spec ?? {};
      return template?.metadata.annotations['checksum/config'];
    };
    expect(checksum('--set', 'config.limits.rate=30')).not.toBe(checksum());
    expect(checksum('--set', 'service.port=81', '--set', 'podLabels.a=b')).toBe(checksum());
  });

  test('is asked about the link when it is alone, and never at its start', () => {
    const [container] = podOf(only(rendered('standalone'), 'StatefulSet'))?.containers ?? [];
    expect(container?.readinessProbe?.httpGet?.path).toBe('/readyz');
    expect(container?.startupProbe?.httpGet?.path).toBe('/livez');
    expect(container?.livenessProbe?.httpGet?.path).toBe('/livez');
  });

  test('begins to drain before the signal, with the configuration that it runs with', () => {
    const [container] = podOf(only(rendered('standalone'), 'StatefulSet'))?.containers ?? [];
    expect(container?.lifecycle?.preStop?.exec?.command).toEqual(['stanzawire', 'drain', ...(container?.args ?? [])]);
  });
});
