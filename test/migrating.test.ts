/** docs/migrating.md: what it says of Strophe.js and StanzaJS is in their packages, what it says of us is on our wire. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { events, requests } from '../src/protocol/frames.ts';
import { codes, fences, tables } from './support/markdown.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/migrating.md'), 'utf8');
const require = createRequire(import.meta.url);
const version = (name: string): string => String(require(join(root, 'node_modules', name, 'package.json')).version);

/** The code in one column of the table with that heading. */
function column(heading: string, at: number): string[] {
  const found = tables(page).find(({ header }) => header[0] === heading);
  if (!found) throw new Error(`no table for ${heading}`);
  return found.rows.flatMap((row) => codes(row[at]));
}

const called = (texts: readonly string[], pattern: RegExp): string[] => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name ?? ''))),
];

test('it is about the versions that are installed', () => {
  expect(page).toContain(`Strophe.js ${version('strophe.js')} and StanzaJS\n${version('stanza')}`);
});

test('Strophe.js has what is named of it', async () => {
  // What pages load; its entry for Node wants a parser that only servers need.
  const strophe: Record<string, unknown> = await import(join(root, 'node_modules/strophe.js/dist/strophe.esm.js'));
  const { Strophe } = strophe as { Strophe: Record<string, unknown> & { Connection: { prototype: object } } };
  const said = [
    ...column('Strophe.js', 0),
    ...fences(page).flatMap(({ info, lines }) => (info === 'js strophe' ? lines : [])),
  ];
  const methods = called(said, /\bconn\.(\w+)/g);
  expect(methods.length).toBeGreaterThan(8);
  expect(methods.filter((name) => !(name in Strophe.Connection.prototype))).toEqual([]);
  expect(called(said, /\bStrophe\.(\w+)/g).filter((name) => !(name in Strophe))).toEqual([]);
  expect(called(said, /(\$\w+)/g).filter((name) => !(name in strophe))).toEqual([]);
});

test('StanzaJS has what is named of it', () => {
  const said = column('StanzaJS', 0);
  const client = (require('stanza') as { createClient(options: object): object }).createClient({});
  const names = called(said, /\bclient\.(\w+)/g);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !(name in client))).toEqual([]);
  const source = ['Client.js', 'helpers', 'plugins', 'protocol']
    .flatMap((path) => sources(join(root, 'node_modules/stanza', path)))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const heard = called(said, /\bclient\.on\('([^']+)'/g);
  expect(heard.length).toBeGreaterThan(5);
  // Some names are put together, as in `marker:${type}`.
  expect(heard.filter((name) => !source.includes(`'${name}'`) && !source.includes(`${name.split(':')[0]}:`))).toEqual(
    [],
  );
});

function sources(path: string): string[] {
  if (path.endsWith('.js')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(path, name));
}

describe.each(['Strophe.js', 'StanzaJS', 'Converse', 'xmpp-ftw'])('what is said to do instead of %s', (heading) => {
  const ours = column(heading, 1);
  const known = new Set<string>([...Object.keys(requests), ...Object.keys(events), 'connect', 'ready']);

  test('names requests and events that there are', () => {
    const named = ours.filter((text) => /^[a-z]+\.[a-z.]+$/.test(text) && !/^(chat|state|error)\./.test(text));
    const asked = called(ours, /chat\.(?:request|tell)\('([^']+)'/g);
    expect([...named, ...asked].filter((name) => !known.has(name))).toEqual([]);
    const own = ['status', 'ready', 'delivery'];
    const heard = called(ours, /chat\.on\('([^']+)'/g);
    expect(heard.filter((name) => !own.includes(name) && !known.has(name))).toEqual([]);
    expect(named.length + asked.length + heard.length).toBeGreaterThan(4);
  });
});
