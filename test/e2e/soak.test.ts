/** The soak, short: `npm run soak` runs it for minutes, with hundreds of accounts. */
import { describe, expect, test } from 'vitest';
import { soak } from '../soak/run.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

// Not on ejabberd, which loses what it keeps for an absent user when it is killed, and delivers it late at a login
// (COMPAT(ejabberd 23.01)): there the long command counts such losses apart, in a quarter of a minute they are luck.
const names: readonly string[] = ['prosody-0.12'];
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000);
const size = { accounts: 20, sessions: 3, users: 6 };
const load = { rate: 100, peace: 5, seconds: 14, calm: [0.5, 1.5] as const };

for (const { name: server, available } of testServers().filter(({ name }) => names.includes(name))) {
  describe.skipIf(maySkip(available))(`kills, stops and lost sockets on ${server}`, () => {
    test('lose no acknowledged message, double none, and keep the order', async () => {
      const { counts, events, violations } = await soak({ server, seed, ...size, ...load }, () => undefined);
      const some = [...counts].filter(([what]) => /→|lost|told apart|resumed/.test(what));
      console.log(
        `${server}, seed ${seed}: ${events.length} incidents; ${some.map((one) => one.join(' ')).join(', ')}`,
      );
      expect(violations.slice(0, 10)).toEqual([]);
      expect(events.length).toBeGreaterThan(1);
      for (const way of ['web → XMPP', 'XMPP → web', 'web → web'])
        expect(counts.get(`${way}: acknowledged`)).toBeGreaterThan(50);
    }, 120_000);
  });
}
