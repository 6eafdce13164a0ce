/** Fields of messages on real servers: what slixmpp's plugins read and write of them, and text with files in a room. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const limits = { STANZAWIRE_LIMITS_RATE: '100000', STANZAWIRE_LIMITS_BURST: '100000' };
const [first, second] = ['https://up.example.com/a.jpg', 'https://up.example.com/b.jpg'];

onEveryServer('fields of messages', (server) => {
  describe.skipIf(maySkip(SlixmppPeer.available()))('with an XMPP user on slixmpp', () => {
    let gateway: TestGateway;
    let alice: JsonClient;
    let bob: JsonClient;
    let romeo: SlixmppPeer;
    const fields = () => romeo.next('fields');

    beforeAll(async () => {
      gateway = await TestGateway.start(upstreamOf(server()), limits);
      alice = await gateway.login('alice');
      bob = await gateway.login('bob');
      if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
      romeo = await SlixmppPeer.login({ server: server(), user: 'romeo' });
      await romeo.call('fields', {});
    });
    afterAll(async () => {
      await romeo.close();
      await gateway.stop();
    });

    test('a reply names and quotes what it answers, both ways', async () => {
      await romeo.call('sendFields', { to: alice.user, body: 'cake? 🍰' });
      const asked = await alice.next('message');
      await alice.request('message.send', { to: romeo.bareJid, id: 'yes', body: 'cake!', reply: { id: asked.id } });
      expect(await fields()).toMatchObject({
        body: '> cake? 🍰\ncake!',
        reply: { id: asked.id, to: romeo.jid },
        fallback: { for: 'urn:xmpp:reply:0', start: '0', end: '10' },
      });
      const quoted = '> cake!\n';
      const fallback = { start: 0, end: quoted.length };
      const reply = { id: 'yes', to: alice.user };
      await romeo.call('sendFields', { to: alice.user, body: `${quoted}with 🍒`, reply, fallback });
      const said = { body: 'with 🍒', reply: { ...reply, quote: 'cake!' } };
      expect(await alice.next('message')).toMatchObject(said);
    });

    test('files, spoilers, markup, encryption, JSON and what is forwarded are read on both sides', async () => {
      const to = romeo.bareJid;
      await alice.request('message.send', { to, files: [{ url: first, name: 'a.jpg' }] });
      expect(await fields()).toMatchObject({ body: first, oob: first });
      await alice.request('message.send', { to, body: 'They die', spoiler: 'the end', attention: true });
      expect(await fields()).toMatchObject({ body: 'They die', spoiler: 'the end', attention: true });
      const html = 'Oh <em>my</em>!<script>evil()</script>';
      await alice.request('message.send', { to, body: 'Oh my!', html, payload: { json: { a: [1] } } });
      const marked = await fields();
      expect(marked).toMatchObject({ json: { a: [1] } });
      expect(marked.html).toContain('<em>my</em>!');
      expect(marked.html).not.toContain('evil');
      const forwarded = [{ from: 'juliet@example.com/balcony', body: 'O Romeo' }];
      await alice.request('message.send', {
        to,
        body: 'See',
        forwarded,
        encryption: { namespace: 'urn:example:e', name: 'E' },
      });
      expect(await fields()).toMatchObject({
        forwarded: forwarded[0],
        encryption: { namespace: 'urn:example:e', name: 'E' },
      });

      await romeo.call('sendFields', { to: alice.user, body: first, oob: first });
      const file = await alice.next('message');
      expect(file).toMatchObject({ files: [{ url: first }] });
      expect(file).not.toHaveProperty('body');
      const all = {
        body: 'b',
        spoiler: 's',
        attention: true,
        json: { a: [1] },
        encryption: { namespace: 'urn:e', name: 'E' },
      };
      await romeo.call('sendFields', { to: alice.user, ...all, forwarded: forwarded[0], html: '<p>b</p>' });
      const { json, ...others } = all;
      expect(await alice.next('message')).toMatchObject({ ...others, payload: { json }, forwarded, html: '<p>b</p>' });
    });

    test('in a room text with files is one message for web users, and a text and links for others', async () => {
      const room = `fields@${server().rooms}`;
      await alice.request('room.create', { room, nick: 'Alice' });
      const { values } = await alice.request('room.config.get', { room });
      if ('archive' in values) await alice.request('room.config.set', { room, values: { archive: true } });
      await bob.request('room.join', { room, nick: 'Bob' });
      await SlixmppRoom.join(romeo, room, 'Romeo');
      romeo.take('fields');
      const files = [{ url: first, name: 'a.jpg' }, { url: second }];
      const sent = await alice.request('message.send', { to: room, body: 'Photos', files });
      const heard = await bob.next('message', ({ body }) => body === 'Photos');
      expect(heard).toMatchObject({ id: sent.id, files });
      for (const body of ['Photos', first, second]) expect(await fields()).toMatchObject({ body });
      await bob.request('message.send', { to: room, body: 'nice', reply: { id: heard.id } });
      const answer = await alice.next('message', ({ body }) => body === 'nice');
      expect(answer).toMatchObject({ reply: { id: sent.id, to: `${room}/Alice`, quote: 'Photos' } });
      const page = await bob.request('history.get', { chat: room });
      expect(page.items.map(({ data }) => data).slice(-2)).toMatchObject([{ id: sent.id, files }, { body: 'nice' }]);
    });
  });
});
