/** SECURITY.md says what is tried: each row of its table names a test that is there, and each test is in a row. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { links, tables } from '../support/markdown.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');
const files = globSync('*.test.ts', { cwd: import.meta.dirname })
  .map((file) => `test/security/${file}`)
  .filter((file) => file !== 'test/security/page.test.ts');

it('every attack has a defence and a test, and the test tries something', () => {
  const table = tables(text).find(({ header }) => header.includes('attack'));
  expect(table?.rows.length).toBeGreaterThan(20);
  for (const row of table?.rows ?? []) {
    const [attack = '', defence = '', tested = ''] = row;
    expect(attack.length, attack).toBeGreaterThan(10);
    expect(defence.length, attack).toBeGreaterThan(10);
    const named = [...tested.matchAll(/\((test\/(?:security|auth)\/[\w-]+\.test\.ts)\)/g)].map(
      ([, file]) => file ?? '',
    );
    expect(named.length, attack).toBeGreaterThan(0);
    for (const file of named)
      expect(readFileSync(join(root, file), 'utf8'), file).toMatch(/\b(?:it|test)(?:\.\w+)*[(<]/);
  }
});

it('no test is missing in the table', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !links(text).includes(file))).toEqual([]);
});

it('the page says how to report, what is supported, and who is trusted', () => {
  for (const heading of ['## Reporting', '## Supported versions', '## Who is trusted with what'])
    expect(text).toContain(heading);
  for (const who of ['A malicious client', 'A malicious contact', 'A malicious XMPP server', 'A network neighbour']) {
    expect(text).toContain(who);
  }
});
