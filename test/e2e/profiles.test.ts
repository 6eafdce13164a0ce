/** Nicks, avatars and vCards between web users and an XMPP user on slixmpp, on real servers. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { png } from '../support/images.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppProfile } from '../support/peers/slixmpp-profile.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const sha1 = (image: Uint8Array): string => createHash('sha1').update(image).digest('hex');

onEveryServer('profiles', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user on slixmpp', () => {
    const [hers, his] = [png(8, 8, [200, 0, 0]), png(6, 6, [0, 0, 200])];
    const nodes = [ns.avatarMetadata, ns.nick];
    let gateway: TestGateway;
    let alice: JsonClient;
    let romeo: SlixmppProfile;

    beforeAll(async () => {
      gateway = await TestGateway.start(upstreamOf(server()));
      alice = await gateway.login('alice');
      if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
      romeo = await SlixmppProfile.login({ server: server(), user: 'romeo', resource: 'orchard' }, nodes);
      await alice.request('profile.set', {
        nick: 'Alice',
        avatar: { data: Buffer.from(hers).toString('base64') },
        vcard: { fn: 'Alice Liddell', email: ['alice@example.com'] },
      });
    });
    afterAll(async () => {
      await romeo.peer.close();
      await gateway.stop();
    });

    test('a request to see someone carries the nick; a new contact is told nick and avatar at once', async () => {
      await alice.request('contact.add', { jid: romeo.peer.bareJid });
      const { xml } = await romeo.peer.next('subscription', ({ type }) => type === 'subscribe');
      expect(xml).toContain('Alice');
      await romeo.peer.subscribed(alice.user);
      await romeo.peer.subscribe(alice.user);
      const present = ({ from, type }: { from?: string; type: string }) =>
        from === `${alice.user}/web` && type === 'available';
      expect((await romeo.peer.next('presence', present, 10_000)).xml).toContain(sha1(hers));
      expect(await romeo.notified(alice.user, ns.avatarMetadata)).toContain(sha1(hers));
      expect(await romeo.notified(alice.user, ns.nick)).toContain('Alice');
    });

    test('the image and the vCard are there for every kind of client', async () => {
      expect((await romeo.avatar(alice.user, sha1(hers))).equals(Buffer.from(hers))).toBe(true);
      const vcard = await romeo.vcard(alice.user);
      expect(vcard).toMatchObject({ fn: 'Alice Liddell', type: 'image/png' });
      expect(Buffer.from(vcard.photo, 'base64').equals(Buffer.from(hers))).toBe(true);
      const stranger = await SlixmppPeer.login({ server: server(), user: 'juliet' });
      const ask = (node: string) =>
        stranger.iq('get', alice.user, `<pubsub xmlns="${ns.pubsub}"><items node="${node}"/></pubsub>`);
      expect(await ask(ns.vcard4Node)).toContain('Alice Liddell');
      await expect(ask('eu.siacs.conversations.axolotl.devicelist')).rejects.toThrow('service-unavailable');
      await stranger.close();
    });

    test('a change is told at once, and what is taken back is gone', async () => {
      await alice.request('profile.set', { nick: 'Al' });
      expect(await romeo.notified(alice.user, ns.nick)).toContain('Al');
      await alice.request('profile.set', { avatar: false });
      expect(await romeo.notified(alice.user, ns.avatarMetadata)).not.toContain('<info');
      const isBare = ({ from, xml }: { from?: string; xml: string }) =>
        from === `${alice.user}/web` && xml.includes('vcard-temp:x:update') && !xml.includes(sha1(hers));
      await romeo.peer.next('presence', isBare, 10_000);
      await expect(romeo.avatar(alice.user, sha1(hers))).rejects.toThrow('item-not-found');
    });

    test('what the XMPP user publishes is told, fetched and served', async () => {
      await romeo.publishAvatar(his, 'image/png', 6, 6);
      const { jid, avatar } = await alice.next('profile', (profile) => profile.avatar !== undefined, 10_000);
      expect({ jid, avatar }).toMatchObject({ jid: romeo.peer.bareJid, avatar: { id: sha1(his), bytes: his.length } });
      const fetched = await alice.request('avatar.get', { jid: romeo.peer.bareJid });
      expect(fetched).toMatchObject({ id: sha1(his), mediaType: 'image/png', width: 6, height: 6 });
      const response = await fetch(new URL(fetched.url ?? '', gateway.url.replace('ws', 'http')));
      expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(his))).toBe(true);
      await romeo.publishNick('Romeo M.');
      await alice.next('profile', ({ nick }) => nick === 'Romeo M.', 10_000);
      const tablet = await gateway.login('alice');
      const known = await tablet.next('profile', (profile) => profile.jid === romeo.peer.bareJid);
      expect(known).toMatchObject({ nick: 'Romeo M.', avatar: { id: sha1(his), url: fetched.url } });
      await tablet.close();
    });

    test('a vCard is read, with a photo that is known by nothing else', async () => {
      const photo = png(4, 4, [0, 200, 0]);
      const juliet = await SlixmppProfile.login({ server: server(), user: 'juliet' }, nodes);
      await juliet.publishVCard('Juliet Capulet', 'juliet@example.com', photo);
      const profile = await alice.request('profile.get', { jid: juliet.peer.bareJid });
      expect(profile).toMatchObject({
        jid: juliet.peer.bareJid,
        vcard: { fn: 'Juliet Capulet', email: ['juliet@example.com'] },
        avatar: { id: sha1(photo), width: 4 },
      });
      expect(await alice.request('avatar.get', { jid: juliet.peer.bareJid })).toEqual(profile.avatar);
      // Nobody says nothing; servers do not tell who is nobody.
      const nobody = `nobody@${server().host}`;
      expect(await alice.refused('avatar.get', { jid: nobody })).toMatchObject({ by: nobody });
      await juliet.peer.close();
    });
  });
});
