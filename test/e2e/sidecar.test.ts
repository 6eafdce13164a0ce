/**
 * A sidecar whose XMPP server is told to stop, on the real ones. None of them tells its components why: they close the
 * stream, as they do before a restart; so it is `preStop` that lets a sidecar drain, and not the server (docs/drain.md).
 */
import { expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { onEveryServer } from '../support/servers/each.ts';

const waitMs = 30_000;

onEveryServer('an XMPP server that is told to stop', (server) => {
  test('closes the stream without a word, and a sidecar keeps its clients for one that comes back', async () => {
    const gateway = await TestGateway.start(upstreamOf(server()), { STANZAWIRE_MODE: 'sidecar' });
    const alice = await gateway.login('alice');
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', waitMs);
    await server().kill('SIGTERM');
    const { reason } = await alice.next('state', ({ link }) => link === 'down', waitMs);
    // It says `system-shutdown` to its clients and to other servers only.
    expect(reason).toMatch(/^(?:eof|io)$/);
    const ready = await fetch(`${gateway.internalUrl}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({
      status: 200,
      body: { link: 'down', draining: false },
    });
    await server().restart();
    await alice.next('state', ({ link }) => link === 'up', waitMs);
    expect(alice.ws.readyState).toBe(alice.ws.OPEN);
    await gateway.stop();
  }, 120_000);
});
