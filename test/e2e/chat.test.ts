/** Web users and users of a real XMPP server converse; the XMPP side is slixmpp, an independent client. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const fast = {
  STANZAWIRE_LIMITS_RATE: '100000',
  STANZAWIRE_LIMITS_BURST: '100000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '2000',
};

onEveryServer('chat', (server) => {
  let gateway: TestGateway;
  let alice: JsonClient;

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()), fast);
    alice = await gateway.login('alice', { scopes: ['raw'] });
    if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up', 20_000);
  });
  afterAll(() => gateway.stop());

  test.skipIf(maySkip(SlixmppPeer.available()))('alice and romeo say everything that 1:1 chat has', async () => {
    const romeo = await SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'orchard' });
    const tablet = await gateway.login('alice');

    const text = 'good <day> & "ü" 😀\nsecond line';
    const sent = await alice.request('message.send', {
      to: romeo.bareJid,
      body: text,
      subject: 'greeting',
      thread: 't1',
      lang: 'en',
    });
    expect(await romeo.next('message')).toMatchObject({
      from: 'alice@web.example.test/web',
      type: 'chat',
      id: sent.id,
      originId: sent.id,
      body: text,
      subject: 'greeting',
      thread: 't1',
      lang: 'en',
      chatState: 'active',
    });
    expect(await tablet.next('message')).toMatchObject({ id: sent.id, outgoing: true, body: text });
    await alice.request('typing.send', { to: romeo.bareJid, state: 'composing' });
    expect(await romeo.next('message')).toMatchObject({ from: 'alice@web.example.test/web', chatState: 'composing' });

    await romeo.send({ to: alice.user, chatState: 'composing' });
    expect(await alice.next('typing')).toEqual({ chat: romeo.bareJid, from: romeo.jid, state: 'composing' });
    const id = await romeo.send({ to: alice.user, body: text, thread: 't1', lang: 'de' });
    for (const session of [alice, tablet]) {
      const message = {
        id,
        chat: romeo.bareJid,
        from: romeo.jid,
        to: alice.user,
        body: text,
        thread: 't1',
        lang: 'de',
      };
      expect(await session.next('message')).toMatchObject(message);
    }
    expect(await alice.refused('message.send', { to: `nobody@${server().host}`, body: 'hi' })).toMatchObject({
      code: 'service-unavailable',
      by: `nobody@${server().host}`,
    });
    expect((await alice.rest()).filter(({ type }) => type !== 'presence')).toEqual([]);
    await Promise.all([tablet.close(), romeo.close()]);
  });

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'romeo asks to see juliet, is approved, and sees her come and go',
    async () => {
      const romeo = await SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'orchard' });
      const juliet = await gateway.login('juliet', { presence: { show: 'away' } });
      await romeo.subscribe(juliet.user);
      expect(await juliet.next('contact.request')).toMatchObject({ jid: romeo.bareJid });
      await juliet.request('contact.approve', { jid: romeo.bareJid });
      expect(await romeo.next('subscription')).toMatchObject({ type: 'subscribed', from: juliet.user });
      const presence = (show: string) =>
        romeo.next('presence', (one) => one.from === `${juliet.user}/web` && one.show === show);
      await presence('away');
      await juliet.request('presence.set', { show: 'dnd', status: 'busy' });
      expect(await presence('dnd')).toMatchObject({ status: 'busy' });
      const tablet = await gateway.login('juliet', { presence: { show: 'chat' } });
      await presence('chat');
      await tablet.close();
      await presence('dnd');
      await juliet.close();
      await romeo.next('presence', ({ from, type }) => from === `${juliet.user}/web` && type === 'unavailable');
      await romeo.rosterRemove(juliet.user);
      await romeo.close();
    },
  );

  test.skipIf(maySkip(SlixmppPeer.available()))(
    'the domain and its accounts answer like a server and its users',
    async () => {
      const romeo = await SlixmppPeer.login({ server: server(), user: 'romeo', resource: 'orchard' });
      const domain = await romeo.discoInfo(gateway.domain);
      expect(domain.identities).toMatchObject([{ category: 'server', type: 'im' }]);
      expect(domain.features).toContain('urn:xmpp:ping');
      expect(await romeo.version(gateway.domain)).toMatchObject({ name: 'Stanzawire' });
      await romeo.ping(gateway.domain);
      expect(await romeo.discoItems(gateway.domain)).toEqual([]);
      // A stranger may not ask an account; one she has written to may.
      const carol = await gateway.login('carol');
      await expect(romeo.discoInfo(`${carol.user}/web`)).rejects.toThrow('service-unavailable');
      await carol.request('message.send', { to: romeo.bareJid, body: 'hi' });
      expect((await romeo.discoInfo(`${carol.user}/web`)).identities).toMatchObject([
        { category: 'client', type: 'web' },
      ]);
      const identities = (await romeo.discoInfo(carol.user)).identities.map(
        ({ category, type }) => `${category}/${type}`,
      );
      expect(identities.toSorted()).toEqual(['account/registered', 'pubsub/pep']);
      await expect(romeo.iq('get', `${carol.user}/web`, '<odd xmlns="urn:example:odd"/>')).rejects.toThrow(
        'service-unavailable',
      );
      await Promise.all([carol.close(), romeo.close()]);
    },
  );

  test('iq.send asks the server and carries its answer and its error', async () => {
    const version = { name: 'query', attrs: { xmlns: 'jabber:iq:version' } };
    const answer = await alice.request('iq.send', { to: server().host, type: 'get', payload: version });
    expect(answer).toMatchObject({
      from: server().host,
      payload: { name: 'query', attrs: { xmlns: 'jabber:iq:version' } },
    });
    const odd = { name: 'odd', attrs: { xmlns: 'urn:example:odd' } };
    const error = await alice.refused('iq.send', { to: server().host, type: 'get', payload: odd });
    expect(error).toMatchObject({ by: server().host });
    expect(['service-unavailable', 'feature-not-implemented']).toContain(error.code);
  });

  test('10,000 messages each way arrive once and in order, each ok after the fence', async () => {
    const romeo = await C2sClient.login({ server: server(), user: 'romeo', resource: 'phone' });
    const count = 10_000;
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      romeo.onStanza((stanza) => {
        const body = stanza.name === 'message' ? stanza.child('body')?.text : undefined;
        if (body !== undefined && received.push(body) === count) resolve();
      });
    });
    const numbers = Array.from({ length: count }, (_, i) => String(i));
    const window = 500;
    for (let i = 0; i < count; i += window) {
      const batch = numbers.slice(i, i + window);
      await Promise.all(batch.map((body) => alice.request('message.send', { to: romeo.bareJid, body }, 30_000)));
    }
    await all;
    expect(received).toEqual(numbers);

    for (let i = 0; i < count; i += window) {
      for (const body of numbers.slice(i, i + window)) romeo.message(alice.user, body);
      for (const body of numbers.slice(i, i + window)) {
        const { body: got, from } = await alice.next('message', undefined, 30_000);
        if (got !== body || from !== romeo.jid) throw new Error(`expected ${body}, got ${got} from ${from}`);
      }
    }
    expect((await alice.rest()).filter(({ type }) => type === 'message')).toEqual([]);
    await romeo.close();
  }, 120_000);
});
