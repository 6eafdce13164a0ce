/**
 * node scripts/client.ts: bundles the client library for pages that have no bundler, into dist/client, and prints the
 * sizes. A test holds them to their bounds, and compares them with those of other libraries.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

const [core, state] = [`export * from './connect.ts';`, `export { createState } from './state/state.ts';`];
const upload = `export { upload } from './upload/upload.ts';`;

/** Each has the one before, so that a page takes one of them: two would have two classes `ClientError`. */
const entries = {
  'stanzawire.min.js': core,
  'stanzawire-state.min.js': `${core}${state}`,
  'stanzawire-all.min.js': `${core}${state}${upload}export { indexedDbOutbox } from './indexed-db.ts';`,
};

/** What else is measured, by its entries. */
const parts = {
  'client-upload': `${core}${upload}`,
  'indexed-db': `export * from './indexed-db.ts';`,
};

/** What an application that only connects and chats would take in of other libraries, by package. */
const peers = {
  'socket.io-client': `export { io } from 'socket.io-client';`,
  'strophe.js': `export { Strophe, $msg, $pres, $iq } from 'strophe.js';`,
  centrifuge: `export { Centrifuge } from 'centrifuge';`,
  stanza: `export { createClient } from 'stanza';`,
};

export const bundles = (): Promise<Bundle[]> => all(entries);
export const partBundles = (): Promise<Bundle[]> => all(parts);

/** Each with its package's version. */
export async function peerBundles(): Promise<(Bundle & { version: string })[]> {
  const made = await all(peers);
  return made.map((one) => {
    const file = join(root, 'node_modules', one.name, 'package.json');
    return { ...one, version: String(JSON.parse(readFileSync(file, 'utf8')).version) };
  });
}

function all(sources: Record<string, string>): Promise<Bundle[]> {
  return Promise.all(Object.entries(sources).map(([name, source]) => bundle(name, source)));
}

async function bundle(name: string, source: string): Promise<Bundle> {
  const entry = join(root, 'src/client', `bundle:${name}.ts`);
  const output = await build({
    configFile: false,
    logLevel: 'error',
    // As an application is built, whatever runs this: some have another size for developers.
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { conditions: ['browser', 'module', 'production'] },
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
    process.stdout.write(`${name}: ${code.length} bytes, ${gzipped} gzipped\n`);
  }
}
