/**
 * The pages and the code say the same: every example frame passes its schema, the tables of PROTOCOL.md are those of
 * src/protocol, and links lead somewhere.
 */
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Static, TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { type Example, exampleBlocks, refuseOtherBlocks } from '../scripts/protocol-page.ts';
import { allKeys } from '../src/config/keys.ts';
import { loadConfig } from '../src/config.ts';
import { afterClose, closeCodes } from '../src/protocol/close.ts';
import { conditions, errorCodes, gatewayCodes, isCondition } from '../src/protocol/errors.ts';
import { File } from '../src/protocol/files.ts';
import { Form } from '../src/protocol/forms.ts';
import { Connect, type EventClass, events, Ready, replies, requests } from '../src/protocol/frames.ts';
import { Chat, Contact, ContactRequest, Element, Limits, Message, Presence } from '../src/protocol/objects.ts';
import { Avatar, Profile, VCard } from '../src/protocol/profile.ts';
import { PushMessage } from '../src/protocol/push.ts';
import { Occupant, Room } from '../src/protocol/rooms.ts';
import { checkExamples, expectValid } from './support/examples.ts';
import { anchors, codes, fences, links, type Table, tables } from './support/markdown.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const protocol = tables(read('PROTOCOL.md'));
const leastConfig = {
  STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
  STANZAWIRE_XMPP_SECRET: 'secret',
  STANZAWIRE_AUTH_JWT_SECRET: 'x'.repeat(32),
};

describe.each(['PROTOCOL.md', 'README.md', 'docs/cookbook.md'])('the examples of %s', (page) => {
  test.each(exampleBlocks(read(page)).map(({ line, examples }) => [line, examples] as const))(
    'the frames from line %i on are valid',
    (_, examples) => {
      const listed = [...listedNames('request'), ...listedNames('frame')].map(({ name }) => name);
      checkExamples(examples, listed);
    },
  );
});

test('no block of PROTOCOL.md, and no line of one, goes unchecked', () => {
  refuseOtherBlocks(read('PROTOCOL.md'));
  const elements = fences(read('PROTOCOL.md')).filter(({ info }) => info === 'json');
  for (const { line, lines } of elements) expectValid(Element, JSON.parse(lines.join('\n')), `line ${line}`);
  expect(elements.length).toBeGreaterThan(0);
  const pushes = fences(read('PROTOCOL.md')).filter(({ info }) => info === 'json push');
  for (const { line, lines } of pushes) expectValid(PushMessage, JSON.parse(lines.join('\n')), `line ${line}`);
  expect(pushes).toHaveLength(1);
  expect(exampleBlocks(read('PROTOCOL.md')).flatMap(({ examples }) => examples).length).toBeGreaterThan(200);
});

test('every request and every event has an example', () => {
  const examples = exampleBlocks(read('PROTOCOL.md')).flatMap((block) => block.examples);
  const shown = (from: Example['from']) => examples.filter((one) => one.from === from).map(({ frame }) => frame.type);
  expect(Object.keys(requests).filter((type) => !shown('client').includes(type))).toEqual([]);
  expect(Object.keys(events).filter((type) => !shown('gateway').includes(type))).toEqual([]);
});

