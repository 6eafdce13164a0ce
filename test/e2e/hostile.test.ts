/** What scenes/hostile.test.ts tries on the scripted server, on real ones: the link never drops, and others chat on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ElementTree } from '../../src/protocol/errors.ts';
import { escapeLocal } from '../../src/xmpp/jid.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import {
  badAddressing,
  badShapes,
  everyCharacter,
  forbiddenText,
  oddTexts,
  wronglyAnswered,
} from '../support/hostile.ts';
import type { JsonClient } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { onEveryServer } from '../support/servers/each.ts';

const env = {
  STANZAWIRE_LIMITS_RATE: '100000',
  STANZAWIRE_LIMITS_BURST: '100000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '1000',
  STANZAWIRE_LIMITS_FRAME: '256KiB',
  STANZAWIRE_LIMITS_SEND_TIMEOUT: '5s',
};

/** Payloads that XML allows and that a server has to get over. */
const oddPayloads: ElementTree[] = [
  { name: 'error', attrs: { xmlns: 'http://etherx.jabber.org/streams' } },
  { name: 'stream', attrs: { xmlns: 'http://etherx.jabber.org/streams', to: 'x' } },
  { name: 'iq', attrs: { type: 'get', xmlns: 'jabber:component:accept' } },
  { name: 'message', attrs: { xmlns: 'jabber:client' }, children: [{ name: 'body', children: ['x'] }] },
  { name: 'handshake', attrs: { xmlns: 'jabber:component:accept' }, children: ['x'] },
  { name: 'query' },
  { name: 'query', attrs: { xmlns: '' } },
  { name: 'query', attrs: { xmlns: 'jabber:server' } },
  { name: 'query', attrs: { xmlns: `odd|namespace'"<>&\u00e9😀\u2060` } },
  { name: 'query', attrs: { xmlns: 'jabber:iq:version', 'xml:lang': 'x'.repeat(100), constructor: 'y' } },
  { name: '_-.9', attrs: { xmlns: 'urn:example:odd', '_.-9': 'x' } },
  { name: 'a', attrs: { xmlns: 'urn:example:wide' }, children: Array.from({ length: 4000 }, () => ({ name: 'b' })) },
  { name: 'query', attrs: { xmlns: 'http://jabber.org/protocol/disco#info', node: 'x'.repeat(50_000) } },
  { name: 'vCard', attrs: { xmlns: 'vcard-temp' } },
  { name: 'pubsub', attrs: { xmlns: 'http://jabber.org/protocol/pubsub#owner' } },
  { name: 'enable', attrs: { xmlns: 'urn:xmpp:sm:3' } },
  { name: 'auth', attrs: { xmlns: 'urn:ietf:params:xml:ns:xmpp-sasl', mechanism: 'PLAIN' } },
];

/** Addresses that may be somebody's; servers disagree on some. */
const oddAddresses = [
  '😀@',
  'ǅ@',
  'ß@',
  'ı@',
  'a\u0301@',
  'שלום@',
  'x\\40y@',
  `${'x'.repeat(1023)}@`,
  '\u2f00@',
  'ｆｕｌｌ@',
];

