/** Sidecar mode: what is handed out fits into the pods of an XMPP server that another release runs. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chart, helm, type Manifest, only, render, rendered, skipWithoutHelm, valuesFiles } from './support/helm.ts';
import { schemaProblems, skipWithoutModels, typeProblems } from './support/models.ts';
import { type Container, type PodSpec, violations } from './support/pod-security.ts';

interface Patch {
  spec: { template: { metadata: { annotations: Record<string, string> }; spec: Required<PodSpec> } };
}

interface EjabberdValues {
  podAnnotations: Record<string, string>;
  podSecurityContext: object;
  statefulSet: { terminationGracePeriodSeconds: number; initContainers: Container[]; additionalVolumes: object[] };
}

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-sidecar-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(skipWithoutHelm)('as a sidecar', () => {
  let all: Manifest[] = [];
  let patch: Patch;
  let values: EjabberdValues;
  let container: Container;

  beforeAll(() => {
    all = rendered('sidecar');
    const { data = {} } = only(all, 'ConfigMap', 'chat-stanzawire-sidecar');
    patch = parse(data['patch.yaml'] ?? '');
    values = parse(data['ejabberd-values.yaml'] ?? '');
    const [first] = patch.spec.template.spec.initContainers;
    if (!first) throw new Error('no container');
    container = first;
  });

  test('no pod, no volume of a pod and no account is made', () => {
    const kinds = all.filter(({ metadata }) => !metadata.annotations?.['helm.sh/hook']).map(({ kind }) => kind);
    expect(kinds.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ConfigMap',
      'ConfigMap',
      'PersistentVolumeClaim',
      'PodMonitor',
      'PrometheusRule',
      'Service',
    ]);
  });

  test('the volume outlives the release, as the pods do', () => {
    const { annotations } = only(all, 'PersistentVolumeClaim').metadata;
    expect(annotations?.['helm.sh/resource-policy']).toBe('keep');
  });

  test('Service and PodMonitor choose the pods of the XMPP server', () => {
    const selector = { 'app.kubernetes.io/name': 'ejabberd', 'app.kubernetes.io/instance': 'chat' };
    expect(only(all, 'Service').spec?.selector).toEqual(selector);
    expect(only(all, 'PodMonitor').spec).toMatchObject({ selector: { matchLabels: selector } });
  });

  test('the Service names the port by its number, which older Kubernetes finds in a sidecar too', () => {
    expect(only(all, 'Service').spec).toMatchObject({ ports: [{ targetPort: 8080 }] });
  });

  test('it is a native sidecar, whose probes do not wait for a server that starts after it', () => {
    expect(container.restartPolicy).toBe('Always');
    const paths = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(paths.map((probe) => probe?.httpGet?.path)).toEqual(['/livez', '/livez', '/readyz']);
  });

  test('it begins to drain when the pod begins to end, and waits for its own end', () => {
    const command = ['stanzawire', 'drain', '--config', '/etc/stanzawire/stanzawire.yaml'];
    expect(container.lifecycle?.preStop).toEqual({ exec: { command } });
    expect(patch.spec.template.spec.terminationGracePeriodSeconds).toBe(30);
  });

  test.skipIf(skipWithoutModels)(
    'the patched StatefulSet is a valid and a restricted one',
    async () => {
      const server = { name: 'ejabberd', image: 'ejabberd', securityContext: container.securityContext ?? {} };
      const { metadata, spec } = patch.spec.template;
      const labels = { app: 'ejabberd' };
      const pod = { ...spec, containers: [server] };
      const set = {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'ejabberd' },
        spec: {
          serviceName: 'ejabberd',
          selector: { matchLabels: labels },
          template: { metadata: { ...metadata, labels }, spec: pod },
        },
      };
      expect(await schemaProblems([set])).toEqual([]);
      expect(typeProblems([set])).toBe('');
      expect(violations(pod)).toEqual([]);
    },
    30_000,
  );

  test('every mount has its volume, and no name is one that a server would use', () => {
    const names = patch.spec.template.spec.volumes.map(({ name }) => String(name));
    expect(container.volumeMounts?.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    for (const name of [...names, container.name, ...(container.ports ?? []).map((port) => port.name ?? '')]) {
      expect(name).toMatch(/^stanzawire/);
    }
  });

  test('the values for the ejabberd chart say the same as the patch', () => {
    const { metadata, spec } = patch.spec.template;
    expect(values).toEqual({
      podAnnotations: metadata.annotations,
      podSecurityContext: spec.securityContext,
      statefulSet: {
        terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
        initContainers: spec.initContainers,
        additionalVolumes: spec.volumes,
      },
    });
  });

  test('a chart that has this one as a dependency gets the same container by name', () => {
    const parent = join(folder, 'parent');
    mkdirSync(join(parent, 'templates'), { recursive: true });
    cpSync(chart, join(parent, 'charts/stanzawire'), { recursive: true });
    const lines = ['apiVersion: v2', 'name: parent', 'version: 1.0.0', 'dependencies:', '  - name: stanzawire'];
    writeFileSync(join(parent, 'Chart.yaml'), [...lines, '    version: 0.1.0', ''].join('\n'));
    writeFileSync(
      join(parent, 'templates/pod.yaml'),
      [
        'kind: Pod',
        'initContainers:',
        '  - {{ include "stanzawire.container" .Subcharts.stanzawire | indent 4 | trim }}',
        'volumes:',
        '  {{- include "stanzawire.volumes" .Subcharts.stanzawire | nindent 2 }}',
      ].join('\n'),
    );
    writeFileSync(
      join(parent, 'values.yaml'),
      JSON.stringify({
        stanzawire: {
          fullnameOverride: 'chat-stanzawire',
          mode: 'sidecar',
          config: { xmpp: { domain: 'web.example.com' } },
          secrets: { existingSecret: 'stanzawire-secrets' },
          sidecar: { selector: { app: 'parent' } },
        },
      }),
    );
    const { initContainers, volumes } = parse(render(['--show-only', 'templates/pod.yaml'], '4.1', parent));
    expect({ initContainers, volumes }).toEqual({
      initContainers: patch.spec.template.spec.initContainers,
      volumes: patch.spec.template.spec.volumes,
    });
  });

  test('the notes name the commands', () => {
    const args = ['install', 'chat', chart, '-n', 'xmpp', '-f', valuesFiles.sidecar ?? '', '--dry-run=client'];
    const { stdout } = helm(args);
    expect(stdout).toContain("get configmap chat-stanzawire-sidecar -o jsonpath='{.data.patch\\.yaml}' > patch.yaml");
    expect(stdout).toContain('patch statefulset chat-ejabberd --patch-file patch.yaml');
  });
});
