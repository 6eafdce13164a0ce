/** Runs the pairs of XML and JSON in test/cases, as test/cases/README.md describes them: a new case needs no code here. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TSchema } from 'typebox';
import { describe, expect, it } from 'vitest';
import { Translator } from '../src/core/translate.ts';
import { builtIn } from '../src/extensions/index.ts';
import { type EventType, events, requests } from '../src/protocol/frames.ts';
import { ErrorObject } from '../src/protocol/objects.ts';
import { compile, isRequestType, parseFrame } from '../src/protocol/parse.ts';
import { el, nameOf } from '../src/xmpp/stanza.ts';
import { TestCore } from './support/core.ts';
import type { AnyFrame } from './support/json-client.ts';
import { canonical, parseStanza, parseStanzas } from './support/stanza-text.ts';

const root = join(import.meta.dirname, 'cases');

/** The files of one case, by what follows its name: `.in.xml`, `.json`. */
type Files = Record<string, string>;

const cases = new Map<string, Files>();
for (const path of globSync('*/*.{xml,json}', { cwd: root }).toSorted()) {
  const [, name = '', suffix = ''] = /^(.+?)((?:\.(?:before|in|out))?\.(?:xml|json))$/.exec(path) ?? [];
  cases.set(name, { ...cases.get(name), [suffix]: readFileSync(join(root, path), 'utf8') });
}

/** What `$name` stood for, in the files of a case so far. */
type Bindings = Map<string, string>;

describe('the case', () => {
  it.each([...cases])('%s', async (_, files) => {
    if (files['.xml'] === undefined) await play(files);
    else translate(files['.xml'], JSON.parse(files['.json'] ?? ''));
  });
});

describe('the cases of', () => {
  const names = globSync('*', { cwd: join(import.meta.dirname, '../src/extensions') })
    .map((file) => basename(file, '.ts'))
    // RFC 8030 is Web Push: no XML in it.
    .filter((file) => /^(rfc|xep)\d/.test(file) && !file.startsWith('rfc8030'))
    .map((file) => file.replace(/^xep(\d+).*/, 'xep-$1').replace(/^rfc/, 'rfc-'));

  it.each(names)('%s go both ways', (name) => {
    const own = [...cases].filter(([path]) => path.startsWith(`${name}/`)).flatMap(([, all]) => Object.keys(all));
    expect(own.some((suffix) => suffix === '.xml' || suffix === '.in.xml')).toBe(true);
    expect(own.some((suffix) => suffix === '.xml' || suffix === '.out.xml')).toBe(true);
  });
});

/** A pair without a direction: fields, read and written. */
function translate(xml: string, json: Record<string, unknown>): void {
  const translator = new Translator(builtIn);
  const stanza = parseStanza(xml);
  const written = el(nameOf(stanza));
  const [jid, time] = ['romeo@example.com', '2026-01-01T10:00:00.000Z'];
  if (nameOf(stanza) === 'presence') {
    valid(events.presence.data, { from: jid, user: jid, type: 'available', ...json });
    expect(translator.readPresence(stanza)).toEqual(json);
    translator.writePresence(written, json);
  } else if ('state' in json) {
    valid(events.typing.data, { chat: jid, from: jid, ...json });
    expect(translator.readTyping(stanza)).toEqual(json);
    translator.writeTyping(written, json);
  } else {
    valid(events.message.data, { id: '1', chat: jid, type: 'chat', from: jid, to: jid, time, ...json });
    expect(translator.readMessage(stanza)).toEqual(json);
    translator.writeMessage(written, json);
  }
  expect(canonical([written])).toBe(canonical(xml));
}

