import { describe, expect, it } from 'vitest';
import { escapeLocal, parse, unescapeLocal } from '../../src/xmpp/jid.ts';

describe('a user name', () => {
  it.each([
    ['alice', 'alice'],
    ['ALICE', 'alice'],
    ['alice@corp.example', 'alice\\40corp.example'],
    ['a b', 'a\\20b'],
    ['a\\20b', 'a\\5c20b'],
    ['a\\b', 'a\\b'],
    ['Γιώργος', 'γιώργοσ'],
    ['ΓΙΏΡΓΟΣ', 'γιώργοσ'],
    ['ışık', 'ışık'],
  ])('%j is the localpart %j, and that stays as it is', (name, local) => {
    expect(escapeLocal(name)).toBe(local);
    expect(parse(`${local}@example.com`).local).toBe(local);
  });

  // Each of these stringprep turns into another text, so that XMPP users would see another account.
  it.each([
    'ﬁona',
    'ａlice',
    '\u212aate',
    'al\ufe0fice',
    'al\u034fice',
    'al\u180bice',
    'straße',
    'STRAßE',
    'ᾳ',
    'α\u0345',
    'ῷδή',
  ])('%j is refused: servers would take it for another one', (name) => expect(escapeLocal(name)).toBeUndefined());

  it.each([
    '',
    ' a',
    'a ',
    'a\0',
    'a\u00ad',
    'a\u200b',
    '😀',
    'a\ud800',
    'aא',
    'א1',
    '@'.repeat(342),
    'x'.repeat(1024),
  ])('%j is refused: no server takes it', (name) => expect(escapeLocal(name)).toBeUndefined());

  it('is shown as it was written, but for its case', () => {
    for (const name of ['alice@corp.example', "d'artagnan", 'a b/c:d<e>f&g"h', 'plain']) {
      expect(unescapeLocal(escapeLocal(name) ?? '')).toBe(name);
    }
  });
});
