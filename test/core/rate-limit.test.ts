/** The token bucket of a session, on a clock of the test's own. */
import { beforeEach, expect, it } from 'vitest';
import { RateLimit } from '../../src/core/rate-limit.ts';

let now = 0;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const limit = (rate = 20, burst = 100) => new RateLimit({ rate, burst }, () => now);

beforeEach(() => {
  now = 1_000_000;
});

it('a burst goes through, what follows waits for as long as it is told', () => {
  const rate = limit();
  expect(times(100, () => rate.take())).toEqual(Array(100).fill(0));
  expect(rate.take()).toBe(50);
  now += 25;
  expect(rate.take()).toBe(25);
  now += 25;
  expect(rate.take()).toBe(0);
  expect(rate.take()).toBe(50);
});

it('a steady stream at the rate goes through for ever', () => {
  const rate = limit(20, 1);
  for (let i = 0; i < 1000; i++, now += 50) expect(rate.take()).toBe(0);
});

it('a long silence is worth one burst and no more', () => {
  const rate = limit(20, 3);
  times(3, () => rate.take());
  now += 3600_000;
  expect(times(4, () => rate.take() === 0)).toEqual([true, true, true, false]);
});

it('a rate below one a second is told in whole milliseconds', () => {
  const rate = limit(0.3, 1);
  rate.take();
  expect(rate.take()).toBe(3334);
});

it('a clock that is set back costs nothing', () => {
  const rate = limit(20, 2);
  rate.take();
  now -= 3600_000;
  expect(rate.take()).toBe(0);
  expect(rate.take()).toBe(50);
  now += 50;
  expect(rate.take()).toBe(0);
});

it('more than 100 refusals in ten seconds are abuse, 100 are not', () => {
  const rate = limit();
  expect(times(100, () => rate.isAbuse())).not.toContain(true);
  now += 10_000;
  expect(rate.isAbuse()).toBe(true);
});

it('a clock that is set back begins a new window', () => {
  const rate = limit();
  for (let i = 0; i < 10; i++, now -= 1000) expect(times(50, () => rate.isAbuse())).not.toContain(true);
});

it('refusals of earlier windows are forgotten', () => {
  const rate = limit();
  for (let window = 0; window < 5; window++, now += 10_001) {
    expect(times(100, () => rate.isAbuse())).not.toContain(true);
  }
});
