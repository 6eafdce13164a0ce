/**
 * node scripts/client.ts: bundles the client library for pages that have no bundler, into dist/client, and prints the
 * sizes. A test holds them to their bounds. With a FOLDER it prints what others weigh, from their packages there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

/** What an application that only connects and chats would take in. */
const others = {
  centrifuge: `export { Centrifuge } from 'centrifuge';`,
  'socket.io-client': `export { io } from 'socket.io-client';`,
  'strophe.js': `export { Strophe, $msg, $pres, $iq } from 'strophe.js';`,
  stanza: `export { createClient } from 'stanza';`,
};

export function bundles(): Promise<Bundle[]> {
  return all(entries, join(root, 'src/client'));
}

function all(sources: Record<string, string>, folder: string): Promise<Bundle[]> {
  return Promise.all(Object.entries(sources).map(([name, source]) => bundle(name, source, folder)));
}

async function bundle(name: string, source: string, folder: string): Promise<Bundle> {
  const entry = join(folder, `bundle:${name}.ts`);
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

function print({ name, code, gzipped }: Bundle): void {
  process.stdout.write(`${name}: ${code.length} bytes, ${gzipped} gzipped\n`);
}

if (process.argv[1] === import.meta.filename) {
  const [beside] = process.argv.slice(2);
  const folder = join(root, 'dist/client');
  if (beside === undefined) mkdirSync(folder, { recursive: true });
  for (const one of await bundles()) {
    if (beside === undefined) writeFileSync(join(folder, one.name), one.code);
    print(one);
  }
  if (beside !== undefined) for (const one of await all(others, resolve(beside))) print(one);
}
