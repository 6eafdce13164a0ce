/** The dashboard's queries, answered by a real Prometheus that scrapes a gateway under load while it is killed and stopped. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboardRows } from '../../scripts/chart/dashboard.ts';
import { soak } from '../soak/run.ts';
import { hasPrometheus, type Line, Prometheus } from '../support/prometheus.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';
import { freePorts } from '../support/servers/ports.ts';

const server = testServers().find(({ name }) => name === 'prosody-0.12');
const skipped = maySkip(hasPrometheus && server?.available === true);
if (skipped) console.warn('dashboard: skipped: needs Prometheus and Prosody');

describe.skipIf(skipped)('the dashboard under load', () => {
  let prometheus: Prometheus;
  const begun = Date.now() / 1000;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    prometheus = await Prometheus.start(port);
    const size = { accounts: 8, sessions: 2, users: 3, rate: 60, peace: 4, seconds: 9, calm: [2, 3] as const };
    const env = { STANZAWIRE_HTTP_INTERNAL_PORT: `${port}` };
    await soak({ server: 'prosody-0.12', seed: 7, ...size, env }, () => undefined);
  }, 120_000);
  afterAll(() => prometheus?.stop());

  const rows = Object.entries(dashboardRows('5s', '60s'));
  const answers = (query: string): Promise<Line[]> =>
    prometheus.range(query, { from: begun, to: Date.now() / 1000, step: 1 });
  const shows = (lines: readonly Line[]) => lines.some(({ points }) => points.some(([, value]) => value > 0));

  test('every query is answered, with the labels that its legend names', async () => {
    for (const { title, queries } of rows.flatMap(([, panels]) => panels)) {
      for (const [legend, query] of Object.entries(queries)) {
        const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        for (const { labels } of await answers(query))
          expect(Object.keys(labels), title).toEqual(expect.arrayContaining(named));
      }
    }
  });

  test.each(rows)('%s: its panels have something to show', async (row, panels) => {
    // Nothing goes wrong, nobody uses the API or webhooks, and nothing waits for long: that is as it should be.
    const quiet = ['Errors', 'API', 'Outbound'].includes(row) ? panels.map(({ title }) => title) : quietPanels;
    for (const { title, queries } of panels) {
      const lines = await Promise.all(Object.values(queries).map(answers));
      if (!quiet.includes(title)) expect(lines.some(shows), title).toBe(true);
    }
  });
});

const quietPanels = ['Waiting to be written', 'Without an answer', 'Stopping since', 'Ping of clients'];
