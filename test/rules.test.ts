/** Holds the import rules of CONTRIBUTING.md, and the few other rules of the house that a reading of src/ can check. */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '../src');

/**
 * What each folder or file of src/ may import besides its own folder: paths below src/ (a folder ends in `/`), and
 * `node:` for all of Node. After `type` stands what only `import type` may reach, after `!` what nothing may.
 */
const mayImport: Record<string, string[]> = {
  'protocol/': [],
  'client/': ['protocol/close', 'protocol/errors', 'protocol/upload-status', 'type protocol/'],
  'conformance/': ['client/', 'protocol/', 'node:'],
  'xmpp/': ['protocol/errors', 'protocol/text', 'node:'],
  extension: [
    'fields',
    'protocol/',
    'xmpp/',
    'type views',
    'type kept',
    'type transfer',
    'type store/store',
    'type store/archive',
  ],
  views: [
    'type protocol/',
    'type xmpp/',
    'type extension',
    'type kept',
    'type notices',
    'type transfer',
    'type store/store',
    'type store/archive',
  ],
  kept: ['type xmpp/'],
  transfer: [],
  notices: ['type kept'],
  fields: ['protocol/', 'xmpp/', 'type extension'],
  'core/': [
    'protocol/',
    'xmpp/',
    'extension',
    'fields',
    'type notices',
    'type transfer',
    'store/store',
    'type store/archive',
    'type store/accounts',
    'cluster/cluster',
    'type auth/auth',
    'node:crypto',
    'node:events',
    'node:timers/promises',
  ],
  'extensions/': ['!xmpp/link', 'protocol/', 'xmpp/', 'extension', 'fields', 'node:crypto'],
  'auth/': ['protocol/errors', 'node:'],
  'store/': ['protocol/errors', 'node:'],
  'cluster/': ['protocol/errors', 'node:'],
  'websocket/': ['protocol/', 'core/edge', 'networks', 'node:'],
  'http/': ['protocol/', 'type transfer', 'node:'],
  'outbound/': [
    'protocol/errors',
    'protocol/hosts',
    'type protocol/push',
    'type notices',
    'type store/store',
    'type store/archive',
    'type kept',
    'node:',
  ],
  demo: ['auth/jwt', 'type http/demo', 'node:'],
  gateway: [
    'demo',
    'config',
    'protocol/',
    'xmpp/',
    'core/',
    'extensions/',
    'auth/',
    'store/',
    'cluster/',
    'websocket/',
    'http/',
    'outbound/',
    'drain',
    'reload',
    'tracing',
    'load-extensions',
    '../package.json',
    'node:',
  ],
  reload: ['config', 'type auth/', 'type http/'],
  drain: ['type core/', 'type http/', 'type outbound/', 'type store/', 'type websocket/', 'type xmpp/', 'node:'],
  main: ['config', 'log', 'gateway', 'load-extensions', 'commands/', 'node:'],
  'load-extensions': ['extension', 'extension-shape', 'extensions/', 'config/', 'node:'],
  'extension-shape': ['type extension', 'protocol/parse', 'config/'],
  'commands/': ['config', 'log', 'xmpp/link', 'auth/jwt', 'http/drain-proof', 'conformance/', 'node:'],
  config: ['config/', 'node:'],
  'config/': ['networks', 'node:'],
  networks: ['node:'],
  log: ['node:'],
  tracing: ['protocol/'],
  metrics: ['metrics/', 'protocol/', 'node:'],
  'metrics/': [],
};
const anywhere = ['log', 'metrics', 'type config', 'type tracing'];
const pure = ['protocol/', 'client/'];

/** Each npm package, and node:sqlite with them, has one home. */
const homes: Record<string, string[]> = {
  ws: ['websocket/', 'conformance/'],
  '@xmpp/component': ['xmpp/'],
  'fast-xml-parser': ['xmpp/'],
  saxes: ['xmpp/'],
  fastify: ['http/'],
  'prom-client': ['metrics', 'metrics/'],
  pino: ['log'],
  '@opentelemetry/api': ['tracing'],
  'node:sqlite': ['store/'],
  jose: ['auth/'],
  'web-push': ['outbound/'],
  yaml: ['config', 'config/'],
  'close-with-grace': ['main'],
  typebox: ['protocol/', 'fields', 'extension', 'config', 'config/'],
};

const files = globSync('**/*.ts', { cwd: src }).filter((path) => !path.endsWith('.d.ts'));
const sources = files.map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));
const fits = (path: string, pattern: string) => (pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern);

/** Every import of a file: its target as a path below src/ without `.ts`, or as the name of a package. */
function imports(path: string, text: string) {
  const statements = /^(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(statements)].map(([, type, from, dynamic]) => {
    const target = from ?? dynamic ?? '';
    const local = target.startsWith('.');
    const name = local ? posix.join(posix.dirname(path), target).replace(/\.ts$/, '') : target;
    return { target: name, type: type !== undefined, local };
  });
}

const packageOf = (target: string) => target.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? target;

function isAllowed(path: string, { target, type, local }: ReturnType<typeof imports>[number]) {
  const self = path.replace(/\.ts$/, '');
  const key = Object.keys(mayImport).find((pattern) => fits(self, pattern));
  if (key === undefined) return false;
  const name = packageOf(target);
  if (!local && homes[name]) return homes[name].some((home) => fits(self, home));
  if (!local && !target.startsWith('node:')) return false;
  const allowed = mayImport[key] ?? [];
  if (allowed.includes(`!${target}`)) return false;
  const own = key.endsWith('/') ? [key] : [];
  const common = pure.includes(key) ? [] : anywhere;
  return [...own, ...common, ...allowed].some((pattern) => {
    if (pattern === 'node:') return target.startsWith(pattern);
    return pattern.startsWith('type ') ? type && fits(target, pattern.slice(5)) : fits(target, pattern);
  });
}

it('every import keeps to the table of folders and to the homes of the packages', () => {
  const found = sources.flatMap(({ path, text }) => imports(path, text).map((one) => ({ path, ...one })));
  expect(found.length).toBeGreaterThan(10);
  const wrong = found.filter((one) => !isAllowed(one.path, one));
  expect(wrong.map(({ path, target, type }) => `${path} imports ${type ? 'the types of ' : ''}${target}`)).toEqual([]);
});

it('every dependency has a home and is used there', () => {
  const { dependencies } = JSON.parse(readFileSync(join(src, '../package.json'), 'utf8'));
  const used = new Set(sources.flatMap(({ path, text }) => imports(path, text).map(({ target }) => packageOf(target))));
  expect(Object.keys(dependencies).filter((name) => !homes[name] || !used.has(name))).toEqual([]);
});

it('no file is longer than 300 lines', () => {
  const lengths = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
});

it('only the command line writes to the console', () => {
  const writes = ({ path, text }: (typeof sources)[number]) =>
    /\bconsole\.\w/.test(text) && !/^(main\.ts|commands)/.test(path);
  expect(sources.filter(writes).map(({ path }) => path)).toEqual([]);
});

it('no file has state at module level', () => {
  expect(sources.filter(({ text }) => /^(export )?(let|var) /m.test(text)).map(({ path }) => path)).toEqual([]);
});
