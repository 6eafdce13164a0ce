/** The checks of the manifests see what is wrong: else they would prove nothing. */
import { expect, test } from 'vitest';
import type { Manifest } from './support/helm.ts';
import { schemaProblems, skipWithoutModels, typeProblems } from './support/models.ts';
import { violations } from './support/pod-security.ts';

const service = (spec: Manifest['spec']): Manifest => {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, ...(spec ? { spec } : {}) };
};

test.skipIf(skipWithoutModels)('a wrong type, a wrong format and an unknown kind are seen', async () => {
  expect(await schemaProblems([service({ ports: [{ port: 80 }] })])).toEqual([]);
  expect(await schemaProblems([service({ ports: [{ port: 'http' }] })])).toHaveLength(1);
  const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', metadata: { name: 'a' } };
  const monitor = (interval: string) => ({ ...rule, spec: { selector: {}, podMetricsEndpoints: [{ interval }] } });
  expect(await schemaProblems([monitor('30s')])).toEqual([]);
  expect(await schemaProblems([monitor('often')])).toHaveLength(1);
  expect(await schemaProblems([{ ...rule, kind: 'NoMonitor' }])).toHaveLength(1);
});

test.skipIf(skipWithoutModels)(
  'a field that does not exist is seen',
  () => {
    expect(typeProblems([service({ ports: [{ port: 80 }] })])).toBe('');
    expect(typeProblems([service({ ports: [{ port: 80, prot: 'TCP' }] })])).toContain('\'"prot"\' does not exist');
    expect(typeProblems([service({ port: 80 })])).toContain('\'"port"\' does not exist');
  },
  30_000,
);

test('a pod that is not restricted is seen', () => {
  const problems = violations({
    containers: [{ name: 'a' }],
    hostNetwork: true,
    volumes: [{ name: 'b', hostPath: {} }],
  });
  expect(problems).toEqual([
    'hostNetwork',
    'volume b',
    'a: allowPrivilegeEscalation',
    'a: runAsNonRoot',
    'a: capabilities.drop',
    'a: seccompProfile',
  ]);
});
