/**
 * node scripts/sbom.ts: writes dist/sbom.cdx.json, the list of what the gateway runs on (CycloneDX), as npm makes it from
 * package-lock.json; without what differs from one run to the next.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pkg from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
const made = execFileSync('npm', args, {
  cwd: root,
  encoding: 'utf8',
  timeout: 60_000,
  maxBuffer: 2 ** 28,
  stdio: ['ignore', 'pipe', 'ignore'],
});
const bom = JSON.parse(made);
delete bom.serialNumber;
delete bom.metadata.timestamp;
// npm takes the folder's name.
bom.metadata.component.name = pkg.name;

// npm's own --omit=dev drops what is needed both to run and to develop.
const { packages }: { packages: Record<string, { version: string; dev?: boolean; optional?: boolean }> } = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
);
const runs = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional);
const refs = new Set(runs.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`));
const kept = (ref: string) => refs.has(ref.split('|')[0] ?? '');
const own = bom.metadata.component['bom-ref'];
bom.components = bom.components.filter((component: { 'bom-ref': string }) => kept(component['bom-ref']));
bom.dependencies = bom.dependencies
  .filter(({ ref }: { ref: string }) => ref === own || kept(ref))
  .map(({ ref, dependsOn = [] }: { ref: string; dependsOn?: string[] }) => ({
    ref,
    dependsOn: dependsOn.filter(kept),
  }));
writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(bom, undefined, 1)}\n`);
