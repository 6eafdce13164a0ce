/** The chaos run, short: `npm run chaos` runs it for ten minutes, with half-open links and the server's kills too. */
import { describe, expect, test } from 'vitest';
import { soak } from '../soak/run.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const names: readonly string[] = ['prosody-0.12'];
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);
const size = { accounts: 16, sessions: 2, users: 4, inRoom: 8 };
const load = { rate: 60, peace: 5, seconds: 12, calm: [0.2, 0.6] as const, longest: 1.5 };
const chaos = [
  'cuts of the link',
  'full disks',
  'jumps of the clock',
  'stalls of the event loop',
  'times of a slow store',
  'kills of the gateway',
] as const;

for (const { name: server, available } of testServers().filter(({ name }) => names.includes(name))) {
  describe.skipIf(maySkip(available))(`faults of every kind on ${server}`, () => {
    test('lose no acknowledged message, and leave nothing behind', async () => {
      const { counts, events, violations } = await soak({ server, seed, ...size, ...load, chaos }, () => undefined);
      const some = [...counts].filter(([what]) => /→|of the|disks|store/.test(what));
      console.log(`${server}, seed ${seed}: ${events.length} faults; ${some.map((one) => one.join(' ')).join(', ')}`);
      expect(violations.slice(0, 10)).toEqual([]);
      expect(events.length).toBeGreaterThan(2);
      for (const way of ['web → XMPP', 'XMPP → web', 'web → web'])
        expect(counts.get(`${way}: acknowledged`)).toBeGreaterThan(30);
    }, 120_000);
  });
}
