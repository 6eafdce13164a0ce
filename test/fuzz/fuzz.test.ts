/** The fuzzing, short: `npm run fuzz` sends a million frames. */
import { expect, test } from 'vitest';
import { fuzz } from './run.ts';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

test('hostile frames and stanzas break nothing, and every request and query is answered', {
  timeout: 120_000,
}, async () => {
  const { problems, counts, targets, heap } = await fuzz({ seed, frames: 8000, stanzas: 4000 });
  console.log(`seed ${seed}: ${targets} fields of requests, ${counts.get('frame ok')} of 8000 frames were ok`);
  expect(problems).toEqual([]);
  expect(counts.get('frame ok')).toBeGreaterThan(300);
  expect(counts.get('error bad-request')).toBeGreaterThan(1000);
  expect(counts.get('frame message')).toBeGreaterThan(50);
  expect(heap[1] - heap[0]).toBeLessThan(48 * 2 ** 20);
});
