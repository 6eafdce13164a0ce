/** The package as it is published: what it exports, with types, works for those who install it. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fences } from './support/markdown.ts';
import { runMain } from './support/process.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-package-'));
const installed = join(folder, 'node_modules/stanzawire');
const patience = 60_000;

/** What it says about what is wrong; nothing where it is all right. */
function tsc(...args: string[]): string {
  try {
    const program = join(root, 'node_modules/typescript/bin/tsc');
    return execFileSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return String(error.stdout);
    throw error;
  }
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  copyFileSync(join(root, 'package.json'), join(installed, 'package.json'));
  expect(tsc('-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))).toBe('');
}, patience);
afterAll(() => rmSync(folder, { recursive: true }));

it('has the types of extensions, and they hold', { timeout: patience }, () => {
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['mine.ts'] }));
  writeFileSync(
    join(folder, 'mine.ts'),
    `import { append, custom, el, extension, find, request, type Session, slot, Type } from 'stanzawire/extension';
const seen = slot(() => new Map<string, number>());
const field = custom<string>([['a', 'urn:a']], (s) => find(s, 'a', 'urn:a')?.attrs.b, (s, b) => append(s, el('a', { b })));
const spec = { name: 'A', url: 'https://a.example' };
export default extension({
  spec,
  message: { 'x-a': { schema: Type.String(), ...field } },
  events: { 'x-a.c': { data: Type.Object({}), class: 'numbered' } },
  requests: {
    'x-a.b': request({
      data: Type.Object({ n: Type.Integer() }),
      handle: (session: Session, { n }) => {
        session.account.slot(seen).set('a', n);
        session.push({ type: 'x-a.c', data: { n } });
        return undefined;
      },
    }),
  },
  hooks: { messageIn: (_account, { body }) => void body?.length },
});
// @ts-expect-error there is no such hook
export const a = extension({ spec, hooks: { nope: () => undefined } });
// @ts-expect-error names of one's own begin with x-
export const b = extension({ spec, message: { mine: { schema: Type.String(), ...field } } });
// @ts-expect-error there is no such thing in an element
export const c = el('a').nothing;
// @ts-expect-error the data is what the schema says
export const d = request({ data: Type.Object({ n: Type.Integer() }), handle: (_session, { n }) => n.length });
`,
  );
  expect(tsc('-p', '.')).toBe('');
});

it('runs, with the extension of the documentation', { timeout: patience }, async () => {
  const blocks = fences(readFileSync(join(root, 'docs/extensions.md'), 'utf8'));
  writeFileSync(join(folder, 'poll.js'), blocks.flatMap(({ info, lines }) => (info === 'js' ? lines : [])).join('\n'));
  const env = {
    STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
    STANZAWIRE_XMPP_SECRET: 'secret',
    STANZAWIRE_AUTH_JWT_SECRET: 'a secret of thirty-two bytes, or more',
    STANZAWIRE_EXTENSIONS: './poll.js',
  };
  const file = join(installed, 'dist/main.js');
  expect(await runMain(['--check'], env, [], { cwd: folder, file })).toMatchObject({ code: 0, stderr: '' });
});