describe('the tables of PROTOCOL.md', () => {
  test('list every error code, with its retry rule and type', () => {
    const rows = table('code', 'retry').rows.map(([code, retry, type]) => [codes(code)[0], retry, type]);
    const expected = errorCodes.map((code) =>
      isCondition(code)
        ? [code, yesNo(conditions[code] === 'wait'), conditions[code]]
        : [code, yesNo(gatewayCodes[code]), ''],
    );
    expect(rows).toEqual(expected);
  });

  test('list every close code, with its name and what the client does', () => {
    const rows = table('code', 'name').rows.map(([code, name, then]) => [Number(code), codes(name)[0], then]);
    expect(rows).toEqual(Object.entries(closeCodes).map(([name, code]) => [code, name, afterClose(code)]));
  });

  test('list every request, and no other as present', () => {
    const present = listedNames('request').filter(({ status }) => status === '0.1');
    expect(present.map(({ name }) => name).sort()).toEqual(Object.keys(requests).sort());
  });

  test('list every event with its class, and no other as present', () => {
    const present = listedNames('frame').filter(({ status, kind }) => status === '0.1' && kind !== 'reply');
    const expected = Object.entries(events).map(([name, event]): [string, EventClass] => [name, event.class]);
    expect(Object.fromEntries(present.map(({ name, kind }) => [name, kind]))).toEqual(Object.fromEntries(expected));
  });

  test('list every reply', () => {
    const listed = listedNames('frame').filter(({ kind }) => kind === 'reply');
    expect(listed.map(({ name }) => name).sort()).toEqual([...Object.keys(replies), 'error'].sort());
  });

  const objects = [
    Connect,
    Ready,
    Message,
    Presence,
    ContactRequest,
    Contact,
    Chat,
    File,
    Form,
    Room,
    Occupant,
    Profile,
    Avatar,
    VCard,
  ];
  const names = [
    'connect',
    'ready',
    'message',
    'presence',
    'contact request',
    'contact',
    'chat',
    'file',
    'form',
    'room',
    'occupant',
    'profile',
    'avatar',
    'vcard',
  ];
  test.each(names.map((name, index) => [name, index] as const))('list every field of %s', (_, index) => {
    const listed = fieldTables()[index]?.rows.flatMap(([names, status]) => codes(names).map((name) => [name, status]));
    const fields = schemaFields(objects[index]);
    expect(fields.filter((field) => !listed?.some(([name]) => name === field))).toEqual([]);
    const present = listed?.filter(([, status]) => status === '0.1').map(([name]) => name);
    expect(present?.filter((name) => !fields.includes(name ?? ''))).toEqual([]);
  });

  test('list every limit that is announced, with its default and what happens over it', () => {
    const { limits } = loadConfig({ env: leastConfig });
    const { frame, rate, burst, sendTimeout, batch, inFlight, historyMax } = limits;
    const defaults = { batch, inFlight, historyMax, frameBytes: frame, sendTimeoutMs: sendTimeout };
    const { rows } = table('field', 'default');
    const listed = rows.map(([name, value]) => [codes(name)[0], JSON.parse(codes(value)[0] ?? value ?? '')]);
    expect(Object.fromEntries(listed)).toEqual({ ...defaults, rate: { perSecond: rate, burst } });
    expect(listed.map(([name]) => name)).toEqual(Object.keys(Limits.properties));
    expect(rows.filter(([, , over]) => !over)).toEqual([]);
  });

  test('name no code for bad input but those that exist', () => {
    const known = [...errorCodes, ...Object.values(closeCodes).map(String)];
    const named = table('what comes in', 'what happens').rows.flatMap(([, what]) => [
      ...(what?.matchAll(/close (\d{4})(?: or (\d{4}))?/g).flatMap(([, ...found]) => found) ?? []),
      ...codes(what).filter((word) => word.includes('-')),
    ]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((code) => code !== undefined && !known.includes(code))).toEqual([]);
  });

  test('show the sessions and the heartbeat that an unchanged gateway has', () => {
    const { sessions } = loadConfig({ env: leastConfig });
    const frames = exampleBlocks(read('PROTOCOL.md')).flatMap((block) => block.examples.map(({ frame }) => frame));
    const readies = frames.filter(({ type }) => type === 'ready').map(({ data }) => data as Static<typeof Ready>);
    const expected = { windowMs: sessions.resumeWindow, maxEvents: sessions.maxEvents };
    expect(readies.filter(({ resume }) => resume).length).toBeGreaterThan(0);
    for (const { resume = expected, heartbeatMs } of readies)
      expect([resume, heartbeatMs]).toEqual([expected, sessions.heartbeat]);
  });

  test('use two words of status only', () => {
    const known = new Set(['0.1', 'planned']);
    const used = protocol
      .filter(({ header }) => header[1] === 'status')
      .flatMap(({ rows }) => rows.map((row) => row[1]));
    expect(used.filter((status) => !known.has(status ?? ''))).toEqual([]);
  });
});

/** `name`, or `name?` where it may be absent. */
function schemaFields(schema: TSchema | undefined): string[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: object; required?: string[] };
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

