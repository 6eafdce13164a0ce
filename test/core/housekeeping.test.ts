/** What is removed in the background, by the rules that are in force at that round. */
import { expect, it } from 'vitest';
import { LiveConfig, loadConfig } from '../../src/config.ts';
import { Housekeeping } from '../../src/core/housekeeping.ts';
import { createLogger } from '../../src/log.ts';
import { openStore } from '../../src/store/open.ts';
import { alice, incoming, log, noon } from '../store/support.ts';

it('each round keeps to the retention that the configuration has by then', async () => {
  const env: Record<string, string> = { STANZAWIRE_XMPP_DOMAIN: 'web.example.com', STANZAWIRE_XMPP_SECRET: 'secret' };
  env.STANZAWIRE_AUTH_JWT_SECRET = 'a secret of thirty-two bytes, or more';
  const live = new LiveConfig(() => loadConfig({ env }));
  const store = await openStore('memory:', { sync: 'normal' });
  await store.openAccount(alice, true);
  for (const [i, id] of ['m1', 'm2', 'm3', 'm4'].entries()) {
    await store.archive.append(alice, incoming(id, id, { now: noon + i * 3600_000 }));
  }
  const housekeeping = new Housekeeping(store, live.config.store, createLogger('silent'), () => noon + 4 * 3600_000);
  const left = async () => {
    live.reload(() => undefined);
    await housekeeping.round();
    return (await log(store.archive)).items.map(({ data }) => data.id);
  };
  expect(await left()).toEqual(['m1', 'm2', 'm3', 'm4']);
  env.STANZAWIRE_STORE_RETENTION_AGE = '3h';
  expect(await left()).toEqual(['m2', 'm3', 'm4']);
  delete env.STANZAWIRE_STORE_RETENTION_AGE;
  env.STANZAWIRE_STORE_RETENTION_PER_CHAT = '1';
  expect(await left()).toEqual(['m4']);
  await store.close();
});
