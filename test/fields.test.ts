/** The field combinators, each in both directions. */
import { describe, expect, it } from 'vitest';
import type { Field } from '../src/extension.ts';
import { attribute, childAttribute, childEnum, childText, custom, elementKey } from '../src/fields.ts';
import { append, el, find, textOf } from '../src/xmpp/stanza.ts';
import { canonical, parseStanza } from './support/stanza-text.ts';

const states = childEnum('urn:s', ['on', 'off']);
const nick = childText('nick', 'urn:n');
const subject = childText('subject', '');
const parent = childAttribute('thread', '', 'parent');
const mark = childAttribute('mark', 'urn:m', 'id');
const count = custom<number>(
  [['n', 'urn:c']],
  (stanza) => {
    const child = find(stanza, 'n', 'urn:c');
    return child && Number(textOf(child));
  },
  (stanza, value) => append(stanza, el('n', { xmlns: 'urn:c' }, `${value}`)),
);

const both: [string, Field<unknown>, unknown, string][] = [
  ['attribute', attribute('xml:lang'), 'de', '<m xml:lang="de"/>'],
  ['childText', nick, 'Juliet <3', '<m><nick xmlns="urn:n">Juliet &lt;3</nick></m>'],
  ["childText in the stanza's namespace", subject, 'x', '<m><subject>x</subject></m>'],
  ['childText that is empty', subject, '', '<m><subject/></m>'],
  ['childAttribute', mark, 'i1', '<m><mark xmlns="urn:m" id="i1"/></m>'],
  ['childEnum', states, 'off', '<m><off xmlns="urn:s"/></m>'],
  ['custom', count, 7, '<m><n xmlns="urn:c">7</n></m>'],
] as [string, Field<unknown>, unknown, string][];

it.each(both)('%s reads what it writes', (_, field, value, xml) => {
  const stanza = el('m');
  field.write(stanza, value);
  expect(canonical([stanza])).toBe(canonical(xml));
  expect(field.read(parseStanza(xml))).toBe(value);
  expect(field.read(stanza)).toBe(value);
});

describe('a field is absent', () => {
  const rows: [string, Field<unknown>, string][] = [
    ['without the attribute', attribute('id'), '<m/>'],
    ['where the attribute is empty', attribute('id'), '<m id=""/>'],
    ['without the child', nick, '<m/>'],
    ['where the child has another namespace', nick, '<m><nick xmlns="urn:other">x</nick></m>'],
    ["where the child has the stanza's namespace", nick, '<m><nick>x</nick></m>'],
    ['where the child should have it and has not', subject, '<m><subject xmlns="urn:n">x</subject></m>'],
    ['where only a grandchild has the name', nick, '<m><a><nick xmlns="urn:n">x</nick></a></m>'],
    ["without the child's attribute", mark, '<m><mark xmlns="urn:m"/></m>'],
    ["where the child's attribute is empty", parent, '<m><thread parent="">t</thread></m>'],
    ['of an unknown name in the namespace', states, '<m><maybe xmlns="urn:s"/></m>'],
    ['of a known name in another namespace', states, '<m><on xmlns="urn:other"/></m>'],
  ] as [string, Field<unknown>, string][];
  it.each(rows)('%s', (_, field, xml) => {
    expect(field.read(parseStanza(xml))).toBeUndefined();
  });
});

describe('a field reads', () => {
  it('the first of several', () => {
    expect(nick.read(parseStanza('<m><nick xmlns="urn:n">a</nick><nick xmlns="urn:n">b</nick></m>'))).toBe('a');
    expect(states.read(parseStanza('<m><maybe xmlns="urn:s"/><off xmlns="urn:s"/><on xmlns="urn:s"/></m>'))).toBe(
      'off',
    );
  });

  it('through prefixes', () => {
    expect(nick.read(parseStanza('<m xmlns:p="urn:n"><p:nick>a</p:nick></m>'))).toBe('a');
    expect(states.read(parseStanza('<m><p:on xmlns:p="urn:s"/></m>'))).toBe('on');
  });

  it('only the text right inside, in one piece', () => {
    expect(subject.read(parseStanza('<m><subject>a<b>no</b> &amp; c</subject></m>'))).toBe('a & c');
  });
});

it('a field names the elements it reads', () => {
  expect(attribute('id').elements).toEqual([]);
  expect(nick.elements).toEqual([elementKey('nick', 'urn:n')]);
  expect(parent.elements).toEqual([elementKey('thread', '')]);
  expect(states.elements).toEqual([elementKey('on', 'urn:s'), elementKey('off', 'urn:s')]);
  expect(count.elements).toEqual([elementKey('n', 'urn:c')]);
});

it('a field is content only where it says so', () => {
  expect(childText('body', '', { content: true }).content).toBe(true);
  expect([nick, states, mark, attribute('id')].some(({ content }) => content)).toBe(false);
});
