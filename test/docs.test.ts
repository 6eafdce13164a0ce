/**
 * The pages and the code say the same: every example frame passes its schema, the tables of PROTOCOL.md are those of
 * src/protocol, and links lead somewhere.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { allKeys } from '../src/config/keys.ts';
import { loadConfig } from '../src/config.ts';
import { afterClose, closeCodes } from '../src/protocol/close.ts';
import { conditions, errorCodes, gatewayCodes, isCondition, StanzaError } from '../src/protocol/errors.ts';
import { File } from '../src/protocol/files.ts';
import { Form } from '../src/protocol/forms.ts';
import { Connect, type EventClass, events, Ready, replies, requests } from '../src/protocol/frames.ts';
import { Chat, Contact, ContactRequest, ErrorObject, Limits, Message, Presence } from '../src/protocol/objects.ts';
import { compile, isObject, isRequestType, parseFrame } from '../src/protocol/parse.ts';
import { Avatar, Profile, VCard } from '../src/protocol/profile.ts';
import { Occupant, Room } from '../src/protocol/rooms.ts';
import { anchors, codes, type Fence, fences, links, type Table, tables } from './support/markdown.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const protocol = tables(read('PROTOCOL.md'));

interface Example {
  readonly from: 'client' | 'gateway';
  readonly frame: Record<string, unknown>;
  readonly line: number;
}

describe.each(['PROTOCOL.md', 'README.md'])('the examples of %s', (page) => {
  const blocks = fences(read(page));

  test('blocks marked json are JSON', () => {
    for (const { lines } of blocks.filter(({ info }) => info === 'json')) JSON.parse(lines.join('\n'));
  });

  const withFrames = blocks.filter(({ lines }) => lines.some((line) => /^[→←]/.test(line)));
  test.each(withFrames.map((block) => [block.line, block] as const))(
    'the frames from line %i on are valid',
    (_, block) => {
      checkFrames(block);
    },
  );
});

/** Every frame of one block against its schema; an answer against that of its request. */
function checkFrames(block: Fence): void {
  const examples = examplesOf(block);
  expect(examples.length).toBeGreaterThan(0);
  examples.forEach((example, index) => {
    const where = `line ${example.line}`;
    const earlier = examples.slice(0, index);
    if (block.info.includes('planned')) checkPlanned(example, where);
    else if (example.from === 'client') checkRequest(example, examples.slice(index + 1), where);
    else checkFromGateway(example, earlier, where);
  });
}

function examplesOf(block: Fence): Example[] {
  return block.lines.flatMap((text, index) => {
    const sign = text.charAt(0);
    if (sign !== '→' && sign !== '←') return [];
    const json: unknown = JSON.parse(text.slice(1));
    const frames = (Array.isArray(json) ? json : [json]).filter(isObject);
    const from = sign === '→' ? ('client' as const) : ('gateway' as const);
    return frames.map((frame) => ({ from, frame, line: block.line + index }));
  });
}

/** A request is valid, unless its answer says `bad-request` or `unknown-type`: then it is that. */
function checkRequest({ frame }: Example, later: readonly Example[], where: string): void {
  const { type, data } = parseFrame(structuredClone(frame));
  const answer = later.find((one) => one.from === 'gateway' && frame.id !== undefined && one.frame.id === frame.id);
  const error = isObject(answer?.frame.error) ? answer.frame.error : {};
  if (error.code === 'unknown-type') {
    expect(isRequestType(type), where).toBe(false);
    return;
  }
  if (!isRequestType(type)) throw new Error(`${where}: ${type} is no request of this version`);
  const refusal = refusalOf(requests[type].data, data);
  expect(refusal?.code === 'bad-request' ? refusal.details.field : refusal, where).toBe(
    error.code === 'bad-request' ? error.field : undefined,
  );
}

function checkFromGateway({ frame }: Example, earlier: readonly Example[], where: string): void {
  const type = String(frame.type);
  const data = frame.data ?? {};
  const seqExpected = isEvent(type) && events[type].class === 'numbered';
  expect(frame.seq !== undefined, `${where}: seq`).toBe(seqExpected);
  if (type === 'error') expectValid(ErrorObject, frame.error, where);
  else if (type === 'ready') expectValid(Ready, data, where);
  else if (type === 'ok') checkOk(frame, earlier, where);
  else if (isEvent(type)) expectValid(events[type].data, data, where);
  else expect(Object.keys(replies), where).toContain(type);
}

/** `ok` carries what the request before it with its id promises. */
function checkOk(frame: Record<string, unknown>, earlier: readonly Example[], where: string): void {
  const asked = earlier.findLast((one) => one.from === 'client' && one.frame.id === frame.id);
  const type = String(asked?.frame.type);
  if (!isRequestType(type)) throw new Error(`${where}: an ok without its request`);
  const request = requests[type];
  if ('result' in request) expectValid(request.result, frame.data, where);
  else expect(frame.data, where).toBeUndefined();
}

/** Planned frames have no schema yet; their types are in the tables. */
function checkPlanned({ frame }: Example, where: string): void {
  const listed = [...listedNames('request'), ...listedNames('frame')].map(({ name }) => name);
  expect(listed, where).toContain(frame.type);
}

function isEvent(type: string): type is keyof typeof events {
  return Object.hasOwn(events, type);
}

function refusalOf(schema: TSchema, data: unknown): StanzaError | undefined {
  try {
    compile(schema)(data);
    return undefined;
  } catch (error) {
    if (error instanceof StanzaError) return error;
    throw error;
  }
}

function expectValid(schema: TSchema, data: unknown, where: string): void {
  expect(refusalOf(schema, data)?.message, where).toBeUndefined();
}

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

  test('list every limit that is announced', () => {
    const listed = table('field', 'default').rows.map(([name]) => codes(name)[0]);
    expect(listed).toEqual(Object.keys(Limits.properties));
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
    const env = { STANZAWIRE_AUTH_JWT_SECRET: 'x'.repeat(32) };
    expect(loadConfig({ file, env }).xmpp.domain).toBe('web.example.com');
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
