import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer } from '../../src/core/pacer.ts';
import { type Element, el } from '../../src/xmpp/stanza.ts';

const sent: string[] = [];
const made: string[] = [];
let pacer: Pacer;

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  made.length = 0;
  pacer = new Pacer({ pace: 100 }, (paced) => typeof paced !== 'function' && sent.push(paced.attrs.id ?? ''));
});
afterEach(() => void vi.useRealTimers());

function* run(name: string, count: number): Generator<Element> {
  for (let i = 0; i < count; i++) {
    made.push(`${name}${i}`);
    yield el('presence', { id: `${name}${i}` });
  }
}

describe('what can wait', () => {
  it('goes at once, in order, while it is little', () => {
    pacer.run({}, run('a', 3));
    expect(sent).toEqual(['a0', 'a1', 'a2']);
  });

  it('goes at the pace while it is much, and is made when its turn comes', () => {
    pacer.run({}, run('a', 1000));
    expect(sent).toHaveLength(100);
    expect(made.length).toBeLessThanOrEqual(101);
    for (let second = 2; second <= 10; second++) {
      vi.advanceTimersByTime(1000);
      expect(Math.abs(sent.length - second * 100)).toBeLessThanOrEqual(5);
    }
    vi.advanceTimersByTime(200);
    expect(sent).toHaveLength(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is never more than a second has, however long nothing went', () => {
    vi.advanceTimersByTime(3600_000);
    pacer.run({}, run('a', 500));
    expect(sent).toHaveLength(100);
  });

  it('takes turns, so that a small run does not wait for the end of a large one', () => {
    pacer.run({}, run('large', 10_000));
    pacer.run({}, run('small', 5));
    vi.advanceTimersByTime(1000);
    expect(sent.filter((id) => id.startsWith('small'))).toHaveLength(5);
  });

  it('is one run for each key, the latest', () => {
    const key = {};
    pacer.run(key, run('old', 200));
    pacer.run(key, run('new', 50));
    vi.advanceTimersByTime(10_000);
    expect(sent.filter((id) => id.startsWith('old'))).toHaveLength(100);
    expect(sent.filter((id) => id.startsWith('new'))).toHaveLength(50);
  });

  it('is forgotten when the link is lost', () => {
    pacer.run({}, run('a', 1000));
    pacer.clear();
    vi.advanceTimersByTime(10_000);
    expect(sent).toHaveLength(100);
  });
});
