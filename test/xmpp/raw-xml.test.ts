import { describe, expect, it } from 'vitest';
import { StanzaError } from '../../src/protocol/errors.ts';
import { stanzaFromClient } from '../../src/xmpp/raw.ts';
import { parseXml } from '../../src/xmpp/raw-xml.ts';
import { serialize } from '../../src/xmpp/stanza.ts';
import { Random } from '../support/random.ts';
import { canonical } from '../support/stanza-text.ts';

const written = (xml: string) => serialize(stanzaFromClient(parseXml(xml, 'xml', 65_536), 'xml'));

function refusal(xml: string, maxBytes = 65_536): { code: string; field?: string | undefined } | undefined {
  try {
    stanzaFromClient(parseXml(xml, 'xml', maxBytes), 'xml');
    return undefined;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return { code: error.code, field: error.details.field };
  }
}

describe('XML that a client wrote becomes a stanza', () => {
  const same: [what: string, xml: string, out: string][] = [
    [
      'in other quotes and with other spaces',
      " \n<message  to = 'bob@example.com'\ttype='chat' ><body >hi</body ></message >\n",
      '<message to="bob@example.com" type="chat"><body>hi</body></message>',
    ],
    [
      'with every way to write a character',
      `<message a='&lt;&#x26;&quot;"&apos;'><body>&amp;lt; &#65;&#x1F600; &gt; ]]&gt; é😀</body></message>`,
      '<message a="&lt;&amp;&quot;&quot;\'"><body>&amp;lt; A😀 &gt; ]]&gt; é😀</body></message>',
    ],
    [
      'with line ends as XML 1.0 §2.11 and §3.3.3 have them',
      "<message a='1\r\n2\t3&#xA;4'><body>1\r\n2\r3&#xD;4</body></message>",
      '<message a="1 2 3&#xA;4"><body>1\n2\n3&#xD;4</body></message>',
    ],
    [
      'with prefixes, which go',
      "<c:message xmlns:c='jabber:client' xmlns:x='urn:x'><c:body>hi</c:body><x:a b='1'><x:c/><d xmlns='urn:d'><x:e/></d></x:a></c:message>",
      '<message><body>hi</body><a xmlns="urn:x" b="1"><c/><d xmlns="urn:d"><e xmlns="urn:x"/></d></a></message>',
    ],
    [
      'with the namespace of stanzas written out',
      "<message xmlns='jabber:client' xml:lang='de'><body>hi</body><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded></message>",
      '<message xml:lang="de"><body>hi</body><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client"/></forwarded></message>',
    ],
    [
      'with names that JavaScript has too',
      "<message toString='1'><valueOf xmlns='urn:x'>0012</valueOf><hasOwnProperty xmlns='urn:x'/> <length xmlns='urn:x'>true</length></message>",
      '<message toString="1"><valueOf xmlns="urn:x">0012</valueOf><hasOwnProperty xmlns="urn:x"/> <length xmlns="urn:x">true</length></message>',
    ],
    [
      'without what only servers add',
      "<message><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='a@b'/><a xmlns='urn:a'><delay xmlns='urn:xmpp:delay'/><x xmlns='jabber:x:delay'/></a></message>",
      '<message><a xmlns="urn:a"/></message>',
    ],
  ];
  it.each(same)('%s', (_, xml, out) => {
    expect(written(xml)).toBe(out);
  });

  it('whatever the text is, it says the same', () => {
    const random = new Random(5);
    const text = () => random.text().replaceAll('\r', ' ');
    const escaped = (value: string) =>
      value.replace(/[&<>"'\n\t]/g, (char) =>
        random.one([`&#${char.charCodeAt(0)};`, `&#x${char.charCodeAt(0).toString(16)};`]),
      );
    const element = (depth: number): string => {
      const name = random.one(['a', 'b-1', 'p:c', 'q:d', 'toString', '_']);
      const attrs = random.shuffled(['x', 'y.z', 'xml:lang', 'valueOf']).slice(random.below(5));
      const own = random.one(['', " xmlns='urn:default'", " xmlns:p='urn:other'", " xmlns=''", " xmlns:q='urn:p'"]);
      const inside =
        depth > 5 ? [] : random.list(0, 3, () => (random.chance(0.5) ? escaped(text()) : element(depth + 1)));
      const start = `<${name}${attrs.map((key) => ` ${key}="${escaped(text())}"`).join('')}${own}`;
      return inside.length === 0 && random.chance(0.5) ? `${start}/>` : `${start}>${inside.join('')}</${name}>`;
    };
    for (let i = 0; i < 500; i++) {
      const inside = random.list(0, 4, () => element(1)).join('');
      const xml = `<message xmlns:p='urn:p' xmlns:q='urn:q' id="${escaped(text())}"><body>${escaped(text())}</body>${inside}</message>`;
      expect(canonical(written(xml)), xml).toBe(canonical(xml));
    }
  });
});

describe('XML that a client may not write is refused', () => {
  const deep = (levels: number) => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;
  const bad: [what: string, xml: string, code?: string][] = [
    ['nothing', ''],
    ['white space', ' \n '],
    ['text', 'hello'],
    ['text behind', '<message/>hello'],
    ['text before', 'hello<message/>'],
    ['two stanzas', '<message/><message/>'],
    ['half a stanza', '<message><body>'],
    ['another end', '<message></presence>'],
    ['a comment', '<message><!-- x --></message>'],
    ['CDATA', '<message><body><![CDATA[x]]></body></message>'],
    ['a DOCTYPE', '<!DOCTYPE message [<!ENTITY a "b">]><message>&a;</message>'],
    ['an XML declaration', '<?xml version="1.0"?><message/>'],
    ['a processing instruction', '<message><?php x ?></message>'],
    ['an entity of HTML', '<message><body>&nbsp;</body></message>'],
    ['a bare ampersand', '<message><body>a & b</body></message>'],
    ['the null character', '<message><body>&#0;</body></message>'],
    ['a control character', '<message><body>&#x1;</body></message>'],
    ['half a surrogate pair', '<message><body>&#xD800;</body></message>'],
    ['no character at all', '<message><body>&#x110000;</body></message>'],
    ['an attribute twice', '<message a="1" a="2"/>'],
    ['an attribute twice, by two prefixes', '<message xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="2"/>'],
    ['an attribute without quotes', '<message a=1/>'],
    ['an attribute without value', '<message a/>'],
    ['an unbound prefix', '<message><x:a/></message>'],
    ['an attribute with a prefix', '<message xmlns:x="urn:x"><a xmlns="urn:a" x:b="1"/></message>'],
    ['a name of the fifth edition', '<message><\u{10000}a xmlns="urn:x"/></message>'],
    ['the namespace xmlns', '<message xmlns="http://www.w3.org/2000/xmlns/"/>'],
    ['a namespace with a line feed', '<message><a xmlns="urn:&#10;x"/></message>'],
    ['a name that the parser will not have', '<message><__proto__ xmlns="urn:x"/></message>'],
    ['an attribute that the parser will not have', '<message constructor="1"/>'],
    ['33 levels', `<message>${deep(32)}</message>`],
    ['a thousand levels', `<message>${deep(1000)}</message>`],
    ['a query', '<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>'],
    ['a handshake', '<handshake>x</handshake>'],
    ['a stream error', '<stream:error xmlns:stream="http://etherx.jabber.org/streams"/>'],
    ['the end of the stream', '</stream:stream>'],
    ['a stanza in another namespace', '<message xmlns="jabber:server"/>'],
    ['the roster', '<message><query xmlns="jabber:iq:roster"/></message>', 'forbidden'],
    ['a privilege', '<message><privilege xmlns="urn:xmpp:privilege:2"/></message>', 'forbidden'],
    ['a privilege by a prefix', '<message xmlns:p="urn:xmpp:privilege:2"><p:privilege/></message>', 'forbidden'],
    ['delegation inside', '<message><a xmlns="urn:a"><b xmlns="urn:xmpp:delegation:9"/></a></message>', 'forbidden'],
    ['another stream', '<message><a xmlns="http://etherx.jabber.org/streams"/></message>', 'forbidden'],
    [
      "the component's namespace inside",
      '<message><a xmlns="urn:a"><b xmlns="jabber:component:accept"/></a></message>',
      'forbidden',
    ],
  ];
  it.each(bad)('%s', (_, xml, code = 'bad-request') => {
    const found = refusal(xml);
    expect(found?.code).toBe(code);
    if (code === 'bad-request') expect(found?.field).toMatch(/^xml/);
  });

  it('and so is what is too long, before it is looked at', () => {
    expect(refusal(`<message>${'ü'.repeat(50)}`, 100)).toEqual({ code: 'too-large', field: 'xml' });
  });

  it('but 32 levels are taken', () => {
    expect(refusal(`<message>${deep(31)}</message>`)).toBeUndefined();
  });

  it('a long text costs no more than its length', () => {
    const many = (piece: string) => `<message>${piece.repeat(60_000 / piece.length)}</message>`;
    const start = performance.now();
    for (const piece of ['&amp;', '<a/>', '<a b="c"/>', 'x ', '&#x41;', "<a xmlns:b='urn:b'/>"]) {
      expect(refusal(many(piece))).toBeUndefined();
    }
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
