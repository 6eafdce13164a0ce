/**
 * node scripts/client.ts: bundles the client library for pages that have no bundler, into dist/client, and prints the
 * sizes. A test holds them to their bounds.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');

export interface Bundle {
  readonly name: string;
  readonly code: string;
  /** What a server that compresses sends. */
  readonly gzipped: number;
}

/** The core alone, and both; `stanzawire-state.min.js` has everything that the other one has. */
const entries = {
  'stanzawire.min.js': `export * from './connect.ts';`,
  'stanzawire-state.min.js': `export * from './connect.ts';\nexport { createState } from './state/state.ts';`,
  'indexed-db.min.js': `export * from './indexed-db.ts';`,
};

export function bundles(): Promise<Bundle[]> {
  return Promise.all(Object.entries(entries).map(([name, source]) => bundle(name, source)));
}

async function bundle(name: string, source: string): Promise<Bundle> {
  const entry = join(root, 'src/client', `bundle:${name}.ts`);
  const output = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? source : null),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      lib: { entry, formats: ['es'], fileName: name },
      // A library's bundle is not minified in full unless it is said twice.
      minify: true,
      rolldownOptions: { output: { minify: true, comments: false } },
    },
  });
  const [first] = Array.isArray(output) ? output : [];
  const [chunk] = first?.output ?? [];
  if (!chunk || first?.output.length !== 1) throw new Error(`${name} is not one file`);
  return { name, code: chunk.code, gzipped: gzipSync(chunk.code, { level: 9 }).length };
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(root, 'dist/client');
  mkdirSync(folder, { recursive: true });
  for (const { name, code, gzipped } of await bundles()) {
    writeFileSync(join(folder, name), code);
    process.stdout.write(`dist/client/${name}: ${code.length} bytes, ${gzipped} gzipped\n`);
  }
}
