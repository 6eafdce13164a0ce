import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createMetrics } from '../src/metrics.ts';

const lines = async (metrics: ReturnType<typeof createMetrics>, start: string) =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(start));

test('every combination of labels exists with 0 from the start', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  expect(await lines(metrics, 'stanzawire_stanzas_total')).toEqual(
    ['in', 'out'].flatMap((direction) =>
      ['message', 'presence', 'iq', 'other'].map(
        (kind) => `stanzawire_stanzas_total{direction="${direction}",kind="${kind}"} 0`,
      ),
    ),
  );
  expect(await lines(metrics, 'stanzawire_link_up')).toEqual(['stanzawire_link_up 0']);
  expect(await lines(metrics, 'stanzawire_link_fence_seconds_count')).toEqual([
    'stanzawire_link_fence_seconds_count 0',
  ]);
});

test('a counter counts under its labels only', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  metrics.frames.inc('in', 'message.send');
  metrics.frames.inc('in', 'message.send');
  metrics.frames.add(5, 'out', 'message');
  const counted = (await lines(metrics, 'stanzawire_frames_total')).filter((line) => !line.endsWith(' 0'));
  expect(counted).toEqual([
    'stanzawire_frames_total{direction="in",type="message.send"} 2',
    'stanzawire_frames_total{direction="out",type="message"} 5',
  ]);
});

test('a label value that is not in its set counts as other', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  metrics.frames.inc('in', 'x-anything "goes"');
  metrics.stanzaErrors.inc('out', 'iq', '__proto__');
  metrics.socketCloses.inc('4999', 'client');
  const text = await metrics.text();
  expect(text).toContain('stanzawire_frames_total{direction="in",type="other"} 1\n');
  expect(text).toContain('stanzawire_stanza_errors_total{direction="out",kind="iq",condition="other"} 1\n');
  expect(text).toContain('stanzawire_socket_closes_total{code="other",initiator="client"} 1\n');
  expect(text).not.toContain('anything');
});

test('a gauge is set, or read at each scrape', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  let sessions = 1;
  metrics.sessions.from(() => sessions, 'attached');
  metrics.linkUp.set(1);
  await metrics.text();
  sessions = 2;
  expect(await lines(metrics, 'stanzawire_sessions')).toEqual([
    'stanzawire_sessions{state="attached"} 2',
    'stanzawire_sessions{state="detached"} 0',
  ]);
  expect(await lines(metrics, 'stanzawire_link_up')).toEqual(['stanzawire_link_up 1']);
});

test('a histogram fills the buckets from its value upwards', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  metrics.linkFence.observe(0.005);
  metrics.linkFence.observe(0.3);
  metrics.linkFence.observe(60);
  expect(await lines(metrics, 'stanzawire_link_fence_seconds')).toEqual([
    ...['0.0005', '0.001', '0.0025'].map((le) => `stanzawire_link_fence_seconds_bucket{le="${le}"} 0`),
    ...['0.005', '0.01', '0.025', '0.05', '0.1', '0.25'].map(
      (le) => `stanzawire_link_fence_seconds_bucket{le="${le}"} 1`,
    ),
    ...['1', '5'].map((le) => `stanzawire_link_fence_seconds_bucket{le="${le}"} 2`),
    'stanzawire_link_fence_seconds_bucket{le="+Inf"} 3',
    'stanzawire_link_fence_seconds_sum 60.305',
    'stanzawire_link_fence_seconds_count 3',
  ]);
});

test('there are fewer than 1,500 series, and every own name has the prefix', async () => {
  const text = await createMetrics({ version: '0.1.0' }).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(series.length).toBeLessThan(1500);
  expect(series.filter((line) => !/^(stanzawire_|process_|nodejs_)/.test(line))).toEqual([]);
  expect(text).toContain(`stanzawire_build_info{version="0.1.0",node="${process.version}"} 1`);
});

test('whatever comes from outside, there are never more series', async () => {
  const metrics = createMetrics({ version: '0.1.0' });
  const series = async () => (await metrics.text()).split('\n').filter((line) => !line.startsWith('#')).length;
  const before = await series();
  for (let i = 0; i < 500; i++) {
    const value = `alice${i}@example.com/"}\n`;
    metrics.linkConnects.inc(value);
    metrics.linkDisconnects.inc(value);
    metrics.stanzas.inc('in', value);
    metrics.stanzaErrors.inc('in', value, value);
    metrics.stanzasDropped.inc('in', value);
    metrics.socketHandshakes.inc(value);
    metrics.socketCloses.inc(value, 'client');
    metrics.frames.inc('in', value);
    metrics.framesRejected.inc(value);
    metrics.authAttempts.inc(value, value);
    metrics.authDuration.observe(1, value);
    metrics.sessionResumes.inc(value);
    metrics.requestDuration.observe(1, value, 'ok');
  }
  expect(await series()).toBe(before);
  expect(await metrics.text()).not.toContain('alice');
});

const promtool = spawnSync('promtool', ['--version']).status === 0;

test.skipIf(!promtool && !process.env.CI)('promtool finds nothing to complain about', async () => {
  const input = await createMetrics({ version: '0.1.0' }).text();
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
});
