import { expect, it } from 'vitest';
import { Guard } from '../../src/xmpp/guard.ts';
import { el } from '../../src/xmpp/stanza.ts';

const guard = new Guard('web.example.com', { maxStanzaBytes: 256 * 1024 });
const check = (attribute: string, text = '') =>
  guard.check(
    el(
      'iq',
      { from: 'alice@web.example.com/web', to: 'example.com', type: 'get', id: 'x' },
      el('query', { xmlns: 'urn:example:q', a: attribute }, text),
    ),
  );
const split = (xml: string) => /^(.*?)( *)$/s.exec(xml)?.slice(1) ?? [];

it('a stanza of usual tags is as it was, however long its text', () => {
  for (const text of ['', 'x'.repeat(100_000), 'ü'.repeat(10_000), '<a> &'.repeat(1000)]) {
    const { text: xml, bytes } = check('a', text);
    expect(split(xml)[1]).toBe('');
    expect(bytes).toBe(Buffer.byteLength(xml));
  }
});

it.each(['x'.repeat(5000), 'ü'.repeat(300), '<>"&'.repeat(500), '😀'.repeat(200)])(
  'a long tag has as many spaces behind it as it has bytes (%#)',
  (attribute) => {
    const { text, bytes } = check(attribute, 'some text');
    const [xml = '', spaces = ''] = split(text);
    const tag = xml.slice(xml.indexOf('<query'), xml.indexOf('>', xml.indexOf('<query')) + 1);
    expect(spaces).toHaveLength(Buffer.byteLength(tag));
    expect(bytes).toBe(Buffer.byteLength(text));
  },
);

it('a tag of more than 64 KiB is refused, as text it is not', () => {
  expect(() => check('x'.repeat(65_536))).toThrow(expect.objectContaining({ code: 'too-large' }));
  expect(() => check('x'.repeat(65_400))).not.toThrow();
  expect(() => check('', 'x'.repeat(200_000))).not.toThrow();
});
