/** Nothing malformed reaches the stream, which is shared by every account: one bad stanza must cost only its sender. */
import { expect, it } from 'vitest';
import { StanzaError } from '../../src/protocol/errors.ts';
import { Guard } from '../../src/xmpp/guard.ts';
import { type Child, childText, type Element, el } from '../../src/xmpp/stanza.ts';
import { later, message, testLink } from '../support/link.ts';
import { badNames, badText, randomMessages } from '../support/random-messages.ts';

const guard = new Guard('web.example.com', { maxStanzaBytes: 10_000 });
const ours = 'juliet@web.example.com/web';
const theirs = 'romeo@example.com';
const msg = (attrs: Record<string, string | undefined>, ...children: Child[]) =>
  el('message', { type: 'chat', id: 'x', from: ours, to: theirs, ...attrs }, ...children);
const iq = (attrs: Record<string, string | undefined>, ...children: Child[]) =>
  el('iq', { type: 'get', id: 'x', from: ours, to: theirs, ...attrs }, ...children);
const query = el('query', { xmlns: 'jabber:iq:version' });

function nested(depth: number): Element {
  let element = el('x');
  for (let i = 1; i < depth; i++) element = el('x', {}, element);
  return element;
}

/** A name that `el` would not take, as attribute. */
function withAttribute(key: string, value = 'v'): Element {
  const element = msg({});
  element.attrs[key] = value;
  return element;
}

const hostile: [string, Element][] = [
  ...badText.flatMap((char): [string, Element][] => [
    [`${JSON.stringify(char)} in text`, msg({}, el('body', {}, `a${char}b`))],
    [`${JSON.stringify(char)} in an attribute`, msg({ id: `a${char}b` })],
    [`${JSON.stringify(char)} in a namespace`, msg({}, el('x', { xmlns: `a${char}b` }))],
  ]),
  ...badNames.flatMap((name): [string, Element][] => [
    [`the element name ${JSON.stringify(name)}`, msg({}, el(name))],
    [`the attribute name ${JSON.stringify(name)}`, withAttribute(name)],
  ]),
  ['an unbound prefix on an element', msg({}, el('stream:error'))],
  ['an unbound prefix on an attribute', withAttribute('foo:bar')],
  ['a declared prefix', withAttribute('xmlns:foo', 'urn:x')],
  ['a redefined xml prefix', withAttribute('xmlns:xml', 'urn:x')],
  ['a redefined stream prefix', withAttribute('xmlns:stream', 'urn:x')],
  ['the xml namespace as default', msg({}, el('x', { xmlns: 'http://www.w3.org/XML/1998/namespace' }))],
  ['the xmlns namespace as default', msg({}, el('x', { xmlns: 'http://www.w3.org/2000/xmlns/' }))],
  ['a namespace at the top', msg({ xmlns: 'jabber:client' })],
  ['a server namespace at the top', msg({ xmlns: 'jabber:server' })],
  ['even the right namespace at the top', msg({ xmlns: 'jabber:component:accept' })],
  ['an empty namespace at the top', msg({ xmlns: '' })],
  ['another element at the top', el('foo', { xmlns: 'urn:x', from: ours, to: theirs })],
  ['a second handshake', el('handshake', { from: ours, to: theirs })],
  ['a stream error', el('stream:error', { from: ours, to: theirs })],
  ['stream management', el('enable', { xmlns: 'urn:xmpp:sm:3' })],
  ['STARTTLS', el('starttls', { xmlns: 'urn:ietf:params:xml:ns:xmpp-tls' })],
  ['the name of a method of JavaScript at the top', el('constructor', { from: ours, to: theirs })],
  ['the prototype at the top', el('__proto__', { from: ours, to: theirs })],
  ['65 levels', msg({}, nested(64))],
  ['5,000 levels', msg({}, nested(5000))],
  ['100,000 levels', msg({}, nested(100_000))],
  ['no from', msg({ from: undefined })],
  ['no to', msg({ to: undefined })],
  ['an IQ without an id', iq({ id: undefined }, query)],
  ['an IQ with an empty id', iq({ id: '' }, query)],
  ['an IQ without a type', iq({ type: undefined }, query)],
  ['an IQ of another type', iq({ type: 'chat' }, query)],
  ['an IQ get without a child', iq({})],
  ['an IQ set with two children', iq({ type: 'set' }, query, query)],
  ['an IQ get with text only', iq({}, 'text')],
  ['an IQ result with two children', iq({ type: 'result' }, query, query)],
  ['a message of another type', msg({ type: 'Chat' })],
  ['a message of the empty type', msg({ type: '' })],
  ['a presence of another type', el('presence', { type: 'available', from: ours, to: theirs })],
  ...['', '@web.example.com', 'juliet@', 'juliet@web.example.com/', '/web'].map((from): [string, Element] => [
    `the from ${JSON.stringify(from)}`,
    msg({ from }),
  ]),
  ...['romeo@example.com', 'example.com', 'juliet@sub.web.example.com', 'web.example.com.', 'xweb.example.com'].map(
    (from): [string, Element] => [`the from ${from}, which is not ours`, msg({ from })],
  ),
  ...['Juliet@web.example.com', 'juliet@WEB.example.com', 'a/b@web.example.com', 'a b@web.example.com'].map(
    (from): [string, Element] => [`the from ${from}, which is not normalised`, msg({ from })],
  ),
  ...[
    '',
    '@',
    'a@',
    '@example.com',
    'a b@example.com',
    'a@b@c',
    'example.com/',
    'a@example.com/',
    'a"b@example.com',
  ].map((to): [string, Element] => [`the to ${JSON.stringify(to)}`, msg({ to })]),
  ['a to of 1,024 bytes', msg({ to: `${'a'.repeat(1024)}@example.com` })],
  ['a resource of 1,024 bytes', msg({ to: `a@example.com/${'é'.repeat(512)}` })],
];

