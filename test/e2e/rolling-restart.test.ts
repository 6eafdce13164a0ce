/** The rolling restart, small: `npm run rolling` does it with a thousand clients, and more than once. */
import { describe, expect, test } from 'vitest';
import { rollingRestart } from '../rolling/run.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const names: readonly string[] = ['prosody-0.12', 'ejabberd-23.01'];
const plan = { clients: 150, rate: 60, restarts: 1, seconds: 3, drainSeconds: 3, seed: Date.now() % 1_000_000 };

for (const { name: server, available } of testServers().filter(({ name }) => names.includes(name))) {
  describe.skipIf(maySkip(available && SlixmppPeer.available()))(`a rolling restart under load on ${server}`, () => {
    test('loses no request and nothing that was acknowledged, and contacts and rooms see nothing of it', async () => {
      const { counts, violations, restarts } = await rollingRestart({ server, ...plan }, () => undefined);
      const some = [...counts].filter(([what]) => /acknowledged|said|closed with 4/.test(what));
      console.log(
        `${server}, seed ${plan.seed}: ${restarts.join('; ')}; ${some.map((one) => one.join(' ')).join(', ')}`,
      );
      expect(violations.slice(0, 10)).toEqual([]);
      expect(counts.get('sockets closed with 4200')).toBe(plan.clients);
      for (const what of ['web → web', 'web → XMPP', 'reactions', 'changes of a contact list'])
        expect(counts.get(`${what}: acknowledged`)).toBe(counts.get(`${what}: asked`));
      expect(counts.get('XMPP → web: said')).toBeGreaterThan(50);
    }, 180_000);
  });
}
