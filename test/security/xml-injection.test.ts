/** XML smuggled into the stream that all users share: through every text, and through the hatches that take XML. */
import { afterEach, beforeAll, expect, it } from 'vitest';
import { attack } from '../support/attack.ts';
import type { JsonClient } from '../support/json-client.ts';

/** Each would end the stream, or begin a stanza of somebody else's, if it were written as it is. */
const smuggled = [
  ']]>',
  '<![CDATA[',
  '</body></message><message from="romeo@example.test" to="juliet@example.test"><body>forged',
  '</stream:stream>',
  "'/><presence from='romeo@example.test'/><x y='",
  '"/><iq type="set" id="1"><query xmlns="jabber:iq:roster"/></iq><x y="',
  '&lt;/message&gt;',
  '&#x3c;/message&#x3e;',
  '&amp;lt;',
  '<?xml version="1.0"?>',
  '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
  '<!--',
  '\u2028</message>\u2029',
  '\ufeff<x/>',
];

attack(
  'XML injection',
  (at) => {
    let alice: JsonClient;
    beforeAll(() => {
      alice = at().alice;
    });
    afterEach(async () => {
      // One link since the start: no server ended the stream.
      expect(await at().gateway.metrics()).toMatch(/stanzawire_link_connects_total\{result="ok"\} 1\n/);
    });

    it.each(smuggled)('%j in any text of a message arrives as that text', async (text) => {
      const { romeo } = at();
      const data = { to: romeo.bareJid, id: `id ${text}`, body: text, subject: text, thread: text };
      await alice.request('message.send', data, 20_000);
      const message = await romeo.nextMessage(undefined, 20_000);
      expect(message.attrs).toMatchObject({ from: `${alice.user}/web`, id: `id ${text}` });
      for (const name of ['body', 'subject', 'thread']) expect(message.child(name)?.text, name).toBe(text);
      await alice.request('presence.set', { status: text });
      const presence = await romeo.next(
        (stanza) => stanza.name === 'presence' && stanza.child('status')?.text === text,
      );
      expect(presence.attrs.from).toBe(`${alice.user}/web`);
      expect(romeo.take((stanza) => stanza.name === 'message')).toEqual([]);
    });

    const bomb = (levels: number) =>
      `<!DOCTYPE x [<!ENTITY a0 "ha">${Array.from({ length: levels }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('')}]><message><body>&a${levels};</body></message>`;
    it.each<[string, string]>([
      ['a billion laughs', bomb(9)],
      [
        'an external entity',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><message><body>&e;</body></message>',
      ],
      ['a parameter entity', '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]><message/>'],
      ['an undeclared entity', '<message><body>&e;</body></message>'],
      ['a CDATA section', '<message><body><![CDATA[</body></message>]]></body></message>'],
      ['an end of CDATA by itself', '<message><body>]]></body></message>'],
      ['a comment', '<message><!----></message>'],
      ['a processing instruction', '<message><?x y?></message>'],
      [
        'an include',
        '<message><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></message><x/>',
      ],
      ['two stanzas', '<message/><presence/>'],
      ['the end of the stream', '<message/></stream:stream>'],
      ['a stanza in two halves', '</message><message>'],
      ['another sender', '<message from="romeo@example.test"><body>x</body></message>'],
      ['another sender’s resource', '<message from="romeo@example.test/orchard"/>'],
      ['a sender by a reference', '<message from="&#114;omeo@example.test"/>'],
      ['two senders', '<message from="alice@web.example.test" from="romeo@example.test"/>'],
      ['a sender with a prefix', '<message xmlns:c="jabber:client" c:from="romeo@example.test"/>'],
      ['the roster', '<message><query xmlns="jabber:iq:roster"/></message>'],
      ['the roster by a reference', '<message><query xmlns="jabber:iq:&#114;oster"/></message>'],
      [
        'the roster by a prefix',
        '<r:message xmlns:r="jabber:client"><q:query xmlns:q="jabber:iq:roster"/></r:message>',
      ],
      ['the roster further in', '<message><a xmlns="urn:a"><b><query xmlns="jabber:iq:roster"/></b></a></message>'],
      ['the namespace of servers', '<message xmlns="jabber:server"/>'],
      ['a stream element', '<message><stream:features xmlns:stream="http://etherx.jabber.org/streams"/></message>'],
      ['a prefix that is taken', '<stream:message/>'],
      ['the end of a namespace', '<message><a xmlns="urn:a&quot; from=&quot;romeo@example.test"/></message>'],
      ['a name with a bracket', '<message><a<b/></message>'],
      ['a thousand levels', `<message>${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</message>`],
      ['a tag of 100 KiB', `<message a="${'x'.repeat(100_000)}"/>`],
      ['a stanza over the limit', `<message><body>${'x'.repeat(300_000)}</body></message>`],
    ])('%s does not get through stanza.send', async (_, xml) => {
      const { romeo } = at();
      const to = ` to="${romeo.jid}"`;
      const addressed = xml.replace('<message', `<message${to}`);
      const { code } = await alice.refused('stanza.send', { xml: addressed });
      expect(['bad-request', 'forbidden', 'too-large']).toContain(code);
      await alice.request('message.send', { to: romeo.bareJid, body: 'behind it' }, 20_000);
      expect((await romeo.nextMessage(undefined, 20_000)).child('body')?.text).toBe('behind it');
      expect(romeo.take((stanza) => stanza.name === 'message')).toEqual([]);
    });

    it.each<[string, object]>([
      ['a name that is markup', { name: 'a/><message/><b' }],
      ['a prefix', { name: 'stream:error' }],
      ['a name with a space', { name: 'a b="c"' }],
      ['an attribute that is markup', { name: 'a', attrs: { 'b="c"><d': 'e' } }],
      [
        'an attribute that declares a prefix',
        { name: 'a', attrs: { 'xmlns:stream': 'http://etherx.jabber.org/streams' } },
      ],
      ['a namespace with a quote and a space', { name: 'a', attrs: { xmlns: "urn:a' from='romeo@example.test" } }],
      ['a namespace with white space before it', { name: 'query', attrs: { xmlns: ' jabber:iq:roster' } }],
      ['privileges', { name: 'privilege', attrs: { xmlns: 'urn:xmpp:privilege:2' } }],
      ['delegation of any version', { name: 'delegation', attrs: { xmlns: 'urn:xmpp:delegation:99' } }],
      [
        'a roster that is inherited',
        { name: 'a', attrs: { xmlns: 'jabber:iq:roster' }, children: [{ name: 'query' }] },
      ],
    ])('%s does not get through a tree, in any request that takes one', async (_, tree) => {
      const { romeo } = at();
      const message = { name: 'message', attrs: { to: romeo.jid }, children: [tree] };
      const codes = [
        (await alice.refused('stanza.send', { stanza: message })).code,
        (await alice.refused('message.send', { to: romeo.jid, body: 'x', extra: [tree] })).code,
        (await alice.refused('iq.send', { to: romeo.jid, type: 'set', payload: tree })).code,
      ];
      for (const code of codes) expect(['bad-request', 'forbidden']).toContain(code);
      await alice.request('message.send', { to: romeo.bareJid, body: 'behind it' }, 20_000);
      expect((await romeo.nextMessage(undefined, 20_000)).child('body')?.text).toBe('behind it');
      expect(romeo.take((stanza) => stanza.name === 'message').map(String)).toEqual([]);
    });
  },
  { STANZAWIRE_LIMITS_FRAME: '512KiB', STANZAWIRE_LIMITS_RATE: '10000', STANZAWIRE_LIMITS_BURST: '10000' },
);
