/** The alerts, tried by promtool: each fires when it should, and not on what only looks like it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createMetrics } from '../../src/metrics.ts';
import { type AlertCase, alertCases } from './alert-cases.ts';
import { metricNames, promtool, skipWithoutPromtool } from './support/promtool.ts';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'helm/stanzawire/files/alerts.yaml');

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
const { groups }: { groups: { name: string; rules: Rule[] }[] } = parse(readFileSync(file, 'utf8'));
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);

const folder = mkdtempSync(join(tmpdir(), 'stanzawire-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('every alert has a case, and every case an alert', () => {
  expect(new Set(Object.keys(alertCases))).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

test('every alert says how bad it is, what happened, and where to read on', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(['critical', 'warning'], alert).toContain(labels?.severity);
    expect(Object.keys(annotations ?? {}), alert).toEqual(['summary', 'description', 'runbook_url']);
  }
});

test('the runbook has one heading for every alert, in the same order', () => {
  const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
  const headings = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(alerts.map(({ alert }) => alert));
  const links = alerts.map(({ annotations }) => annotations?.runbook_url);
  expect(links).toEqual(headings.map((name) => `docs/runbook.md#${name?.toLowerCase()}`));
});

test('the alerts use only metrics that exist, with labels that exist', async () => {
  const text = await createMetrics({ version: '0' }).text();
  const known = new Set(text.matchAll(/^(\w+)[ {]/gm).map(([, name]) => name));
  const recorded = rules.map(({ record }) => record).filter((name) => name !== undefined);
  const used = rules.flatMap(({ expr }) => metricNames(expr));
  expect(used.filter((name) => !known.has(name) && !recorded.includes(name))).toEqual([]);
  // A value that no metric ever has would make an alert that never fires.
  for (const { expr } of rules) {
    for (const [, name = '', label, values = ''] of expr.matchAll(/(stanzawire_\w+)\{[^}]*?(\w+)=~?"([^"]+)"/g)) {
      for (const value of values.split('|')) {
        expect(text, expr).toMatch(new RegExp(`^${name}\\{[^}]*\\b${label}="${value.replace('.', '\\.')}"`, 'm'));
      }
    }
  }
});

describe.skipIf(skipWithoutPromtool)('promtool', () => {
  test('can read the rules', () => {
    expect(promtool(['check', 'rules', file])).toMatchObject({ status: 0 });
  });

  test.each(Object.entries(alertCases))('%s fires when it should, and only then', (alert, one) => {
    const path = join(folder, `${alert}.yaml`);
    writeFileSync(path, stringify(promtoolCase(alert, one)));
    const { status, output } = promtool(['test', 'rules', path]);
    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
  });
});

function promtoolCase(alert: string, { fires, quiet, at }: AlertCase): object {
  const one = (series: Record<string, string>, expected: number) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: withTarget(name), values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing",instance=~"|a",job="stanzawire"})`,
        eval_time: `${at}m`,
        exp_samples: expected === 0 ? [] : [{ labels: '{}', value: expected }],
      },
    ],
  });
  return { rule_files: [file], evaluation_interval: '1m', tests: [one(fires, 1), one(quiet, 0)] };
}

function withTarget(series: string): string {
  const target = 'job="stanzawire",namespace="chat",instance="a"';
  return series.includes('{') ? series.replace('}', `,${target}}`) : `${series}{${target}}`;
}
