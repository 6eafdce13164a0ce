/** The benchmark works: a few hundred messages of every kind, and figures in every column. What they say is not tested. */
import { describe, expect, test } from 'vitest';
import { report, targets } from '../../bench/report.ts';
import { type Results, runBench } from '../../bench/run.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const prosody = testServers().find(({ name }) => name === 'prosody-0.12');

describe.skipIf(maySkip(prosody?.available ?? false))('a small benchmark on Prosody 0.12', () => {
  test('measures every way, with the gateway and without it, and fills every column', async () => {
    const results = await runBench(
      {
        server: 'prosody-0.12',
        nagle: false,
        patienceMs: 0,
        messages: { messages: 300, rounds: 1, seconds: 0.2 },
        sessions: { sessions: 60, single: 10, burst: 20, settleMs: 0 },
      },
      () => undefined,
    );
    expect(results.servers).toMatchObject([
      {
        throughput: [
          { way: 'web → XMPP', pairs: 20, ratio: expect.any(Number), bare: {} },
          { way: 'web → XMPP', pairs: 1, ratio: expect.any(Number), bare: {} },
          { way: 'XMPP → web', pairs: 20, ratio: expect.any(Number), bare: {} },
          { way: 'web → web', pairs: 20 },
        ],
        latency: [
          { way: 'web → XMPP', added: expect.any(Number), bare: {} },
          { way: 'XMPP → web', added: expect.any(Number), bare: {} },
          { way: 'web → web' },
        ],
      },
    ]);
    expect(results.sessions).toMatchObject([{ store: 'memory:' }, { store: 'sqlite:' }]);
    expect(numbersOf(results).filter((value) => !Number.isFinite(value))).toEqual([]);
    expect(targets(results).map(({ value }) => value)).not.toContain('not measured');
    const text = report(results);
    expect(text).not.toMatch(/undefined|NaN|Infinity/);
    // Only web → web has nothing to be compared with.
    const incomplete = text.split('\n').filter((line) => /\| +– +\|/.test(line));
    expect(incomplete.map((line) => line.slice(2, 11))).toEqual(['web → web', 'web → web']);
  }, 60_000);
});

function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(numbersOf) : [];
}

test('the targets of one run are met or missed by its figures', () => {
  const run = { perSecond: 900, gateway: 30, server: 100, generator: 5, others: 0, disturbance: 0 };
  const timed = { ...run, p50: 2, p99: 9 };
  const bare = { ...run, perSecond: 1000 };
  const results: Results = {
    date: '2026-01-01',
    machine: { cpu: '', memory: '', system: '', node: '', load: '' },
    plan: { messages: 1, rounds: 1, seconds: 1 },
    servers: [
      {
        title: 'Prosody 1',
        throughput: [{ way: 'web → XMPP', pairs: 20, gateway: run, bare, ratio: 0.9 }],
        latency: [{ way: 'web → XMPP', pairs: 20, gateway: timed, bare: timed, added: 1.2 }],
      },
    ],
    sessions: [],
  };
  expect(targets(results)).toMatchObject([{ met: true }, { met: true }, { met: false, value: '1.20' }, { met: false }]);
});
