import { expect, test } from 'vitest';
import { Outbound } from '../../src/websocket/outbound.ts';

test('frames leave in the order they came, each once', () => {
  const outbound = new Outbound({ outbound: 1000 });
  outbound.add('a', 'reply', undefined, 0);
  outbound.add('b', 'latest', 'k', 0);
  outbound.add('c', 'ephemeral', undefined, 0);
  expect(outbound.bytes).toBe(3);
  expect(outbound.take(1, 100)).toEqual(['a', 'b', 'c']);
  expect(outbound.take(1, 100)).toEqual([]);
  expect(outbound.bytes).toBe(0);
});

test('over half, ephemeral frames are dropped and latest values coalesced per key', () => {
  const outbound = new Outbound({ outbound: 100 });
  expect(outbound.add('typing', 'ephemeral', undefined, 51)).toBe(0);
  outbound.add('p1', 'latest', 'bob', 51);
  outbound.add('q1', 'latest', 'carol', 51);
  outbound.add('p2!', 'latest', 'bob', 51);
  outbound.add('n', 'numbered', undefined, 51);
  expect(outbound.take(1, 100)).toEqual(['n']);
  expect(outbound.bytes).toBe(5);
  expect(outbound.release(51)).toBe(false);
  expect(outbound.release(50)).toBe(true);
  expect(outbound.take(1, 100)).toEqual(['p2!', 'q1']);
  expect(outbound.bytes).toBe(0);
});

test('a newer value never overtakes the older one that is still held', () => {
  const outbound = new Outbound({ outbound: 100 });
  outbound.add('old', 'latest', 'bob', 51);
  outbound.add('new', 'latest', 'bob', 0);
  expect(outbound.take(1, 100)).toEqual([]);
  outbound.release(0);
  expect(outbound.take(1, 100)).toEqual(['new']);
});

test('what waits is counted in bytes, not in characters', () => {
  const outbound = new Outbound({ outbound: 100 });
  outbound.add('"€"', 'reply', undefined, 0);
  expect(outbound.bytes).toBe(5);
});

test('a batch is a JSON array bounded in count and in size; a lone frame stays bare', () => {
  const take = (frames: string[], batch: number, size: number) => {
    const outbound = new Outbound({ outbound: 1000 });
    for (const frame of frames) outbound.add(frame, 'reply', undefined, 0);
    return outbound.take(batch, size);
  };
  expect(take(['1', '2', '3'], 50, 100)).toEqual(['[1,2,3]']);
  expect(take(['1', '2', '3'], 2, 100)).toEqual(['[1,2]', '3']);
  expect(take(['11', '22', '33'], 50, 4)).toEqual(['[11,22]', '33']);
  expect(take(['11111', '2'], 50, 4)).toEqual(['11111', '2']);
  expect(take(['1'], 50, 100)).toEqual(['1']);
});
