/** The conformance suite finds nothing wrong with this gateway on real servers, and leaves little unseen. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomeText, summaryText } from '../../src/conformance/report.ts';
import { type Report, runChecks } from '../../src/conformance/run.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';

/** What nobody can bring about from outside, or not each time, or not without harm to others. */
const unseen = {
  events: ['reconnect', 'state', 'message.failed'],
  closes: ['4100', '4102', '4200', '4201'],
};

describe.each(testServers().filter(({ name }) => /prosody-13|ejabberd-24/.test(name)))('$name', (one) => {
  describe.skipIf(maySkip(one.available))('the conformance suite', () => {
    let server: XmppServer;
    let gateway: TestGateway;
    let report: Report;

    beforeAll(async () => {
      server = await one.start();
      // So that what waits for the heartbeat does not wait long, nor the many connects of one account.
      gateway = await TestGateway.start(upstreamOf(server), {
        STANZAWIRE_SESSIONS_HEARTBEAT: '2s',
        STANZAWIRE_LIMITS_PER_ACCOUNT_HANDSHAKES: '1000',
        STANZAWIRE_PUSH_CONTACT: 'mailto:operator@example.test',
        STANZAWIRE_PUSH_SERVICES: 'push.conformance.invalid',
      });
      // The servers let this one make nodes.
      const sign = (ttlMs: number) => gateway.token('operator', { scopes: ['raw'], ttlMs });
      const tokens = { a: await sign(3600_000), b: await gateway.token('bee'), c: await gateway.token('sea') };
      const subject = { url: gateway.url, tokens, sign, expired: await sign(-3600_000), timeoutMs: 20_000 };
      report = await runChecks(subject, { only: [], slow: true });
    }, 300_000);
    afterAll(async () => {
      await gateway.stop();
      await server.stop();
    });

    test('finds nothing wrong', () => {
      const failed = report.outcomes.filter(({ result }) => result === 'failed');
      expect(failed.map(outcomeText).join('\n')).toBe('');
      expect(report.outcomes.length).toBeGreaterThan(250);
    });

    test('sees each request carried out and refused, and each event that can be brought about', () => {
      if (process.env.TEST_LOG) console.log(summaryText(report));
      const { coverage } = report;
      expect(coverage.accepted.unseen).toEqual(one.name === 'prosody-13' ? ['message.moderate'] : []);
      expect(coverage.refused.unseen).toEqual(['pong']);
      expect(coverage.events.unseen.filter((type) => !unseen.events.includes(type))).toEqual([]);
      expect(coverage.closes.unseen.filter((code) => !unseen.closes.includes(code))).toEqual([]);
    });
  });
});
