/** The reader of the stream: copies of one stanza are parsed once, and nobody can tell, however the text is cut. */
import xmpp from '@xmpp/component';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/xmpp/reader.ts';
import { type Element, serialize } from '../../src/xmpp/stanza.ts';

const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/>`;

interface Result {
  readonly stanzas: Element[];
  readonly failures: string[];
  /** How many of the stanzas the parser has not seen. */
  copies: number;
}

function read(chunks: Iterable<string>, limits = { inboundChars: 100_000, inboundDepth: 20 }): Result {
  const result: Result = { stanzas: [], failures: [], copies: 0 };
  const parser = new xmpp.xml.Parser();
  const took = (element: Element): void => {
    if (reader.took(element) && element.name !== 'handshake') result.stanzas.push(element);
  };
  const reader = new Reader(
    limits,
    (reason) => result.failures.push(reason),
    (copy) => {
      result.copies++;
      took(copy);
    },
  );
  parser.on('element', took);
  parser.on('error', (error: Error) => result.failures.push(error.message));
  for (const chunk of chunks) reader.read(chunk, () => (result.failures.length > 0 ? null : parser));
  return result;
}

/** As a parser alone reads it. */
function plain(text: string): string[] {
  const found: string[] = [];
  const parser = new xmpp.xml.Parser();
  parser.on('element', (element: Element) => element.name !== 'handshake' && found.push(serialize(element)));
  parser.write(text);
  return found;
}

const said = (to: string, id = 'm1', quote = "'") =>
  `<message id='${id}' type="groupchat" to=${quote}${to}${quote} from='dev@rooms.example.com/Romeo'><body>one &lt; two</body><stanza-id xmlns='urn:xmpp:sid:0' by='dev@rooms.example.com' id='${id}'/></message>`;
const here = (to: string) =>
  `<presence to='${to}' from='dev@rooms.example.com/Romeo'><x xmlns='http://jabber.org/protocol/muc#user'><item role='none'/></x></presence>`;
const names = (count: number) => Array.from({ length: count }, (_, i) => `user${i}@web.example.com/web`);

describe('copies', () => {
  it('of what was said in a room are not parsed again', () => {
    const text =
      header +
      names(100)
        .map((to) => said(to))
        .join('');
    const { stanzas, copies } = read([text]);
    expect(stanzas.map(serialize)).toEqual(plain(text));
    expect(copies).toBe(97);
    expect(stanzas[50]?.children).toBe(stanzas[99]?.children);
    expect(stanzas[50]?.parent).toBe(stanzas[0]?.parent);
  });

  it('of presence are not parsed again', () => {
    const text = header + names(10).map(here).join('\n');
    const { stanzas, copies } = read([text]);
    expect(stanzas.map(serialize)).toEqual(plain(text));
    expect(copies).toBe(7);
  });

  it('are the same wherever the text is cut', () => {
    const forwarded = `<message from='a@b' to='c@d'><forwarded xmlns='urn:xmpp:forward:0'><message to='x@y'><body>in</body></message></forwarded></message>`;
    const mixed = [
      ...names(5).map((to) => said(to)),
      `<iq type='result' id='1' from='example.com' to='web.example.com'/>`,
      ...names(5).map((to) => said(to, 'm2')),
      forwarded,
      ' ',
      ...names(5).map(here),
      `<presence from='a@b' to='c@d'/>`,
      ...names(3).map((to) => said(to, 'naïve 🦜')),
      `<iq type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>`,
      `<message from='a@b' to='c@d'><body><![CDATA[</message>]]></body></message>`,
      `<message from='a@b' to='c@d'></message>`,
      ...names(5).map((to) => said(to, 'm4', '"')),
    ];
    const text = header + mixed.join('');
    const expected = plain(text);
    expect(read([text]).copies).toBeGreaterThan(10);
    for (let size = 1; size < 700; size += size < 40 ? 1 : 13) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, i * size + size),
      );
      const { stanzas, failures } = read(chunks);
      expect({ size, failures, stanzas: stanzas.map(serialize) }).toEqual({ size, failures: [], stanzas: expected });
    }
  });

  it('cannot be faked by what looks like the attribute that differs', () => {
    const fake = (to: string, at: string) =>
      `<message id=" to='${at}' " to='${to}' type='groupchat' from='dev@rooms.example.com/Eve'><body>!</body></message>`;
    const text = [
      header,
      fake('a@web', 'b@web'),
      fake('b@web', 'b@web'),
      fake('c@web', 'b@web'),
      fake('b@web', 'd@web'),
      fake('b@web', 'e@web'),
    ].join('');
    expect(read([text]).stanzas.map((each) => each.attrs.to)).toEqual(['a@web', 'b@web', 'c@web', 'b@web', 'b@web']);
  });

  it('are parsed where their address is escaped', () => {
    const text = header + ['a@web', 'b@web', 'c@web', 'a&amp;b@web', 'd@web'].map((to) => said(to)).join('');
    const { stanzas, copies } = read([text]);
    expect(stanzas.map((each) => each.attrs.to)).toEqual(['a@web', 'b@web', 'c@web', 'a&b@web', 'd@web']);
    expect(copies).toBe(1);
  });

  it('are found again behind what is no stanza', () => {
    const odd = `<odd xmlns='urn:odd'><message>?</message></odd>`;
    const text = [header, ...names(5).map((to) => said(to)), odd, ...names(5).map((to) => said(to, 'm2'))].join('');
    const { stanzas, copies } = read([text]);
    expect(stanzas.map(serialize)).toEqual(plain(text));
    expect(copies).toBeGreaterThanOrEqual(3);
  });
});

it('a stanza without an end is not kept without an end', () => {
  const { failures } = read([
    header,
    said('a@web'),
    `<message><body>`,
    ...Array.from({ length: 30 }, () => 'x'.repeat(5000)),
  ]);
  expect(failures).toEqual(['policy-violation']);
});