onEveryServer('hostile input', (server) => {
  let gateway: TestGateway;
  let mallory: JsonClient;
  let romeo: C2sClient;

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()), env);
    mallory = await gateway.login('mallory', { scopes: ['raw'] });
    if (mallory.ready?.link === 'down') await mallory.next('state', ({ link }) => link === 'up', 20_000);
    romeo = await C2sClient.login({ server: server(), user: 'romeo', resource: 'phone' });
  });
  afterAll(async () => {
    await linkNeverDropped();
    await romeo.close();
    await gateway.stop();
  });

  async function linkNeverDropped(): Promise<void> {
    const text = await gateway.metrics();
    const lost = text.match(/^stanzawire_link_disconnects_total\{.*\} [1-9].*$/gm);
    expect(lost).toBeNull();
    expect(text).toMatch(/^stanzawire_link_connects_total\{result="ok"\} 1$/m);
    expect(mallory.inbox.take(({ type }) => type === 'state')).toEqual([]);
  }

  test('is answered with its error while others chat undisturbed', async () => {
    const bob = await gateway.login('bob');
    let over = false;
    const attack = async () => {
      const wrong: string[] = [];
      for (const one of [...forbiddenText('requests'), ...badAddressing(), ...badShapes()]) {
        wrong.push(...(await wronglyAnswered(mallory, [one])));
      }
      over = true;
      return wrong;
    };
    const attacked = attack();
    let said = 0;
    do {
      const id = `bob-${said++}`;
      await bob.request('message.send', { to: romeo.jid, id, body: id });
      expect((await romeo.nextMessage()).attrs.id).toBe(id);
      const answer = `romeo-${id}`;
      romeo.message(bob.user, answer, answer);
      expect(await bob.next('message')).toMatchObject({ id: answer, body: answer });
    } while (!over);
    expect(await attacked).toEqual([]);
    expect(await bob.rest()).toEqual([]);
    expect(romeo.take((stanza) => stanza.attrs.from?.startsWith('mallory') ?? false)).toEqual([]);
    await bob.close();
    await linkNeverDropped();
  });

  test('a megabyte closes its own socket with 1009', async () => {
    const client = await gateway.login('mallory');
    client.send({ type: 'message.send', id: 1, data: { to: romeo.jid, body: 'x'.repeat(1024 * 1024) } });
    expect(await client.closed).toBe(1009);
    await linkNeverDropped();
  });

  test('text that looks bad and is allowed arrives as it is, every character of XML included', async () => {
    for (const body of [...oddTexts, ...everyCharacter()]) {
      await mallory.request('message.send', { to: romeo.jid, body, subject: body.slice(0, 1000) });
      const message = await romeo.nextMessage();
      expect(message.child('body')?.text).toBe(body);
      expect(message.child('subject')?.text).toBe(body.slice(0, 1000));
    }
    await linkNeverDropped();
  });

  test('odd payloads, attributes and addresses are answered by somebody', async () => {
    const asked: [string, object][] = [];
    for (const payload of oddPayloads) {
      for (const type of ['get', 'set']) {
        for (const to of [server().host, romeo.bareJid, romeo.jid]) asked.push(['iq.send', { to, type, payload }]);
      }
    }
    for (const a of everyCharacter()) {
      const xmlns = a.replace(/[\s\p{Cc}]/gu, '');
      const payload = { name: 'query', attrs: { xmlns, a }, children: [a] };
      asked.push(['iq.send', { to: server().host, type: 'get', payload }]);
    }
    for (const local of oddAddresses) {
      asked.push(['message.send', { to: `${local}${server().host}`, body: 'hi' }]);
      asked.push(['message.send', { to: `${server().host}/${local}`, body: 'hi' }]);
    }
    const answers = await Promise.all(asked.map(([type, data]) => mallory.answer({ type, data }, 20_000)));
    expect(answers.filter(({ type }) => type !== 'ok' && type !== 'error')).toEqual([]);
    expect(answers.filter(({ error }) => error?.code === 'link-down' || error?.code === 'unconfirmed')).toEqual([]);
    await mallory.request('message.send', { to: romeo.jid, body: 'still here' });
    await romeo.nextMessage((message) => message.child('body')?.text === 'still here');
    await linkNeverDropped();
  });

  test('no user name that the gateway takes makes an address that ends the stream, or another one’s', async () => {
    const names = Array.from({ length: 700 }, (_, i) => String.fromCodePoint(0x21 + i * 93)).filter((name) =>
      escapeLocal(name),
    );
    names.push(' a b'.trim(), `a"&'/:<>@\\40b`, 'x'.repeat(1023), '\\'.repeat(300), 'Γιώργος', 'ışık', 'שלום');
    let arrived = 0;
    for (const name of names) {
      const client = await gateway.login(name, { presence: false });
      const { error } = await client.answer({ type: 'message.send', data: { to: romeo.jid, body: name } }, 20_000);
      if (!error) {
        expect((await romeo.nextMessage()).attrs.from).toBe(`${client.user}/web`);
        arrived++;
      }
      await client.close();
    }
    expect(arrived).toBeGreaterThan(names.length / 3);
    await linkNeverDropped();
  });
});
