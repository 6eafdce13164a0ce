/**
 * `npm run dashboard`: the dashboard's picture for the docs. A soak with all its incidents runs under a real Prometheus, the
 * panels' queries are asked as Grafana asks them, and Chromium takes the picture of the answers.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { dashboardRows, type Panel } from '../../scripts/chart/dashboard.ts';
import { soak } from '../../test/soak/run.ts';
import { Prometheus, type Span } from '../../test/support/prometheus.ts';
import { freePorts } from '../../test/support/servers/ports.ts';
import { type Answered, page } from './picture.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    output: { type: 'string', default: join(import.meta.dirname, '../../docs/images/dashboard.png') },
    browser: { type: 'string', default: '/usr/bin/chromium' },
  },
});

const minutes = Number(values.minutes);
const size = { accounts: 60, sessions: 3, users: 12, rate: 120, peace: 15, calm: [25, 40] as const };
const [port = 0] = await freePorts(1);
const prometheus = await Prometheus.start(port);
try {
  const from = Date.now() / 1000;
  const env = { STANZAWIRE_HTTP_INTERNAL_PORT: `${port}` };
  const plan = { server: 'prosody-0.12', seed: 11, seconds: minutes * 60, ...size, env };
  const { violations, events } = await soak(plan, (what) => console.error(`… ${what}`));
  for (const line of [...events, ...violations]) console.log(line);
  const span = { from, to: from + minutes * 60, step: 1 };
  await draw(await answered(span), span);
  console.log(`drawn: ${values.output}`);
} finally {
  await prometheus.stop();
}

async function answered(span: Span): Promise<Record<string, Answered[]>> {
  const rows: Record<string, Answered[]> = {};
  for (const [row, panels] of Object.entries(dashboardRows('15s', `${minutes}m`))) {
    rows[row] = await Promise.all(panels.map((panel) => answer(panel, span)));
  }
  return rows;
}

async function answer(panel: Panel, span: Span): Promise<Answered> {
  const lines = await Promise.all(
    Object.entries(panel.queries).map(async ([legend, query]) =>
      (await prometheus.range(query, span)).map(({ labels, points }) => ({
        name: legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ''),
        points,
      })),
    ),
  );
  const highest = (points: Answered['lines'][number]['points']) => Math.max(...points.map(([, value]) => value || 0));
  const shown = lines.flat().filter(({ points }) => panel.stat || highest(points) > 0);
  return { panel, lines: shown.toSorted((a, b) => highest(b.points) - highest(a.points)) };
}

async function draw(rows: Record<string, Answered[]>, span: Span): Promise<void> {
  const browser = await chromium.launch({ executablePath: values.browser, args: ['--no-sandbox'] });
  try {
    const view = await browser.newPage({ viewport: { width: 1560, height: 900 } });
    await view.setContent(page('Stanzawire', rows, span));
    mkdirSync(dirname(values.output), { recursive: true });
    await view.screenshot({ path: values.output, fullPage: true });
  } finally {
    await browser.close();
  }
}
