/** Messages made of what breaks streams, the same in each run: most of them are not allowed, many are. */
import { append, type Element, el } from '../../src/xmpp/stanza.ts';

export const badText = ['\0', '\x01', '\x0b', '\x0c', '\x1f', '\ufffe', '\uffff', '\ud800', '\udfff', '\udc00\ud800'];

export const badNames = [
  '',
  ' ',
  'a b',
  'a:b',
  ':a',
  '1a',
  '-a',
  '.a',
  '<',
  'a>',
  'a/',
  'a"',
  'é\u0301\0',
  '\u00d7',
  '!--',
  '?x',
  'a\n',
  '×',
];

const legal = ['a', 'body', '\r\n\t', '\u{10ffff}', '\ufdd0', '🦜', '\x7f\u0085\u2028', 'x'.repeat(500)];
const markup = ['&amp;', ']]>', '<!--', '<?x?>', '<![CDATA[', '&#0;', '&#x1;', '</body>', '</stream:stream>', '"', "'"];
const pieces = [...badText, ...badNames, ...legal, ...markup];

/** xorshift */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

export function* randomMessages(count: number, from: string, to: string): Generator<Element> {
  const roll = dice(20_260_101);
  const piece = () => pieces[roll(pieces.length)] ?? '';
  const word = () => (roll(3) === 0 ? piece() : (['body', 'x', 'id', 'urn:x'][roll(4)] ?? ''));
  const random = (depth: number): Element => {
    const element = el(roll(4) === 0 ? word() : 'x');
    if (roll(3) === 0) element.attrs[word()] = word();
    for (let i = roll(3); i > 0 && depth > 0; i--) append(element, roll(2) === 0 ? word() : random(depth - 1));
    return element;
  };
  for (let i = 0; i < count; i++) {
    const attrs = { type: 'chat', id: `${i}`, from, to: roll(20) === 0 ? piece() : to };
    yield el('message', attrs, random(3), el('body', {}, word()));
  }
}
