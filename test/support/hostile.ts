/**
 * What a web client may try on the stream that it shares with all others: one byte that XML forbids, one address that no
 * server takes, or nesting that crashes a parser would end it for everybody.
 */
import type { ErrorCode } from '../../src/protocol/errors.ts';
import type { AnyFrame, JsonClient } from './json-client.ts';

export interface HostileFrame {
  /** For people, when it fails. */
  what: string;
  /** JSON text without an id, for what no object can say. */
  json: string;
  code: ErrorCode;
  field: string;
}

/** The control characters, the non-characters and the halves of surrogate pairs that XML 1.0 §2.2 leaves out. */
export const forbidden = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).filter((char) => !'\t\n\r'.includes(char)),
  '\ufffe',
  '\uffff',
  '\ud800',
  '\udbff',
  '\udc00',
  '\udfff',
  '\udfff\ud800',
];

/** What no server takes as an address. */
export const badAddresses = [
  '',
  '@',
  'a@',
  '@example.com',
  'a b@example.com',
  'a"b@example.com',
  "a'b@example.com",
  'a&b@example.com',
  'a<b@example.com',
  'a:b@example.com',
  'a@b@example.com',
  'a@example.com/',
  '/x',
  'a@/x',
  'example..com',
  '.example.com',
  '-example.com',
  'exa mple.com',
  'exa_mple.com/',
  'a@exam<ple>.com',
  'http://example.com',
  'a\u00a0b@example.com',
  'a\u200b b@example.com',
  'aא@example.com',
  'a\u0378@example.com',
  `${'x'.repeat(1024)}@example.com`,
  `a@${'x'.repeat(64)}${'.x'.repeat(500)}`,
  `a@example.com/${'x'.repeat(1024)}`,
  `a@example.com/${'ü'.repeat(512)}`,
  'x'.repeat(3072),
];

const peer = 'romeo@example.com';
const query = { name: 'query', attrs: { xmlns: 'urn:example:q' } };

/** Every string that a connected client can write: the request around it, and the name of its field. */
const places: [type: string, data: (text: string) => object, field: string][] = [
  ['message.send', (to) => ({ to, body: 'x' }), 'to'],
  ['message.send', (id) => ({ to: peer, id, body: 'x' }), 'id'],
  ['message.send', (type) => ({ to: peer, type, body: 'x' }), 'type'],
  ['message.send', (body) => ({ to: peer, body }), 'body'],
  ['message.send', (text) => ({ to: peer, bodies: { en: text } }), 'bodies.en'],
  ['message.send', (lang) => ({ to: peer, lang, body: 'x' }), 'lang'],
  ['message.send', (subject) => ({ to: peer, subject, body: 'x' }), 'subject'],
  ['message.send', (thread) => ({ to: peer, thread, body: 'x' }), 'thread'],
  ['message.send', (parentThread) => ({ to: peer, thread: 't', parentThread, body: 'x' }), 'parentThread'],
  ['message.send', (text) => ({ to: peer, body: 'x', 'x-own': [{ deep: text }] }), 'x-own.0.deep'],
  ['typing.send', (to) => ({ to, state: 'active' }), 'to'],
  ['typing.send', (state) => ({ to: peer, state }), 'state'],
  ['presence.set', (show) => ({ show }), 'show'],
  ['presence.set', (status) => ({ status }), 'status'],
  ['contact.approve', (jid) => ({ jid }), 'jid'],
  ['contact.deny', (jid) => ({ jid }), 'jid'],
  ['auth.refresh', (token) => ({ token }), 'token'],
  ['session.end', (text) => ({ text }), 'text'],
  ['ping', (text) => ({ text }), 'text'],
  ['pong', (text) => ({ seq: 0, text }), 'text'],
  ['ack', (text) => ({ seq: 0, text }), 'text'],
  ['connect', (token) => ({ token }), 'token'],
  ['connect', (session) => ({ resume: { session, seq: 0 } }), 'resume.session'],
  ['connect', (device) => ({ device }), 'device'],
  ['connect', (client) => ({ client }), 'client'],
  ['connect', (status) => ({ presence: { status } }), 'presence.status'],
  ['connect', (text) => ({ want: ['contacts', text] }), 'want.1'],
  ['connect', (text) => ({ features: [text] }), 'features.0'],
  ['connect', (raw) => ({ raw }), 'raw'],
  ['iq.send', (to) => ({ to, type: 'get', payload: query }), 'to'],
  ['iq.send', (type) => ({ to: peer, type, payload: query }), 'type'],
  ['iq.send', (name) => ({ to: peer, type: 'get', payload: { name } }), 'payload.name'],
  ['iq.send', (a) => ({ to: peer, type: 'get', payload: { ...query, attrs: { a } } }), 'payload.attrs.a'],
  ['iq.send', (xmlns) => ({ to: peer, type: 'get', payload: { name: 'q', attrs: { xmlns } } }), 'payload.attrs.xmlns'],
  ['iq.send', (text) => ({ to: peer, type: 'get', payload: { ...query, children: ['', text] } }), 'payload.children.1'],
];

/** A forbidden character in every string of every request; `connect` is for a socket that has not connected. */
export function forbiddenText(which: 'connect' | 'requests'): HostileFrame[] {
  const chosen = places.filter(([type]) => (type === 'connect') === (which === 'connect'));
  return chosen.flatMap(([type, data, field]) =>
    forbidden.map((char) => ({
      what: `${type} with ${JSON.stringify(char)} in ${field}`,
      json: `{"type":"${type}","data":${JSON.stringify(data(`a${char}b`))}}`,
      code: 'bad-request' as const,
      field,
    })),
  );
}

