import { expect, it } from 'vitest';
import { xepsPage } from '../scripts/xeps.ts';
import { builtIn } from '../src/extensions/index.ts';
import { tables } from './support/markdown.ts';

const rows = tables(xepsPage()).flatMap((table) => table.rows);

it('docs/xeps.md has a row for every specification, with its title', () => {
  const specs = builtIn.flatMap(({ spec, also = [] }) => [spec, ...also]).filter(({ name }) => /^(XEP|RFC)/.test(name));
  const addresses = rows.map(([document = '']) => /\((.*)\)/.exec(document)?.[1]);
  expect(addresses).toHaveLength(specs.length);
  expect(new Set(addresses)).toEqual(new Set(specs.map(({ url }) => url)));
  expect(rows.filter(([, title]) => title === '')).toEqual([]);
});
