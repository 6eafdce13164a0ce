/** Element trees that a client made: what becomes XML, what is taken out, what is refused. */
import { describe, expect, it } from 'vitest';
import { type ElementTree, StanzaError } from '../../src/protocol/errors.ts';
import { fromClient } from '../../src/xmpp/raw.ts';
import { serialize } from '../../src/xmpp/stanza.ts';
import { badNames } from '../support/random-messages.ts';

const x = (children: (ElementTree | string)[] = [], attrs: Record<string, string> = {}): ElementTree => ({
  name: 'x',
  attrs: { xmlns: 'urn:x', ...attrs },
  children,
});
const xml = (tree: ElementTree) => serialize(fromClient(tree, 'payload'));
const deep = (levels: number): ElementTree => (levels === 1 ? x() : x([deep(levels - 1)]));

function refusal(tree: ElementTree): { code: string; field: string | undefined } {
  try {
    fromClient(tree, 'payload');
  } catch (error) {
    if (error instanceof StanzaError) return { code: error.code, field: error.details.field };
    throw error;
  }
  throw new Error('it was not refused');
}

it('a tree becomes its element', () => {
  const tree = x(
    ['a < b', { name: 'y' }, { name: 'z', attrs: { xmlns: 'urn:z', 'xml:lang': 'de' }, children: ['"'] }],
    {
      id: '1',
    },
  );
  expect(xml(tree)).toBe('<x xmlns="urn:x" id="1">a &lt; b<y/><z xmlns="urn:z" xml:lang="de">"</z></x>');
});

describe('what only servers make', () => {
  const servers: [name: string, xmlns: string][] = [
    ['stanza-id', 'urn:xmpp:sid:0'],
    ['delay', 'urn:xmpp:delay'],
    ['occupant-id', 'urn:xmpp:occupant-id:0'],
    ['sent', 'urn:xmpp:carbons:2'],
    ['received', 'urn:xmpp:carbons:2'],
    ['result', 'urn:xmpp:mam:2'],
  ];

  it.each(servers)('<%s xmlns="%s"/> is taken out, and the rest stays', (name, xmlns) => {
    const made = { name, attrs: { xmlns }, children: [{ name: 'forged' }] };
    expect(xml(x([made, 'text', { name: 'y', children: [made] }]))).toBe('<x xmlns="urn:x">text<y/></x>');
  });

  it.each(servers)('<%s xmlns="%s"/> alone is refused', (name, xmlns) => {
    expect(refusal({ name, attrs: { xmlns } })).toEqual({ code: 'bad-request', field: 'payload' });
  });

  it('is found by the namespace it inherits', () => {
    const children = [{ name: 'delay' }, { name: 'other' }];
    expect(xml({ name: 'x', attrs: { xmlns: 'urn:xmpp:delay' }, children })).toBe(
      '<x xmlns="urn:xmpp:delay"><other/></x>',
    );
  });

  it('of another name or namespace may stay', () => {
    const others = [
      { name: 'origin-id', attrs: { xmlns: 'urn:xmpp:sid:0' } },
      { name: 'delay', attrs: { xmlns: 'urn:x' } },
      { name: 'query', attrs: { xmlns: 'urn:xmpp:mam:2' } },
    ];
    expect(fromClient(x(others), 'payload').children).toHaveLength(3);
  });
});

describe('what speaks for the server', () => {
  it.each([
    'jabber:iq:roster',
    'urn:xmpp:privilege:1',
    'urn:xmpp:privilege:2',
    'urn:xmpp:delegation:1',
    'urn:xmpp:delegation:2',
  ])('%s is forbidden, at the top and inside', (xmlns) => {
    const query = { name: 'query', attrs: { xmlns } };
    expect(refusal(query).code).toBe('forbidden');
    expect(refusal(x([{ name: 'y', children: ['text', query] }])).code).toBe('forbidden');
  });

  it('is no matter of a name, or of a namespace that begins alike', () => {
    expect(xml(x([], { xmlns: 'jabber:iq:roster:other' }))).toBe('<x xmlns="jabber:iq:roster:other"/>');
    expect(xml({ ...x(), name: 'privilege' })).toBe('<privilege xmlns="urn:x"/>');
  });
});

describe('what is no XML', () => {
  it.each(badNames)('the element name %j is refused', (name) => {
    expect(refusal(x([{ name }]))).toEqual({ code: 'bad-request', field: 'payload.children.0.name' });
    expect(refusal({ name })).toEqual({ code: 'bad-request', field: 'payload.name' });
  });

  it.each(badNames.filter((name) => !name.startsWith('xml:')))('the attribute name %j is refused', (name) => {
    expect(refusal(x([], { [name]: '1' }))).toEqual({ code: 'bad-request', field: 'payload.attrs' });
  });

  it.each(['xmlns:a', 'xml:base', 'a:b'])('the prefixed attribute %s is refused', (name) => {
    expect(refusal(x([], { [name]: 'urn:a' })).field).toBe('payload.attrs');
  });

  it.each(['http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/'])(
    'the namespace %s is refused, also where it is inherited',
    (xmlns) => {
      expect(refusal({ name: 'x', attrs: { xmlns } })).toEqual({ code: 'bad-request', field: 'payload.attrs.xmlns' });
    },
  );

  it('more than 32 levels are refused, 32 are not', () => {
    expect(xml(deep(32))).toContain('</x>');
    expect(refusal(deep(33))).toEqual({ code: 'bad-request', field: `payload${'.children.0'.repeat(32)}` });
  });
});