function table(first: string, second: string): Table {
  const found = protocol.find(({ header }) => header[0] === first && header[1] === second);
  if (!found) throw new Error(`no table with the columns ${first} and ${second}`);
  return found;
}

function fieldTables(): Table[] {
  return protocol.filter(({ header }) => header.join() === 'field,status,meaning');
}

/** The frames of §10 (`request`) or §11 (`frame`), one entry a name; `kind` is the third column. */
function listedNames(column: 'request' | 'frame'): { name: string; status: string; kind: string }[] {
  const found = protocol.find(({ header }) => header[0] === column && header[1] === 'status' && header.length > 3);
  return (found?.rows ?? []).flatMap(([names, status = '', kind = '']) =>
    codes(names).map((name) => ({ name, status, kind })),
  );
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

describe('the configuration in README.md', () => {
  test('lists keys that exist, with their defaults', () => {
    const listed = tables(read('README.md')).find(({ header }) => header[0] === 'key')?.rows ?? [];
    const keys = new Map(allKeys().map((key) => [key.key, key.default]));
    expect(listed.length).toBeGreaterThan(0);
    for (const [name, shown] of listed) {
      const key = codes(name)[0] ?? '';
      expect(keys.has(key), key).toBe(true);
      const fallback = keys.get(key);
      if (fallback === undefined) continue;
      const text = Array.isArray(fallback) ? JSON.stringify(fallback) : String(fallback);
      expect(codes(shown), key).toEqual([text]);
    }
  });
});

describe.each(['README.md', 'docs/servers.md'])('the configuration files of %s', (page) => {
  const files = fences(read(page)).filter(({ info, lines }) => info === 'yaml' && lines[0] === 'xmpp:');

  test.each(files.map(({ line, lines }) => [line, lines] as const))('the one of line %i can be used', (_, lines) => {
    const file = join(mkdtempSync(join(tmpdir(), 'stanzawire-docs-')), 'stanzawire.yaml');
    writeFileSync(file, lines.join('\n'));
    const { STANZAWIRE_AUTH_JWT_SECRET } = leastConfig;
    expect(loadConfig({ file, env: { STANZAWIRE_AUTH_JWT_SECRET } }).xmpp.domain).toBe('web.example.com');
    rmSync(dirname(file), { recursive: true });
  });
});

test('every file of src that ARCHITECTURE.md names exists', () => {
  const names = read('ARCHITECTURE.md').matchAll(/(?<![\w/.])(?:[a-z]+\/)?[a-z][\w-]*\.ts\b/g);
  const missing = [...names].map(([name]) => name).filter((name) => !existsSync(join(root, 'src', name)));
  expect(missing).toEqual([]);
});

describe('links', () => {
  test.each(pages())('of %s lead to a file, and to a heading', (page) => {
    const broken = links(read(page)).filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });
});

test('the index of README.md has every page of docs', () => {
  const listed = links(read('README.md'));
  expect(pages(join(root, 'docs')).filter((page) => !listed.includes(page))).toEqual([]);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(root, page) : join(root, dirname(page), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined || statSync(target).isDirectory()) return anchor === undefined;
  return !target.endsWith('.md') || anchors(readFileSync(target, 'utf8')).has(anchor);
}

function pages(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

describe('docs/logging.md', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map(read);
  const logged = sources.flatMap((text) =>
    [...text.matchAll(/\bevent: (?:[^,'}]+\? )?'([a-z_]+)'(?: : '([a-z_]+)')?/g)].flatMap(([, ...names]) => names),
  );
  const rows = [...read('docs/logging.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);

  test('has a row for every event that is logged, and no other', () => {
    expect(new Set(rows)).toEqual(new Set(logged.filter((name) => name !== undefined)));
    expect(new Set(rows).size).toBe(rows.length);
  });

  test('names every part that has a level', () => {
    const keys = allKeys().filter(({ key }) => key.startsWith('log.levels.'));
    const text = read('docs/logging.md');
    for (const { path } of keys) expect(text).toContain(`\`${path.at(-1)}\``);
  });
});
