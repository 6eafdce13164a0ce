/**
 * node scripts/demo.ts [FOLDER]: builds the demo page, by default into dist/demo, from where `http.public.demo` serves it.
 * What is there already stays usable all the time: a gateway may be reading it.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
/** What keeps its name. */
const still = join(root, 'demo/public');

export async function buildDemo(folder: string): Promise<void> {
  const output = await build({
    root: join(root, 'demo'),
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: {
      alias: {
        'stanzawire/client/state': join(root, 'src/client/state/state.ts'),
        'stanzawire/client/upload': join(root, 'src/client/upload/upload.ts'),
        'stanzawire/client': join(root, 'src/client/connect.ts'),
      },
    },
    mode: 'production',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    build: {
      write: false,
      target: 'es2022',
      // What is inlined would need a looser content policy.
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: {
        input: { index: join(root, 'demo/index.html'), worker: join(root, 'demo/worker.ts') },
        output: { entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js') },
      },
    },
  });
  const outputs = Array.isArray(output) ? output : 'output' in output ? [output] : [];
  for (const name of readdirSync(still)) write(join(folder, name), readFileSync(join(still, name)));
  const files = outputs.flatMap((one) => one.output);
  // The page last: it names the others.
  for (const file of files.toSorted(
    (a, b) => Number(a.fileName === 'index.html') - Number(b.fileName === 'index.html'),
  )) {
    write(join(folder, file.fileName), file.type === 'chunk' ? file.code : file.source);
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const made = `${path}.${process.pid}`;
  writeFileSync(made, content);
  renameSync(made, path);
}

if (process.argv[1] === import.meta.filename) await buildDemo(resolve(process.argv[2] ?? join(root, 'dist/demo')));
