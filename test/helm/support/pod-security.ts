/** Kubernetes' Pod Security Standard "restricted", with all of "baseline" that a manifest of ours could break. */
import type { Manifest } from './helm.ts';

interface SecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
  seccompProfile?: { type?: string };
  readOnlyRootFilesystem?: boolean;
}
export interface Container {
  name: string;
  image?: string;
  args?: string[];
  restartPolicy?: string;
  securityContext?: SecurityContext;
  ports?: { name?: string; containerPort: number; hostPort?: number }[];
  env?: { name: string; value?: string }[];
  volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
  readinessProbe?: { httpGet?: { path: string } };
  startupProbe?: { httpGet?: { path: string } };
  livenessProbe?: { httpGet?: { path: string } };
  lifecycle?: { preStop?: { exec?: { command: string[] } } };
}
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Record<string, unknown>[];
  securityContext?: SecurityContext;
  terminationGracePeriodSeconds?: number;
  [other: string]: unknown;
}

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** The pod that a manifest makes; undefined where it makes none. */
export function podOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind === 'Pod') return spec as unknown as PodSpec;
  const { template }: { template?: { spec: PodSpec } } = spec ?? {};
  return template?.spec;
}

export function violations(pod: PodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const host = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => pod[key]);
  const volumes = (pod.volumes ?? []).filter((volume) => !volumeTypes.some((type) => type in volume));
  return [
    ...host,
    ...volumes.map(({ name }) => `volume ${String(name)}`),
    ...containers.flatMap((one) => ofContainer(one, pod.securityContext ?? {}).map((what) => `${one.name}: ${what}`)),
  ];
}

function ofContainer({ securityContext: own = {}, ports = [] }: Container, pod: SecurityContext): string[] {
  const { capabilities = {}, privileged, allowPrivilegeEscalation } = own;
  const user = own.runAsUser ?? pod.runAsUser;
  const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type ?? '';
  const rules: [boolean, string][] = [
    [privileged !== true, 'privileged'],
    [allowPrivilegeEscalation === false, 'allowPrivilegeEscalation'],
    [(own.runAsNonRoot ?? pod.runAsNonRoot) === true, 'runAsNonRoot'],
    [user !== 0, 'runAsUser'],
    [capabilities.drop?.includes('ALL') === true, 'capabilities.drop'],
    [(capabilities.add ?? []).every((one) => one === 'NET_BIND_SERVICE'), 'capabilities.add'],
    [['RuntimeDefault', 'Localhost'].includes(seccomp), 'seccompProfile'],
    [ports.every(({ hostPort }) => hostPort === undefined), 'hostPort'],
  ];
  return rules.filter(([kept]) => !kept).map(([, name]) => name);
}
