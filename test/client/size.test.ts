/** What the client library weighs, as a page loads it: minified and gzipped. */
import { expect, test } from 'vitest';
import { bundles } from '../../scripts/client.ts';

const kib = 1024;

test('the core is at most 6 KB, with the state helper at most 9 KB, and needs nothing else', async () => {
  const all = await bundles();
  for (const { name, code, gzipped } of all) {
    console.info(`${name}: ${code.length} bytes, ${gzipped} gzipped`);
    expect(code, `${name} imports something`).not.toMatch(/\bimport\b(?!\.meta)/);
  }
  const sizes = Object.fromEntries(all.map(({ name, gzipped }) => [name, gzipped]));
  expect(sizes['stanzawire.min.js']).toBeLessThanOrEqual(6 * kib);
  expect(sizes['stanzawire-state.min.js']).toBeLessThanOrEqual(9 * kib);
  expect(sizes['indexed-db.min.js']).toBeLessThanOrEqual(kib / 2);
}, 60_000);
