/** What a session keeps of values of which only the latest counts. */
import { expect, it } from 'vitest';
import { OutgoingEvent } from '../../src/core/event.ts';
import { LatestValues } from '../../src/core/latest.ts';
import { Translator } from '../../src/core/translate.ts';

const translate = new Translator([]);
const from = (name: string, status: string) =>
  new OutgoingEvent({ type: 'presence', data: { from: name, user: name, type: 'available', status } }, {}, translate);
const shown = (values: LatestValues) =>
  values.values().map((event) => {
    const { data } = JSON.parse(event.text('none'));
    return `${data.from} ${data.status}`;
  });

it('of each address the newest value is kept, in the order in which they came', () => {
  const values = new LatestValues();
  values.add(from('a', '1'), 0);
  values.add(from('b', '1'), 0);
  values.add(from('a', '2'), 1);
  expect(shown(values)).toEqual(['b 1', 'a 2']);
});

it('what came before a number that the client has seen is dropped, and nothing else', () => {
  const values = new LatestValues();
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) values.add(from(name, 'x'), i);
  values.seen(2);
  expect(shown(values)).toEqual(['c x', 'd x']);
  values.seen(9);
  expect(shown(values)).toEqual([]);
});

it('one address that changes all the time takes no place of others', () => {
  const values = new LatestValues();
  values.add(from('quiet', '1'), 0);
  for (let i = 0; i < 10_000; i++) expect(values.add(from('busy', String(i)), 0)).toBe(false);
  expect(shown(values)).toEqual(['quiet 1', 'busy 9999']);
});

it('where there are too many addresses the oldest is forgotten, and that is said', () => {
  const values = new LatestValues();
  const forgot = Array.from({ length: 5000 }, (_, i) => values.add(from(`n${i}`, 'x'), i));
  expect(forgot).toContain(true);
  expect(shown(values)).toHaveLength(2000);
  expect(shown(values).at(-1)).toBe('n4999 x');
});
