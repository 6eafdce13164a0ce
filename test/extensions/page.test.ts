import { expect, it } from 'vitest';
import { fitting, pageBytes } from '../../src/extensions/page.ts';

const items = ['aaaa', 'bbbb', 'cccc'];
/** A string of four with its quotes. */
const size = 6;

it('a page has what fits, from the end that was asked for', () => {
  expect(fitting(items, 3 * size, 'first')).toEqual(items);
  expect(fitting(items, 3 * size - 1, 'first')).toEqual(['aaaa', 'bbbb']);
  expect(fitting(items, 3 * size - 1, 'last')).toEqual(['bbbb', 'cccc']);
  expect(fitting(items, size, 'last')).toEqual(['cccc']);
});

it('a page has one item at least, and counts bytes, not characters', () => {
  expect(fitting(items, 1, 'first')).toEqual(['aaaa']);
  expect(fitting(items, 1, 'last')).toEqual(['cccc']);
  expect(fitting([], 1, 'last')).toEqual([]);
  expect(fitting(['a', '👋👋'], 10, 'last')).toEqual(['👋👋']);
});

it('a page leaves most of the socket’s buffer to others', () => {
  expect(pageBytes({ outbound: 1_048_576 })).toBeLessThanOrEqual(1_048_576 / 2);
});