it.each(hostile)('%s is refused', (_, stanza) => {
  expect(() => guard.check(stanza)).toThrow(StanzaError);
});

it('a refusal says what was wrong, with the code that the wire has for it', () => {
  const refusal = (stanza: Element) => {
    try {
      guard.check(stanza);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(refusal(msg({ to: 'a@' }))).toMatchObject({ code: 'jid-malformed' });
  expect(refusal(msg({}, el('body', {}, '\0')))).toMatchObject({ code: 'bad-request' });
  expect(refusal(msg({}, el('body', {}, 'é'.repeat(5000))))).toMatchObject({
    code: 'too-large',
    message: expect.stringContaining('10000'),
  });
});

it('what is allowed passes, with its size in bytes', () => {
  const allowed = [
    msg({}),
    msg({ type: undefined, id: undefined, to: 'example.com', from: 'web.example.com' }),
    msg({ to: 'Romeo@EXAMPLE.com/Föö 🦜' }, el('body', {}, '<&>"\' ]]> \t\n\r \x7f \u0085 \u2028 🦜 \u{1fffe}')),
    msg({ 'xml:lang': 'de' }, nested(63)),
    iq({}, query, ' '),
    iq({ type: 'result' }),
    iq({ type: 'error' }, query, el('error', { type: 'cancel' })),
    el('presence', { type: 'probe', from: 'juliet@web.example.com', to: theirs }),
  ];
  for (const stanza of allowed) {
    const { text, bytes } = guard.check(stanza);
    expect(bytes).toBe(Buffer.byteLength(text));
  }
});

it('a limit in bytes is exact', () => {
  const room = 10_000 - guard.check(msg({}, el('body', {}, 'x'))).bytes + 1;
  expect(guard.check(msg({}, el('body', {}, 'x'.repeat(room)))).bytes).toBe(10_000);
  expect(() => guard.check(msg({}, el('body', {}, 'x'.repeat(room + 1))))).toThrow();
});

it('none of it reaches the server, by whatever way it is sent', async () => {
  const { server, link, states } = await testLink();
  for (const [, stanza] of hostile) {
    expect(() => link.send(stanza)).toThrow(StanzaError);
    expect(() => link.deliver(stanza, later())).toThrow(StanzaError);
    if (stanza.attrs.id) await expect(link.request(stanza)).rejects.toThrow(StanzaError);
  }
  await link.deliver(message('good'), later()).done;
  expect(server.received.map(({ attrs }) => attrs.id)).toEqual(['good']);
  expect(server.violations).toEqual([]);
  expect(states).toHaveLength(1);
});

it('whatever is thrown at the guard, what passes arrives as it was meant, and the stream lives', async () => {
  const { server, link, states } = await testLink();
  const passed: Element[] = [];
  for (const stanza of randomMessages(4000, ours, theirs)) {
    try {
      if (link.send(stanza)) passed.push(stanza);
    } catch (error) {
      expect(error).toBeInstanceOf(StanzaError);
    }
  }
  await link.deliver(message('end'), later()).done;
  expect(server.violations).toEqual([]);
  expect(states).toHaveLength(1);
  expect(passed.length).toBeGreaterThan(500);
  expect(passed.length).toBeLessThan(3500);
  const body = (stanza: Element | undefined) => childText(stanza ?? el('none'), 'body', '');
  expect(server.received.slice(0, -1).map(body)).toEqual(passed.map(body));
});
