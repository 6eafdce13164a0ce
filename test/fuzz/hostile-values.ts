/** What a field may be given by somebody who means no good: wrong types, extremes, and what parsers and objects trip over. */
import { everyCharacter, forbidden, oddTexts } from '../support/hostile.ts';
import type { Random } from '../support/random.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const addresses = [
  'romeo@example.com',
  'Romeo@Example.COM/Orchard',
  'juliet@example.net/balcony',
  'web.example.com',
  'example.com',
  'rooms.example.com',
  'room1@rooms.example.com',
  'room1@rooms.example.com/nick',
  'room2@rooms.example.com',
  'fuzz1@web.example.com',
  'fuzz2@web.example.com/web',
  'fuzz3@web.example.com/other',
  'nobody@web.example.com',
  'web.example.com/x',
  'upload.example.com',
  'pubsub.example.com',
  'user\\20name@example.com',
  'ü@xn--mnchen-3ya.example',
  '[::1]',
  'a@192.0.2.1',
  '',
  '@',
  '/',
  'a@',
  '@b',
  'a b@example.com',
  'a@@b',
  'a@b@c/d',
  'example.com/',
  `${'x'.repeat(1024)}@example.com`,
  `a@${'b.'.repeat(600)}c`,
  'a@b/\u0000',
  'a@b/\ud800',
  '\u202ea@example.com',
];

const numbers = [0, -0, 1, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 65_536, 1e21];

const texts = [
  '',
  ' ',
  '\n',
  '0',
  'true',
  'null',
  'undefined',
  '[object Object]',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'x-',
  '2026-01-01T00:00:00.000Z',
  '9999-12-31T23:59:60Z',
  '-271821-04-20T00:00:00Z',
  '0000-00-00T00:00:00Z',
  'https://example.com/a b',
  'javascript:alert(1)',
  'data:text/html,<script>',
  'file:///etc/passwd',
  'http://[::1',
  '%00%ff%c0%80',
  "'; DROP TABLE items; --",
  '" OR "" = "',
  'NEAR(a b) AND * OR (',
  '*'.repeat(50),
  '../../../etc/passwd',
  '$' + '{7*7}',
  '{{7*7}}',
  '\\u0000',
  '<b>bold</b><img src=x onerror=alert(1)>',
  "<message to='romeo@example.com'><body>hi</body></message>",
  "<presence to='romeo@example.com' type='subscribe'/>",
  "<!DOCTYPE a [<!ENTITY b 'c'>]><message>&b;</message>",
  '<a>'.repeat(2000),
  'urn:xmpp:privilege:2',
  'jabber:iq:roster',
  'http://www.w3.org/2000/xmlns/',
  'a\u0301'.repeat(300),
  '👩‍👩‍👧‍👦'.repeat(50),
  '\u{10ffff}',
  'ﷺ'.repeat(100),
  ...forbidden.map((char) => `a${char}b`),
  ...oddTexts,
];

const long: readonly string[] = [
  'x'.repeat(1023),
  'x'.repeat(1025),
  'ü'.repeat(3072),
  '&'.repeat(20_000),
  '\u{1f600}'.repeat(7000),
  ...everyCharacter(2048).slice(0, 8),
];

/** Values that break what trusts its input; most are not of the type that is asked for. */
export function hostileValue(random: Random): Json {
  const kind = random.below(100);
  if (kind < 28) return random.one(texts);
  if (kind < 46) return random.one(addresses);
  if (kind < 49) return random.one(long);
  if (kind < 60) return random.one(numbers);
  if (kind < 66) return random.chance(0.5);
  if (kind < 69) return null;
  if (kind < 74) return random.text();
  if (kind < 82) return random.list(0, 3, () => hostileValue(random));
  if (kind < 85) return Array.from({ length: 200 }, () => random.one(texts).slice(0, 20));
  if (kind < 88) return nested(random);
  return hostileObject(random);
}

/** The same of the type that is asked for: it gets past the schema. */
export function hostileOf(random: Random, kind: string | undefined): Json {
  if (kind === 'string') return random.one(random.chance(0.7) ? [...texts, ...addresses] : long);
  if (kind === 'integer' || kind === 'number') return random.one(numbers);
  if (kind === 'boolean') return random.chance(0.5);
  if (kind === 'array') return random.list(0, 3, () => hostileValue(random));
  return kind === 'object' ? hostileObject(random) : hostileValue(random);
}

/** Something that looks like an address, or the address of somebody who is there. */
export function someAddress(random: Random): string {
  return random.one(addresses.slice(0, 15));
}

export function someText(random: Random): string {
  return random.chance(0.8) ? random.text(1) : random.one(texts);
}

const keys = [
  'name',
  'attrs',
  'children',
  'xmlns',
  'id',
  'to',
  'x-own',
  'toJSON',
  'length',
  'then',
  '',
  'a b',
  'a\u0000',
  'a\nb',
  '\ud800',
];

function hostileObject(random: Random): Json {
  if (random.chance(0.2))
    return JSON.parse(`{"__proto__":${JSON.stringify(hostileValue(random))},"constructor":{"prototype":1}}`);
  return Object.fromEntries(random.list(0, 4, () => [random.one(keys), hostileValue(random)] as const));
}

function nested(random: Random): Json {
  let value: Json = 'x';
  const asElements = random.chance(0.5);
  for (let depth = random.below(120); depth > 0; depth--)
    value = asElements ? { name: 'a', children: [value] } : [value];
  return value;
}
