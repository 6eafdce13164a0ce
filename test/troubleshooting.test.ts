/** docs/troubleshooting.md has a cause and a remedy for everything that the code can answer, and names what exists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodes } from '../src/commands/exit-codes.ts';
import { allKeys } from '../src/config/keys.ts';
import { closeCodes } from '../src/protocol/close.ts';
import { errorCodes } from '../src/protocol/errors.ts';
import { events } from '../src/protocol/frames.ts';
import { Limits } from '../src/protocol/objects.ts';
import { isRequestType } from '../src/protocol/parse.ts';
import { codes, tables } from './support/markdown.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const text = read('docs/troubleshooting.md');

/** The first cells of the tables with that first column. */
function listed(column: string): string[] {
  const rows = tables(text).flatMap((table) => (table.header[0] === column ? table.rows : []));
  for (const row of rows) expect(row.filter((cell) => cell !== '').length, row.join(' | ')).toBe(3);
  return rows.map(([cell = '']) => codes(cell)[0] ?? cell);
}

const ascending = (values: Record<string, number>) => Object.values(values).toSorted((a, b) => a - b);
const isNumber = (name: string) => /^\d+$/.test(name);

test('every error code, close code and exit code has a cause and a remedy, and no other has one', () => {
  expect(listed('code').filter((name) => !isNumber(name))).toEqual(errorCodes);
  expect(listed('code').filter(isNumber).map(Number)).toEqual(ascending(closeCodes));
  expect(listed('exit code').map(Number)).toEqual(ascending(exitCodes));
});

test('the events of the log that are named are logged', () => {
  const named = [...text.matchAll(/`event: (\w+)`/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(1);
  expect(named.filter((name) => !read('docs/logging.md').includes(`| \`${name}\` |`))).toEqual([]);
});

test('the keys that are named exist', () => {
  const known = allKeys().map(({ key }) => key);
  const sections = new Set(known.map((key) => key.split('.')[0]));
  const announced = Object.keys(Limits.properties).map((name) => `limits.${name}`);
  const words = [...text.matchAll(/`([a-z]+(?:\.[a-zA-Z]+)+)(?:: \w+)?`/g)].map(([, name = '']) => name);
  const named = words.filter((name) => sections.has(name.split('.')[0]) && !isRequestType(name) && !(name in events));
  const isKnown = (name: string) => known.some((key) => key === name || key.startsWith(`${name}.`));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !isKnown(name) && !announced.includes(name))).toEqual([]);
});