/** A case with directions: what goes out first, then what comes in. */
async function play(files: Files): Promise<void> {
  const core = await TestCore.create();
  await core.contacts(
    'alice',
    { jid: 'romeo@example.com', subscription: 'both' },
    { jid: 'carol@example.org', request: { nick: 'Carol' } },
  );
  const alice = await core.login('alice', { raw: 'extra' });
  alice.take();
  core.link.sent.length = 0;
  const bindings: Bindings = new Map();

  if (files['.before.xml'] !== undefined) {
    await core.receive(files['.before.xml']);
    alice.take();
    core.link.sent.length = 0;
  }
  if (files['.out.json'] !== undefined) {
    for (const [i, request] of requestsOf(files).entries()) {
      validRequest(request, files['.in.json']);
      alice.send({ ...request, id: `case ${i}` });
      await core.settled();
    }
    compare(canonical(core.link.sent), canonical(files['.out.xml'] ?? ''), bindings);
  }
  if (files['.in.xml'] !== undefined) {
    // One at a time, as a server sends what is an answer to what the one before it made the gateway send.
    for (const stanza of parseStanzas(fill(files['.in.xml'], bindings))) {
      core.link.receive(stanza);
      await core.settled();
    }
    if (files['.out.json'] === undefined) {
      compare(canonical(core.link.sent), canonical(files['.out.xml'] ?? ''), bindings);
    }
  }
  compareFrames(alice.take(), files, bindings);
  expect(core.bugs).toEqual([]);
}

/** A request without an `.in.json` is answered with a mere ok. */
function compareFrames(frames: AnyFrame[], files: Files, bindings: Bindings): void {
  const made = requestsOf(files);
  const silent = made.map(() => ({ type: 'ok' }));
  const expected = files['.in.json'] === undefined ? silent : JSON.parse(files['.in.json']);
  const actual = frames.map(({ seq, id, ...frame }) => {
    const isAnswer = frame.type === 'ok' || frame.type === 'error';
    const request = made.find((_, i) => id === `case ${i}`);
    expect(request !== undefined, 'the id of an answer').toBe(isAnswer);
    validFrame(frame, seq, String(request?.type));
    return frame;
  });
  compare(sortedJson(actual), sortedJson([expected].flat()), bindings);
}

/** One, or a list of them. */
function requestsOf(files: Files): Record<string, unknown>[] {
  return files['.out.json'] === undefined ? [] : [JSON.parse(files['.out.json'])].flat();
}

function validRequest(request: Record<string, unknown>, answer: string | undefined): void {
  const { type, data } = parseFrame(structuredClone(request));
  const code = answer === undefined ? undefined : JSON.parse(answer).error?.code;
  if (!isRequestType(type)) throw new Error(`${type} is not a request`);
  if (code !== 'bad-request') valid(requests[type].data, data);
}

function validFrame({ type, data, error }: AnyFrame, seq: number | undefined, request: string): void {
  if (type === 'error') valid(ErrorObject, error);
  else if (type === 'ok') {
    const all: Record<string, { data: TSchema; result?: TSchema }> = requests;
    const { result } = all[request] ?? {};
    if (result) valid(result, data);
    else expect(data).toBeUndefined();
  } else {
    const event = events[type as EventType];
    expect(seq !== undefined, `${type}: seq`).toBe(event.class === 'numbered');
    valid(event.data, data);
  }
}

/** @throws StanzaError that names the field */
function valid(schema: TSchema, data: unknown): void {
  compile(schema)(data);
}

function sortedJson(value: unknown): string {
  const sort = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(sort);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, v]) => [k, sort(v)]),
    );
  };
  return JSON.stringify(sort(value), null, 2);
}

/** Equal, where `"$name"` stands for any one value that is not empty. */
function compare(actual: string, expected: string, bindings: Bindings): void {
  const known = fill(expected, bindings);
  const seen = new Set<string>();
  const pattern = known.replaceAll(/"\$(\w+)"|[\\^$.*+?()[\]{}|]/g, (part, name?: string) => {
    if (name === undefined) return `\\${part}`;
    if (seen.has(name)) return `"\\k<${name}>"`;
    seen.add(name);
    return `"(?<${name}>[^"]+)"`;
  });
  const groups = new RegExp(`^${pattern}$`).exec(actual)?.groups ?? {};
  for (const [name, value] of Object.entries(groups)) bindings.set(name, value);
  expect(actual).toBe(fill(known, bindings));
}

function fill(text: string, bindings: Bindings): string {
  return text.replaceAll(/(["'])\$(\w+)\1/g, (all, quote: string, name: string) => {
    const value = bindings.get(name);
    return value === undefined ? all : `${quote}${value}${quote}`;
  });
}
