/** The servers and peers that the other end-to-end tests stand on: that they are what they say. */
import { expect, test } from 'vitest';
import { C2sClient } from '../support/peers/c2s.ts';
import { shakeHands } from '../support/peers/component.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import type { XmlNode } from '../support/peers/xml.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const bench = 'bench.example.test';

onEveryServer(
  'servers and peers',
  (server) => {
    const at = (domain: string) => ({ port: server().componentPorts.get(domain) ?? 0, domain });

    test.skipIf(maySkip(SlixmppPeer.available()))('alice on slixmpp and bob on the raw client chat', async () => {
      const alice = await SlixmppPeer.login({ server: server(), user: 'alice', resource: 'desk' });
      const bob = await C2sClient.login({ server: server(), user: 'bob', resource: 'phone' });
      expect(alice.jid).toBe('alice@example.test/desk');
      const id = await alice.send({ to: bob.jid, body: 'good <day> & ü 😀', lang: 'de', chatState: 'active' });
      const message = await bob.nextMessage();
      expect(message.attrs).toMatchObject({ id, from: alice.jid, type: 'chat', 'xml:lang': 'de' });
      expect(message.child('body')?.text).toBe('good <day> & ü 😀');
      expect(message.child('active')?.xmlns).toBe('http://jabber.org/protocol/chatstates');
      const answer = bob.message(alice.jid, 'to you too');
      expect(await alice.next('message')).toMatchObject({ id: answer, from: bob.jid, body: 'to you too' });
      await bob.iq('get', alice.jid, '<query xmlns="jabber:iq:version"/>');
      expect(bob.take()).toEqual([]);
      expect(alice.take('message')).toEqual([]);
      await Promise.all([alice.close(), bob.close()]);
    });

    test.skipIf(maySkip(SlixmppPeer.available()))(
      'slixmpp reports a subscription request and leaves it alone',
      async () => {
        const alice = await SlixmppPeer.login({ server: server(), user: 'alice', mechanism: 'SCRAM-SHA-1' });
        const bob = await C2sClient.login({ server: server(), user: 'bob' });
        bob.send(`<presence to="${alice.bareJid}" type="subscribe"/>`);
        expect(await alice.next('subscription')).toMatchObject({ from: bob.bareJid, type: 'subscribe' });
        await alice.ping(alice.bareJid);
        expect(bob.take((stanza) => stanza.attrs.type === 'subscribed')).toEqual([]);
        await alice.subscribed(bob.bareJid);
        await bob.next((stanza) => stanza.attrs.type === 'subscribed');
        expect(await alice.roster()).toMatchObject([{ jid: bob.bareJid, subscription: 'from' }]);
        await Promise.all([alice.close(), bob.close()]);
      },
    );

    test('a component of each domain shakes hands and its stanza reaches a user', async () => {
      const bob = await C2sClient.login({ server: server(), user: 'bob' });
      for (const domain of [server().componentDomain, bench]) {
        const component = await shakeHands({ ...at(domain), secret: server().secret });
        expect(component.answer.tag).toBe('handshake');
        component.send(`<message from="juliet@${domain}" to="${bob.jid}"><body>from ${domain}</body></message>`);
        expect((await bob.nextMessage()).attrs.from).toBe(`juliet@${domain}`);
        component.end();
      }
      await bob.close();
    });

    test('a component with a wrong secret is refused', async () => {
      const { answer, end } = await shakeHands({ ...at(server().componentDomain), secret: 'wrong' });
      expect(answer.child('not-authorized')).toBeDefined();
      end();
    });

    test('a user of the component opens a room and gets an upload slot', async () => {
      const { componentDomain, rooms, uploadDomain, httpPort, secret } = server();
      const component = await shakeHands({ ...at(componentDomain), secret });
      const me = `juliet@${componentDomain}/web`;
      component.send(
        `<presence from="${me}" to="balcony@${rooms}/juliet"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
      );
      const statuses = (stanza: XmlNode): (string | undefined)[] =>
        stanza.child('x', 'http://jabber.org/protocol/muc#user')?.elements.map(({ attrs }) => attrs.code) ?? [];
      await component.next((stanza) => stanza.name === 'presence' && statuses(stanza).includes('201'));
      component.send(
        `<iq type="get" id="slot" from="${me}" to="${uploadDomain}">` +
          '<request xmlns="urn:xmpp:http:upload:0" filename="a.txt" size="3"/></iq>',
      );
      const slot = (await component.next((stanza) => stanza.attrs.id === 'slot')).child('slot');
      expect(slot?.child('put')?.attrs.url).toContain(`http://127.0.0.1:${httpPort}/`);
      component.end();
    });

    test('a restart keeps ports, accounts and rosters, and ends the streams', async () => {
      const { c2sPort, componentPort, pid } = server();
      const before = await C2sClient.login({ server: server(), user: 'romeo' });
      await before.iq('set', '', '<query xmlns="jabber:iq:roster"><item jid="juliet@example.test"/></query>');
      await server().restart();
      await before.closed;
      expect(server()).toMatchObject({ c2sPort, componentPort });
      expect(server().pid).not.toBe(pid);
      const after = await C2sClient.login({ server: server(), user: 'romeo' });
      const roster = await after.iq('get', '', '<query xmlns="jabber:iq:roster"/>');
      expect(roster.child('query')?.child('item')?.attrs.jid).toBe('juliet@example.test');
      await after.close();
    });

    test('its CPU time and memory are read', async () => {
      expect(server().cpuMicros()).toBeGreaterThan(0);
      expect(server().rssBytes()).toBeGreaterThan(10_000_000);
      await server().kill('SIGKILL');
      expect(server().cpuMicros()).toBe(0);
      await server().restart();
    });
  },
  { components: [bench], maxStanzaSize: 262_144 },
);
