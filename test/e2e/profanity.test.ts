/** A web user and a user of profanity, a client for people, on real servers: what each does is seen by the other. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { png } from '../support/images.ts';
import type { JsonClient } from '../support/json-client.ts';
import { Profanity } from '../support/peers/profanity.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

onEveryServer('profanity', (server) => {
  describe.skipIf(maySkip(Profanity.available()))('and a web user', () => {
    let gateway: TestGateway;
    let alice: JsonClient;
    let romeo: Profanity;
    let to = '';

    beforeAll(async () => {
      gateway = await TestGateway.start(upstreamOf(server()));
      alice = await gateway.login('alice');
      if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
      romeo = await Profanity.login(server(), 'romeo');
      to = romeo.bareJid;
      await romeo.type('/receipts request on');
    });
    afterAll(async () => {
      await romeo?.close();
      await gateway.stop();
    });

    test('become contacts and see each other', async () => {
      await alice.request('contact.add', { jid: to });
      await romeo.sees(/Received authorization request from alice@/);
      await romeo.type(`/sub allow ${alice.user}`);
      await romeo.type(`/sub request ${alice.user}`);
      await alice.next('contact', ({ subscription }) => subscription === 'both', 10_000);
      await alice.next('presence', ({ from, type }) => from === `${to}/terminal` && type === 'available');
      await romeo.sees(/\+\+ alice@\S+ \(web\) is online/);
    });

    test('what he sends is delivered, and he sees whether a receipt came', async () => {
      await alice.request('settings.set', { sendReceipts: false });
      await romeo.type(`/msg ${alice.user} no receipt for this`);
      await alice.next('message', ({ body }) => body === 'no receipt for this');
      await romeo.seesPending('no receipt for this', true);
      await alice.request('settings.set', { sendReceipts: true });
      await romeo.type('hello teh web');
      await alice.next('message', ({ body }) => body === 'hello teh web');
      await romeo.seesPending('hello teh web', false);
    });

    test('his correction is one for her', async () => {
      await romeo.type('hello tge wbe');
      const { id } = await alice.next('message', ({ body }) => body === 'hello tge wbe');
      await romeo.type('/correct hello the web');
      const event = { replace: id, body: 'hello the web', from: `${to}/terminal` };
      expect(await alice.next('message.edited')).toMatchObject(event);
      const { items } = await alice.request('history.get', { chat: to, ids: [id] });
      expect(items[0]?.data).toMatchObject({ id, body: 'hello the web' });
    });

    test('he sees her typing, her message and its correction; she sees his receipt', async () => {
      await alice.request('typing.send', { to, state: 'composing' });
      await romeo.sees(/typing/);
      const { id } = await alice.request('message.send', { to, body: 'hi form Alice' });
      await romeo.sees(/: hi form Alice/);
      expect(await alice.next('receipt')).toMatchObject({ id, status: 'delivered', from: `${to}/terminal` });
      await alice.request('message.edit', { to, id, body: 'hi from Alice 🐢' });
      await romeo.sees(/\+ alice@\S+: hi from Alice 🐢/);
      expect(await romeo.screen()).not.toContain('hi form Alice');
      await alice.request('message.retract', { to, id });
      await romeo.sees(/This person took a message back/);
    });

    test('what he can only send encrypted is not sent, and he is told', async () => {
      await romeo.type('/omemo gen');
      await romeo.type(`/omemo start ${alice.user}`);
      await romeo.sees(/\[OMEMO\]/);
      await romeo.type('a secret');
      await romeo.sees(/Can't find a OMEMO device id for alice@|cannot be decrypted for any recipient/);
      await romeo.type('/omemo end');
      await romeo.type('no secret');
      expect((await alice.next('message')).body).toBe('no secret');
    });

    test('he gets her avatar, byte for byte, and she gets his', async () => {
      const image = png(8, 8, [200, 0, 0]);
      await alice.request('profile.set', { avatar: { data: Buffer.from(image).toString('base64') } });
      await romeo.type(`/avatar get ${alice.user}`);
      await romeo.type('/win 1');
      await romeo.sees(/Avatar saved as/);
      expect(romeo.avatarOf(alice.user).equals(Buffer.from(image))).toBe(true);
      writeFileSync(`${romeo.home}/his.png`, png(6, 6, [0, 0, 200]));
      await romeo.type(`/avatar set ${romeo.home}/his.png`);
      // Version 0.13 announces it as `img/png`; what it is, is known when it is fetched.
      const { avatar } = await alice.next('profile', (profile) => profile.avatar !== undefined, 10_000);
      const fetched = await alice.request('avatar.get', { jid: to });
      expect(fetched).toMatchObject({ id: avatar?.id, mediaType: 'image/png', width: 6, height: 6 });
    });
  });
});
