/**
 * Texts that make a pattern try everything: what a message costs grows with its length, not with its square. Four times the
 * text may cost a good four times as much CPU; by a quadratic way it would be sixteen times. Small costs are not compared.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { words } from '../../src/store/words.ts';
import { escapeLocal, prepareLocal, prepareResource, tryParse, unescapeLocal } from '../../src/xmpp/jid.ts';
import { parseXml } from '../../src/xmpp/raw-xml.ts';
import { el } from '../../src/xmpp/stanza.ts';
import type { JsonClient } from '../support/json-client.ts';
import { scene } from '../support/scene.ts';

const pieces = [
  ' ',
  '\n',
  '\t',
  '> ',
  '> \n',
  '>> ',
  '*',
  '* ',
  '*a* ',
  '_',
  '~~',
  '`',
  '```\n',
  'a',
  'aA ',
  'http://',
  'https://a.',
  '@',
  'a@',
  '.',
  'a.',
  '-',
  '/',
  '\\',
  '\\20',
  '\\5c',
  '&',
  '&#',
  '&#x',
  '&amp;',
  '<',
  '<a ',
  '</a',
  '<!--',
  '<a href="',
  '"',
  "='",
  '[',
  '](',
  '{',
  ':',
  ',',
  ';',
  '0',
  '1e',
  'e\u0301',
  '\u0323\u0307',
  'ς',
  'א',
  'aא',
  '\u200d',
  '👩‍👩‍👧',
  '\u00a0',
  '\u2028',
  'ﬃ',
];

/** CPU time in milliseconds, the least of two tries. */
function cost(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2; i++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Less than this is noise, and no attack. */
const noise = 40;
const generous = 9;

function isLinear(of: (text: string) => void, piece: string, length: number): string | undefined {
  const long = piece.repeat(Math.ceil(length / piece.length));
  const slow = cost(() => of(long));
  if (slow < noise) return undefined;
  const quick = cost(() => of(long.slice(0, length / 4)));
  return slow / Math.max(quick, 1) < generous ? undefined : `${JSON.stringify(piece)}: ${quick} → ${slow} ms`;
}

const quiet = createLogger('info', { write: () => undefined });
const attempt = (run: () => unknown) => () => {
  try {
    run();
  } catch {
    // Refused is as good as done.
  }
};

describe('by its length and not by its square costs', () => {
  const functions: [string, (text: string) => () => unknown, number][] = [
    ['an address', (text) => () => tryParse(`${text}@${text}/${text}`), 32 * 1024],
    ['a domain', (text) => () => tryParse(text), 32 * 1024],
    ['a local part', (text) => () => prepareLocal(text), 32 * 1024],
    ['a resource', (text) => () => prepareResource(text), 32 * 1024],
    ['the words of a text', (text) => () => words(text), 128 * 1024],
    ['the words of a letter with marks', (text) => () => words(`a${text}`), 128 * 1024],
    ['a user name', (text) => () => escapeLocal(text), 16 * 1024],
    ['a name to be shown', (text) => () => unescapeLocal(text), 32 * 1024],
    ['XML of a client', (text) => () => parseXml(`<message><body>${text}</body></message>`, 'xml', 1e9), 32 * 1024],
    ['XML in an attribute', (text) => () => parseXml(`<message a='${text}'/>`, 'xml', 1e9), 32 * 1024],
    ['half XML', (text) => () => parseXml(`<message ${text}`, 'xml', 1e9), 32 * 1024],
    [
      'a line of the log',
      (text) => () => quiet.info({ token: text, secret: [text, { a: text }], other: text }, text),
      64 * 1024,
    ],
    ['a line of the log that looks like secrets', (text) => () => quiet.info(`{"token":${text}`), 32 * 1024],
  ];
  it.each(functions)('%s', (_, of, length) => {
    const slow = pieces.flatMap((piece) => isLinear((text) => attempt(of(text))(), piece, length) ?? []);
    expect(slow).toEqual([]);
  });
});

describe('through the whole gateway', () => {
  const at = scene({ STANZAWIRE_LIMITS_OUTBOUND: '64MiB', STANZAWIRE_LIMITS_OUTBOUND_TOTAL: '256MiB' });
  let alice: JsonClient;
  beforeAll(async () => {
    alice = await at.gateway.login('alice', { scopes: ['raw'], raw: 'full' });
  });
  afterAll(() => alice.close());

  /** CPU that a message of a contact takes until Alice has it. */
  async function costOf(text: string): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 2; i++) {
      const id = crypto.randomUUID();
      const stanza = el(
        'message',
        { from: 'mallory@example.com/x', to: alice.user, type: 'chat', id },
        el('body', {}, text),
        el('subject', {}, text),
        el(
          'html',
          { xmlns: 'http://jabber.org/protocol/xhtml-im' },
          el('body', { xmlns: 'http://www.w3.org/1999/xhtml' }, el('p', { style: text.slice(0, 20_000) }, text)),
        ),
        el('reference', {
          xmlns: 'urn:xmpp:reference:0',
          type: 'mention',
          uri: `xmpp:${text.slice(0, 20_000)}`,
          begin: '0',
          end: '5',
        }),
        el('reply', { xmlns: 'urn:xmpp:reply:0', id: 'x', to: text.slice(0, 3000) }),
        el(
          'fallback',
          { xmlns: 'urn:xmpp:fallback:0', for: 'urn:xmpp:reply:0' },
          el('body', { start: '0', end: `${text.length}` }),
        ),
        el('replace-not', { xmlns: text.replace(/[\s\p{Cc}"&<>]/gu, '').slice(0, 1000) || 'urn:x' }),
      );
      const before = process.cpuUsage();
      at.server.send(stanza);
      await alice.inbox.next(({ data }) => data?.id === id, 60_000);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    return least;
  }

  it('a contact’s message of any of these texts', async () => {
    const plain = await costOf('word '.repeat(40_000).slice(0, 64 * 1024));
    const slow: string[] = [];
    for (const piece of pieces) {
      const size = 64 * 1024;
      const text = piece
        .repeat(Math.ceil(size / piece.length))
        .slice(0, size)
        .toWellFormed();
      const long = await costOf(text);
      if (long < Math.max(plain * 10, 200)) continue;
      const short = await costOf(text.slice(0, size / 4).toWellFormed());
      if (long / short >= generous) slow.push(`${JSON.stringify(piece)}: ${short} → ${long} ms`);
    }
    expect(slow).toEqual([]);
  }, 240_000);
});
