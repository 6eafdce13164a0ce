/** What the client library weighs, as a page loads it: minified and gzipped; beside other libraries, and as docs/client.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Bundle, bundles, partBundles, peerBundles } from '../../scripts/client.ts';
import { tables } from '../support/markdown.ts';

const kib = 1024;
let files: Bundle[];
let own: Map<string, number>;

beforeAll(async () => {
  files = await bundles();
  own = new Map([...files, ...(await partBundles())].map(({ name, gzipped }) => [name, gzipped]));
}, 120_000);

test('the core is at most 6 KB, with the state helper at most 9 KB', () => {
  expect(own.get('stanzawire.min.js')).toBeLessThanOrEqual(6 * kib);
  expect(own.get('stanzawire-state.min.js')).toBeLessThanOrEqual(9 * kib);
});

test('no bundle needs anything else', () => {
  for (const { name, code } of files) expect(code, name).not.toMatch(/\bimport\b(?!\.meta)/);
});

/** As docs/client.md names what was measured. */
const rows = {
  '`stanzawire/client`': 'stanzawire.min.js',
  '`stanzawire/client` and `stanzawire/client/state`': 'stanzawire-state.min.js',
  '`stanzawire/client` and `stanzawire/client/upload`': 'client-upload',
  'all of them, with `stanzawire/client/indexed-db`': 'stanzawire-all.min.js',
  '`stanzawire/client/indexed-db` alone': 'indexed-db',
};

test('the sizes are those of docs/client.md, and those of the other libraries too', async () => {
  const peers = await peerBundles();
  const measured = [
    ...Object.entries(rows).map(([row, name]) => [row, own.get(name) ?? 0] as const),
    ...peers.map(({ name, version, gzipped }) => [`${name} ${version}`, gzipped] as const),
  ];
  for (const [row, size] of measured) console.info(`${row}: ${size}`);
  const page = readFileSync(join(import.meta.dirname, '../../docs/client.md'), 'utf8');
  const said = tables(page).find(({ header }) => header[0] === 'bundle')?.rows ?? [];
  expect(new Set(said.map(([row]) => row))).toEqual(new Set(measured.map(([row]) => row)));
  const sizes = new Map(said.map(([row, size]) => [row, Number(size?.replace(',', ''))]));
  // The page rounds; another release of the bundler may do a little better or worse.
  for (const [row, size] of measured) {
    expect(Math.abs((sizes.get(row) ?? 0) - size) / size, `${row} is ${size}`).toBeLessThan(0.02);
  }
}, 120_000);

test('docs/client.md names every file that a page may take', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/client.md'), 'utf8');
  for (const { name } of files) expect(page).toContain(`\`${name}\``);
});