export function badAddressing(): HostileFrame[] {
  const chosen = places.filter(([, , field]) => field === 'to' || field === 'jid');
  return chosen.flatMap(([type, data, field]) =>
    badAddresses.map((text) => ({
      what: `${type} with ${field} ${JSON.stringify(text.slice(0, 40))}`,
      json: `{"type":"${type}","data":${JSON.stringify(data(text))}}`,
      code: 'bad-request' as const,
      field,
    })),
  );
}

/** Shapes that break parsers, and names that break objects. `field` is how the field begins. */
export function badShapes(): HostileFrame[] {
  const nested = (levels: number) => `${'{"name":"a","children":['.repeat(levels)}"x"${']}'.repeat(levels)}`;
  const iq = (payload: string) => `{"type":"iq.send","data":{"to":"${peer}","type":"get","payload":${payload}}}`;
  const rows: [what: string, json: string, code: ErrorCode, field: string][] = [
    ['5,000 elements in each other', iq(nested(5000)), 'bad-request', 'payload.children.0.children.0'],
    ['33 elements in each other', iq(nested(33)), 'bad-request', 'payload'],
    [
      '50,000 lists in each other',
      `{"type":"ping","data":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
      'bad-request',
      'x.0.0',
    ],
    ['a name that is markup', iq('{"name":"a/><message/><b"}'), 'bad-request', 'payload.name'],
    ['a name that ends the stream', iq('{"name":"/stream:stream"}'), 'bad-request', 'payload.name'],
    ['a prefix', iq('{"name":"stream:error"}'), 'bad-request', 'payload.name'],
    ['an attribute that is markup', iq('{"name":"a","attrs":{"b=\'\'/><c d":"e"}}'), 'bad-request', 'payload.attrs'],
    ['an unbound prefix', iq('{"name":"a","attrs":{"b:c":"d"}}'), 'bad-request', 'payload.attrs'],
    ['a null character in a name', iq('{"name":"a","attrs":{"b\\u0000":"c"}}'), 'bad-request', 'payload.attrs.b'],
    [
      'a namespace with a line feed',
      iq('{"name":"a","attrs":{"xmlns":"b\\nc"}}'),
      'bad-request',
      'payload.attrs.xmlns',
    ],
    ['a namespace with a space', iq('{"name":"a","attrs":{"xmlns":"b c"}}'), 'bad-request', 'payload.attrs.xmlns'],
    ['the key __proto__ as an element', iq('{"__proto__":{"name":"a"}}'), 'bad-request', 'payload.name'],
    ['the key constructor as an element', iq('{"constructor":{"name":"a"}}'), 'bad-request', 'payload.name'],
    [
      'data made by __proto__',
      `{"type":"message.send","data":{"__proto__":{"to":"${peer}","body":"x"}}}`,
      'bad-request',
      'to',
    ],
    ['a key that is forbidden text', '{"type":"ping","data":{"a\\ud800b":1}}', 'bad-request', 'a'],
    ['a key with a line break', '{"type":"ping","data":{"a\\nb":1}}', 'bad-request', 'a'],
    [
      'a body of markup that is too much',
      `{"type":"message.send","data":{"to":"${peer}","body":"${'&'.repeat(60_000)}"}}`,
      'too-large',
      '',
    ],
  ];
  return rows.map(([what, json, code, field]) => ({ what, json, code, field }));
}

/** What is allowed, though it looks bad; each must arrive as it is. */
export const oddTexts = [
  ']]>',
  '<![CDATA[x]]>',
  '&#0;&#x0;&amp;&bogus;',
  '<!-- comment -->',
  '<?xml version="1.0"?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  "</body></message></stream:stream><message from='x@y'>",
  `'"<>&`,
  '\u007f\u0080\u0085\u009f',
  '\u2028\u2029\ufeff\u00ad',
  '\u{1fffe}\u{10ffff}\ufdd0\ue000',
  '\u202eright to left\u202c',
  '👩‍👩‍👧‍👦 z̷̢̛a̶l̵g̸o̷',
  ' \t\n spaces \n\t ',
  '{"type":"session.end"}',
  '\\u0000\\ud800',
  '__proto__',
];

/** Every character that XML allows, but for the carriage return, which parsers may turn into a line feed. */
export function everyCharacter(chunk = 4096): string[] {
  const chars: string[] = [];
  for (let code = 1; code < 0x2_0000; code++) {
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    const char = isSurrogate ? '' : String.fromCodePoint(code);
    if (!isSurrogate && char !== '\r' && !forbidden.includes(char)) chars.push(char);
  }
  return Array.from({ length: Math.ceil(chars.length / chunk) }, (_, i) =>
    chars.slice(i * chunk, (i + 1) * chunk).join(''),
  );
}

/** Sends them all and names those whose answer is not the one that it should be. */
export async function wronglyAnswered(client: JsonClient, frames: readonly HostileFrame[]): Promise<string[]> {
  const answers = frames.map(async ({ json }, i): Promise<AnyFrame> => {
    const id = `hostile-${i}-${crypto.randomUUID()}`;
    client.send(`{"id":"${id}",${json.slice(1)}`);
    return client.inbox.next((one) => one.id === id, 20_000);
  });
  const all = await Promise.all(answers);
  return frames.flatMap(({ what, code, field }, i) => {
    const { error } = all[i] ?? {};
    const right = error?.code === code && (error.field ?? '').startsWith(field) && error.retry === false;
    return right ? [] : [`${what}: ${JSON.stringify(all[i])?.slice(0, 300)}`];
  });
}
