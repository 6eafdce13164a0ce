/**
 * Stanzas as a hostile XMPP user, room or server may send them: well-formed, for the server would not pass on anything else,
 * and made of the very elements that the extensions look for.
 */
import { builtIn } from '../../src/extensions/index.ts';
import { conditions } from '../../src/protocol/errors.ts';
import { isXmlText } from '../../src/protocol/text.ts';
import { ns } from '../../src/xmpp/namespaces.ts';
import type { Random } from '../support/random.ts';
import { hostileValue, someAddress } from './hostile-values.ts';

/** `xmlns name`, of all that anything in the gateway reads. */
const known: readonly (readonly [xmlns: string, name: string])[] = [
  ...builtIn
    .flatMap(({ message = {}, presence = {}, typing = {} }) =>
      Object.values({ ...message, ...presence, ...typing }).flatMap(({ elements }) => elements),
    )
    .map((key) => [key.slice(0, key.lastIndexOf(' ')), key.slice(key.lastIndexOf(' ') + 1)] as const),
  ...builtIn.flatMap(({ iq = [] }) => iq.map(({ name, xmlns }) => [xmlns, name] as const)),
  ...Object.values(ns).flatMap((xmlns) =>
    [
      'x',
      'query',
      'set',
      'event',
      'item',
      'received',
      'displayed',
      'retract',
      'moderated',
      'result',
      'pubsub',
      'data',
      'attach-to',
      'forwarded',
    ].map((name) => [xmlns, name] as const),
  ),
];
// biome-ignore format: a list of words
const inner = [
  'item', 'items', 'field', 'value', 'option', 'status', 'reason', 'invite', 'decline', 'password', 'destroy', 'body',
  'subject', 'thread', 'show', 'priority', 'feature', 'identity', 'set', 'first', 'last', 'count', 'max', 'reaction',
  'message', 'forwarded', 'delay', 'file', 'url', 'hash', 'metadata', 'info', 'data', 'PHOTO', 'BINVAL', 'TYPE', 'FN',
  'publish', 'retract', 'subscription', 'affiliation', 'html', 'p', 'a', 'img', 'span', 'json', 'reported', 'actor', 'nick',
];
// biome-ignore format: a list of words
const attributes = [
  'id', 'by', 'from', 'to', 'jid', 'stamp', 'node', 'var', 'type', 'code', 'url', 'begin', 'end', 'uri', 'for', 'role',
  'affiliation', 'nick', 'xml:lang', 'queryid', 'complete', 'index', 'hash', 'ver', 'sid', 'action', 'status', 'since', 'seconds',
  'href', 'src', 'style', 'name', 'category', 'subscription', 'ask', 'media-type', 'bytes', 'width', 'height', 'datatype',
];
// biome-ignore format: a list of words
const words = [
  'form', 'submit', 'result', 'cancel', 'boolean', 'list-multi', '110', '303', '307', '333', '201', '2026-01-01T00:00:00Z',
  'm1', 'm2', 'none', 'member', 'owner', 'outcast', 'moderator', 'visitor', 'participant', 'true', 'false', '1', '-1', '99999999999999999999',
  'available', 'unavailable', 'error', 'web', 'image/png', 'iVBORw0KGgo=', 'https://files.invalid/x', 'xmpp:romeo@example.com?join',
];

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text as a server passes it on: no character that XML does not have. */
function text(random: Random): string {
  const value = random.chance(0.6) ? random.one(words) : hostileValue(random);
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return isXmlText(plain) ? plain.slice(0, 3000).replace(/[&<>"']/g, (char) => escapes[char] ?? char) : 'x';
}

function attrs(random: Random): string {
  const names = new Set(random.list(0, 5, () => random.one(attributes)));
  return [...names].map((name) => ` ${name}="${random.chance(0.2) ? someAddress(random) : text(random)}"`).join('');
}

function element(random: Random, depth: number): string {
  const [xmlns, name] =
    depth === 1 || random.chance(0.2) ? random.one(known) : ([undefined, random.one(inner)] as const);
  const declared = xmlns === undefined || xmlns === '' ? '' : ` xmlns="${xmlns}"`;
  const children =
    depth > 5
      ? []
      : random.list(0, depth === 1 ? 4 : 2, () => (random.chance(0.35) ? text(random) : element(random, depth + 1)));
  if (random.chance(0.02))
    return `<p:${name} xmlns:p="${xmlns ?? 'urn:example:p'}"${attrs(random)}>${children.join('')}</p:${name}>`;
  return `<${name}${declared}${attrs(random)}>${children.join('')}</${name}>`;
}

const senders = [
  'romeo@example.com/orchard',
  'romeo@example.com',
  'juliet@example.net/balcony',
  'mallory@evil.example/x',
  'example.com',
  'evil.example',
  'room1@rooms.example.com',
  'room1@rooms.example.com/nick',
  'room2@rooms.example.com/fuzz1',
  'rooms.example.com',
  'pubsub.example.com',
  'ROMEO@EXAMPLE.COM/Orchard',
  'fuzz1@web.example.com/web',
];
const receivers = [
  'fuzz1@web.example.com',
  'fuzz1@web.example.com/web',
  'fuzz2@web.example.com',
  'fuzz2@web.example.com/other',
  'fuzz3@web.example.com/web',
  'nobody@web.example.com',
  'web.example.com',
  'web.example.com/x',
  'else.example.com',
  'Fuzz1@Web.Example.com/web',
];
const types: Record<string, readonly string[]> = {
  message: ['chat', 'chat', 'groupchat', 'groupchat', 'normal', 'headline', 'error', 'odd'],
  presence: [
    '',
    '',
    '',
    'unavailable',
    'subscribe',
    'subscribed',
    'unsubscribe',
    'unsubscribed',
    'probe',
    'error',
    'odd',
  ],
  iq: ['get', 'get', 'set', 'set', 'result', 'error', 'odd'],
};

export interface Hostile {
  readonly xml: string;
  readonly id: string;
  /** It has to be answered, once: a query, with addresses that can be answered. */
  readonly owed: boolean;
  /** It must not be: an error, or an answer. */
  readonly silent: boolean;
}

export function makeStanza(random: Random, id: string): Hostile {
  const kind = random.one(['message', 'message', 'message', 'presence', 'presence', 'iq']);
  const type = random.one(types[kind] ?? ['']);
  const bad = random.chance(0.03);
  const from = bad ? text(random) : random.one(senders);
  const to = bad ? text(random) : random.one(receivers);
  const body = kind === 'message' && random.chance(0.5) ? `<body>${text(random)}</body>` : '';
  const children =
    kind === 'iq'
      ? random.list(0, random.chance(0.9) ? 1 : 3, () => element(random, 1))
      : random.list(0, 4, () => element(random, 1));
  const xml = `<${kind} from="${from}" to="${to}" id="${id}"${type === '' ? '' : ` type="${type}"`}${attrs(random).replace(/ (?:id|from|to|type)="[^"]*"/g, '')}>${body}${children.join('')}${type === 'error' ? failure(random) : ''}</${kind}>`;
  const isQuery = kind === 'iq' && (type === 'get' || type === 'set');
  const isOurs = /^(?:\w+@)?web\.example\.com/i.test(to);
  const fromUs = from.includes('@web.example.com');
  return {
    xml,
    id,
    owed: isQuery && !bad && isOurs && !fromUs,
    silent: type === 'error' || (kind === 'iq' && type === 'result'),
  };
}

function failure(random: Random): string {
  const condition = random.one([...Object.keys(conditions), 'odd']);
  return `<error type="${random.one(['auth', 'cancel', 'modify', 'wait', 'odd'])}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">${text(random)}</${condition}>${element(random, 1)}</error>`;
}

/** The answer to a query that the gateway asked, or nothing. */
export function makeAnswer(
  random: Random,
  { id = '', from = '', to = '' }: Record<string, string>,
): string | undefined {
  const head = `from="${quoted(to)}" to="${quoted(from)}" id="${quoted(id)}"`;
  if (random.chance(0.0005)) return undefined;
  if (random.chance(0.4)) return `<iq type="error" ${head}>${failure(random)}</iq>`;
  return `<iq type="result" ${head}>${random.list(0, 1, () => element(random, 1)).join('')}</iq>`;
}

function quoted(value: string): string {
  return value.replace(/[&<>"']/g, (char) => escapes[char] ?? char);
}
