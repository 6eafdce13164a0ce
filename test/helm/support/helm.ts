/** The chart as both versions of Helm render it. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../../../scripts/helm.mjs';

export const chart = join(import.meta.dirname, '../../../helm/stanzawire');
const found = findHelm();
export const versions = Object.keys(found);
/** Under CI nothing may be skipped: there the tests fail without it. */
export const skipWithoutHelm = Object.values(found).includes(undefined) && !process.env.CI;

/** The sets of values that the chart is tested with: name → file. */
export const valuesFiles: Record<string, string> = Object.fromEntries(
  readdirSync(join(chart, 'ci')).map((file) => [file.replace('-values.yaml', ''), join(chart, 'ci', file)]),
);

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  [other: string]: unknown;
}

export interface Answer {
  status: number | null;
  stdout: string;
  stderr: string;
}

export function helm(args: string[], version = '4.1'): Answer {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const options = { encoding: 'utf8', timeout: 30_000, env, maxBuffer: 16 * 1024 * 1024 } as const;
  const { status, stdout, stderr } = spawnSync(found[version] ?? 'helm', args, options);
  return { status, stdout, stderr };
}

/** @throws Error with Helm's own words */
export function render(args: string[], version = '4.1', path = chart): string {
  const { status, stdout, stderr } = helm(['template', 'chat', path, '--namespace', 'xmpp', ...args], version);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

export function manifests(text: string): Manifest[] {
  const documents = parseAllDocuments(text, { version: '1.1' });
  return [...documents].map((document) => document.toJS()).filter((one) => one !== null);
}

export function rendered(name: string): Manifest[] {
  return manifests(render(['-f', valuesFiles[name] ?? name]));
}

export function only(all: Manifest[], kind: string, name?: string): Manifest {
  const fitting = all.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  const [one] = fitting;
  if (one === undefined || fitting.length > 1) throw new Error(`${fitting.length} of ${kind} ${name ?? ''}`);
  return one;
}
