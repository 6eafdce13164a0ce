/** Contacts and presence between web users and users of real XMPP servers, whose side is slixmpp. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import type { DiscoInfo } from '../support/peers/slixmpp-types.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

onEveryServer('contacts', (server) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'stanzawire-contacts-'));
  const env = { STANZAWIRE_STORE_URL: `sqlite:${folder}/test.db`, STANZAWIRE_SESSIONS_RESUME_WINDOW: '2s' };
  let gateway: TestGateway;

  const start = async (): Promise<void> => {
    gateway = await TestGateway.start(upstreamOf(server()), env);
    const client = await gateway.login('waits-for-the-link', { presence: false });
    if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up', 30_000);
    await client.close();
  };
  const romeoLogin = () => SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'orchard' });
  beforeAll(start);
  afterAll(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'a contact adds a web user, sees it come, stay through a reload, go after the last tab, and come back',
    async () => {
      let romeo = await romeoLogin();
      let juliet = await gateway.login('juliet', { presence: { show: 'away' } });
      const web = `${juliet.user}/web`;
      const sees = (what: string, ms?: number) =>
        romeo.next('presence', ({ from, type, show }) => from === web && (show ?? type) === what, ms);
      /** Nothing came about her but what was awaited; a ping through the gateway proves that it would be here. */
      const nothingElse = async () => {
        await romeo.ping(gateway.domain);
        expect(romeo.take('presence').filter(({ from }) => from?.startsWith(juliet.user))).toEqual([]);
      };
      await romeo.subscribe(juliet.user);
      await juliet.next('contact.request', ({ jid }) => jid === romeo.bareJid);
      await juliet.request('contact.add', { jid: romeo.bareJid, name: 'Romeo' });
      await romeo.next('subscription', ({ type }) => type === 'subscribed');
      await romeo.next('subscription', ({ type }) => type === 'subscribe');
      await romeo.subscribed(juliet.user);
      await juliet.next('contact', ({ subscription }) => subscription === 'both');
      await sees('away');
      const orchard = ({ from, type }: { from: string; type: string }) => from === romeo.jid && type === 'available';
      await juliet.next('presence', orchard);
      await romeo.ping(gateway.domain);
      romeo.take('presence');

      juliet = await reload(gateway, juliet, 'juliet');
      await nothingElse();

      const tablet = await gateway.login('juliet', { presence: { show: 'away' } });
      await juliet.close(1000);
      await nothingElse();
      // A tab that is closed looks like one that is reloaded until its window is over.
      await tablet.close(1001);
      await nothingElse();
      await sees('unavailable', 10_000);

      juliet = await gateway.login('juliet', { presence: { show: 'dnd' }, want: ['contacts'] });
      expect(juliet.ready?.contacts).toMatchObject([{ jid: romeo.bareJid, name: 'Romeo', subscription: 'both' }]);
      await sees('dnd');
      await juliet.next('presence', orchard);

      // The XMPP server goes and comes back: both see each other again.
      await server().restart();
      await juliet.next('state', ({ link }) => link === 'up', 30_000);
      await romeo.close();
      romeo = await romeoLogin();
      await sees('dnd', 15_000);
      await juliet.next('presence', orchard, 15_000);

      // The gateway does: nobody is told that she has gone, and she is there again.
      romeo.take('presence');
      await gateway.stop();
      await start();
      juliet = await gateway.login('juliet', { presence: { show: 'xa' }, want: ['contacts'] });
      expect(juliet.ready?.contacts).toMatchObject([{ jid: romeo.bareJid, name: 'Romeo', subscription: 'both' }]);
      await sees('xa', 15_000);
      await juliet.next('presence', orchard, 15_000);
      await nothingElse();

      await juliet.request('contact.remove', { jid: romeo.bareJid });
      await sees('unavailable');
      await romeo.next('subscription', ({ type }) => type === 'unsubscribed');
      const left = (await romeo.roster()).find(({ jid }) => jid === juliet.user);
      expect(left?.subscription ?? 'none').toBe('none');
      await romeo.rosterRemove(juliet.user);
      await Promise.all([juliet.request('session.end', {}), romeo.close()]);
    },
    120_000,
  );

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'a request waits for an absent user, over a restart of the gateway; a pre-approval needs no question',
    async () => {
      const romeo = await romeoLogin();
      const alice = await gateway.login('alice');
      await alice.request('session.end', {});
      await romeo.subscribe(alice.user);
      await romeo.ping(gateway.domain);
      await gateway.stop();
      await start();
      const again = await gateway.login('alice', { want: ['contacts'] });
      expect(again.ready?.requests).toEqual([{ jid: romeo.bareJid }]);
      await again.request('contact.deny', { jid: romeo.bareJid });
      await romeo.next('subscription', ({ type }) => type === 'unsubscribed');
      await again.request('contact.approve', { jid: romeo.bareJid });
      await romeo.subscribe(again.user);
      await romeo.next('subscription', ({ type }) => type === 'subscribed');
      await romeo.next('presence', ({ from, type }) => from === `${again.user}/web` && type === 'available');
      expect(await again.next('contact', ({ subscription }) => subscription === 'from')).toMatchObject({
        approved: true,
      });
      // The end of it by the contact.
      await romeo.unsubscribe(again.user);
      await again.next('contact', ({ subscription }) => subscription === 'none');
      await again.request('contact.remove', { jid: romeo.bareJid });
      await romeo.rosterRemove(again.user);
      await Promise.all([again.request('session.end', {}), romeo.close()]);
    },
    60_000,
  );

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'presence that is directed at a stranger lets it ask; its caps hash is that of what it answers',
    async () => {
      const romeo = await romeoLogin();
      const bob = await gateway.login('bob');
      const web = `${bob.user}/web`;
      await expect(romeo.discoInfo(web)).rejects.toThrow('service-unavailable');
      const idleSince = new Date(Date.now() - 600_000).toISOString();
      await bob.request('presence.send', { to: romeo.jid, show: 'away', idleSince });
      const { xml } = await romeo.next('presence', ({ from, show }) => from === web && show === 'away');
      expect(xml).toContain(idleSince);
      const [, ver = ''] = /ver=["']([^"']+)["']/.exec(xml) ?? [];
      const [, node = ''] = /node=["']([^"']+)["']/.exec(xml) ?? [];
      const info = await romeo.discoInfo(web, `${node}#${ver}`);
      expect(ver).toBe(capsHash(info));
      expect(await romeo.discoInfo(web)).toEqual(info);
      await bob.request('session.end', {});
      await romeo.next('presence', ({ from, type }) => from === web && type === 'unavailable');
      await romeo.close();
    },
    60_000,
  );
});

/** Loses the socket as a reload does, and comes back: resumed where that can be. */
async function reload(gateway: TestGateway, client: JsonClient, user: string): Promise<JsonClient> {
  const { session = '', resume } = client.ready ?? {};
  if ((resume?.windowMs ?? 0) === 0) return client;
  const seq = Math.max(0, ...client.inbox.take().map((frame) => frame.seq ?? 0));
  await client.close(1001);
  const next = await gateway.login(user, { resume: { session, seq } });
  expect(next.ready?.resumed).toBe(true);
  return next;
}

/** XEP-0115 §5.1, by what the disco answer says. */
function capsHash({ identities, features }: DiscoInfo): string {
  const lines = [
    ...identities.map(({ category, type, name }) => `${category}/${type}//${name ?? ''}`).toSorted(),
    ...features.toSorted(),
  ];
  return createHash('sha1')
    .update(lines.map((line) => `${line}<`).join(''))
    .digest('base64');
}
