/** The built package as its users see it: one import in Node, types without Node's or the DOM's, and one set of them. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consumer } from '../support/library-consumer.ts';
import { fences } from '../support/markdown.ts';

const root = join(import.meta.dirname, '../..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-package-'));
const run = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

beforeAll(() => {
  const home = join(folder, 'node_modules/stanzawire');
  mkdirSync(home, { recursive: true });
  copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
  run(tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(home, 'dist'));
  symlinkSync(join(root, 'node_modules/typebox'), join(folder, 'node_modules/typebox'));
  // Of the example for React.
  for (const name of ['react', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('is imported in Node, by its names', () => {
  const program = `
    import { ClientError, connect } from 'stanzawire/client';
    import { createState } from 'stanzawire/client/state';
    import { upload } from 'stanzawire/client/upload';
    import { indexedDbOutbox } from 'stanzawire/client/indexed-db';
    console.log([ClientError, connect, createState, upload, indexedDbOutbox].map((one) => typeof one).join());`;
  expect(run('--input-type=module', '-e', program).trim()).toBe('function,function,function,function,function');
});

/** What the compiler says of those files. */
function compile(files: Record<string, string>, options: object): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', types: [], skipLibCheck: false, ...options };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  try {
    return run(tsc, '-p', '.');
  } catch (error) {
    return String((error as { stdout: string }).stdout);
  }
}

test.each([
  ['bundler', 'esnext'],
  ['nodenext', 'nodenext'],
])(
  'has types for moduleResolution %s, which need neither those of Node nor of the DOM',
  (moduleResolution, module) => {
    expect(compile({ 'consumer.ts': consumer }, { moduleResolution, module, lib: ['es2023'] })).toBe('');
  },
  60_000,
);

test('the programs of docs/client.md are right', () => {
  const blocks = fences(readFileSync(join(root, 'docs/client.md'), 'utf8')).filter(({ info }) => info === 'ts');
  expect(blocks.length).toBeGreaterThan(5);
  const files = Object.fromEntries(blocks.map(({ line, lines }) => [`line-${line}.ts`, lines.join('\n')]));
  expect(
    compile(files, { moduleResolution: 'bundler', module: 'esnext', lib: ['es2023', 'dom', 'dom.iterable'] }),
  ).toBe('');
}, 60_000);
