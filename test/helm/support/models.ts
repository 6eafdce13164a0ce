/**
 * Are these manifests what Kubernetes, the Prometheus operator and the Gateway API expect? Twice: by the schemas at run time
 * (formats, patterns), and by the types at compile time, which know what is not a field at all.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Manifest } from './helm.ts';

const packages = ['kubernetes-models', '@kubernetes-models/prometheus-operator', '@kubernetes-models/gateway-api'];

/** node_modules with all of them: the project's, or one of NODE_PATH. */
const modules = folders(import.meta.dirname).find((folder) => packages.every((one) => existsSync(join(folder, one))));
/** Under CI nothing may be skipped: there the tests fail without them. */
export const skipWithoutModels = modules === undefined && !process.env.CI;

function folders(from: string): string[] {
  const up = dirname(from);
  const further = up === from ? (process.env.NODE_PATH ?? '').split(delimiter) : folders(up);
  return [join(from, 'node_modules'), ...further];
}

/** `apps/v1` → kubernetes-models/apps/v1; a package of its own for what is not Kubernetes itself. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  if (apiVersion.startsWith('monitoring.coreos.com/')) return `${packages[1]}/${apiVersion}/${kind}`;
  if (apiVersion.startsWith('gateway.networking.k8s.io/')) return `${packages[2]}/${apiVersion}/${kind}`;
  return `${packages[0]}/${apiVersion}/${kind}`;
}

/** What the schemas complain about, one line each. */
export async function schemaProblems(all: Manifest[]): Promise<string[]> {
  const lines = all.map(async (one) => {
    const file = join(modules ?? '', `${moduleOf(one)}.js`);
    if (!existsSync(file)) return [`${one.apiVersion} ${one.kind}: no such kind`];
    const Model = modelIn(await import(file), one.kind);
    try {
      new Model(one).validate();
      return [];
    } catch (error) {
      return [`${one.kind} ${one.metadata.name}: ${String(error)}`];
    }
  });
  return (await Promise.all(lines)).flat();
}

function modelIn(module: Record<string, new (data: Manifest) => { validate(): void }>, kind: string) {
  const Model = module[kind];
  if (!Model) throw new Error(`no model ${kind}`);
  return Model;
}

/** What the compiler complains about: a file in which every manifest is a constant of its type. */
export function typeProblems(all: Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-types-'));
  try {
    const lines = all.flatMap((one, at) => [
      `import type { I${one.kind} as T${at} } from '${moduleOf(one)}';`,
      `export const m${at}: T${at} = ${JSON.stringify(one, null, 2)};`,
    ]);
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
    const compilerOptions = {
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2024',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      paths: { '*': [join(modules ?? '', '*')] },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }));
    const { status, stdout } = spawnSync('tsc', ['-p', folder], { encoding: 'utf8', timeout: 60_000 });
    return status === 0 ? '' : stdout || 'tsc does not run';
  } finally {
    rmSync(folder, { recursive: true });
  }
}
