/** Rules of the house for the demo's sources: what strangers write never becomes markup, and files stay small. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../demo');
const files = globSync('**/*.{ts,tsx,css,html}', { cwd: folder }).map((path) => ({
  path,
  text: readFileSync(join(folder, path), 'utf8'),
}));

it.each([
  ['makes markup of text', /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|setHTML/],
  ['goes round the escaping of Preact', /dangerouslySetInnerHTML/],
  ['makes code of text', /\beval\(|new Function|import\([^'"]/],
  ['is inline, where the content policy has nothing inline', /<style|<script>|\son\w+="|\sstyle="/],
  ['comes from elsewhere', /(?:src|href|url\()\s*=?\s*["'(]?https?:/],
])('nothing %s', (_, pattern) => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
});

it('no file is longer than 300 lines, and each says what it is for', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
  const code = files.filter(({ path }) => !path.endsWith('.html'));
  expect(code.filter(({ text }) => !text.startsWith('/*')).map(({ path }) => path)).toEqual([]);
});
