/** What is made from the code is up to date, and what stands in several places is the same in all. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { dashboardQueries } from '../../scripts/chart/dashboard.ts';
import { values } from '../../scripts/chart/values.ts';
import { operatorPages } from '../../scripts/operators.ts';
import { createMetrics } from '../../src/metrics.ts';
import { metricNames, promtool, skipWithoutPromtool } from './support/promtool.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(Object.entries(await operatorPages()))('%s is what "npm run docs" makes', (path, text) => {
  expect(read(path)).toBe(text);
});

test('the chart has the version of the package', () => {
  const { version } = JSON.parse(read('package.json'));
  expect(parse(read('helm/stanzawire/Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

describe('the values', () => {
  test('all have a comment', () => {
    expect(values().filter(({ text }) => text === undefined)).toEqual([]);
    expect(values().length).toBeGreaterThan(80);
  });

  test('are the same in values.yaml and in the schema', () => {
    interface Schema {
      properties?: Record<string, Schema>;
    }
    const keys = (schema: Schema, prefix = ''): string[] =>
      Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
        return inner.properties && `${prefix}${name}` !== 'config'
          ? keys(inner, `${prefix}${name}.`)
          : `${prefix}${name}`;
      });
    const schema: Schema = JSON.parse(read('helm/stanzawire/values.schema.json'));
    const inSchema = new Set(keys(schema));
    inSchema.delete('global');
    expect(new Set(values().map(({ key }) => key))).toEqual(inSchema);
  });
});

describe('the dashboard', () => {
  interface Dashboard {
    templating: { list: { name: string; type: string }[] };
    panels: { id: number; type: string; title: string; gridPos: { x: number; y: number; w: number; h: number } }[];
  }
  const dashboard: Dashboard = JSON.parse(read('helm/stanzawire/files/dashboard.json'));

  test('lets one choose where the numbers come from, and has its rows', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'job', 'instance']);
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Status', 'Traffic', 'Errors', 'Latency', 'Outbound', 'Saturation', 'Lifecycle', 'API']);
  });

  test('has no two panels at one place, and none beside the screen', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test('asks for metrics that exist, and shows every one of ours', async () => {
    const text = await createMetrics({ version: '0' }).text();
    const known = new Set([...text.matchAll(/^(\w+)[ {]/gm)].map(([, name]) => name));
    const used = new Set(dashboardQueries().flatMap(metricNames));
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
    const types = [...text.matchAll(/^# TYPE (stanzawire_\w+) /gm)].map(([, name]) => name ?? '');
    const shown = (name: string) => ['', '_count', '_bucket'].some((part) => used.has(name + part));
    const without = ['stanzawire_build_info', 'stanzawire_draining', 'stanzawire_auth_duration_seconds'];
    expect(types.filter((name) => !shown(name))).toEqual(without);
  });

  test.skipIf(skipWithoutPromtool)('asks in a language that Prometheus understands', () => {
    const rules = dashboardQueries().map((query, at) => {
      const expr = query.replace(/\$__rate_interval|\$__range/g, '5m').replace(/\$(\w+)/g, '.*');
      return { record: `panel:${at}`, expr };
    });
    const folder = mkdtempSync(join(tmpdir(), 'stanzawire-dashboard-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'queries.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { status, output } = promtool(['check', 'rules', file]);
    expect({ status, output }).toMatchObject({
      status: 0,
      output: expect.stringContaining(`${rules.length} rules found`),
    });
  });
});
