/** The recipes of docs/cookbook.md, and the program of docs/migrating.md, each run as it is written between two web users on a real Prosody. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import type { Client } from '../../src/client/client.ts';
import type { State } from '../../src/client/state/state.ts';
import { Cuttable } from '../support/cuttable.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { LibraryUser } from '../support/library-user.ts';
import { fences } from '../support/markdown.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';

const root = join(import.meta.dirname, '../..');
const prosody = testServers().find(({ name, available }) => name.startsWith('prosody') && available);
const skipped = maySkip(prosody !== undefined);
if (skipped) console.warn('cookbook: skipped: Prosody is not installed');

/** Code by the words behind its opening backticks. */
const recipesOf = (page: string): [string, string][] =>
  fences(readFileSync(join(root, page), 'utf8')).map(({ info, lines }) => [info, lines.join('\n')]);
const recipes = new Map([
  ...recipesOf('docs/cookbook.md'),
  ['js migrated', new Map(recipesOf('docs/migrating.md')).get('js after') ?? ''],
]);
const tried = new Set<string>();

type Act = (...args: unknown[]) => unknown;

describe.skipIf(skipped)('the recipe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-cookbook-'));
  let server: XmppServer;
  let gateway: TestGateway;
  let alice: LibraryUser;
  let bob: LibraryUser;
  let shown: unknown[];

  beforeAll(async () => {
    if (!prosody) throw new Error('no Prosody');
    server = await prosody.start();
    gateway = await TestGateway.start(upstreamOf(server));
  });
  afterAll(async () => {
    await gateway.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async ({ task }) => {
    const name = task.id.replace(/\W/g, '');
    [alice, bob] = [await LibraryUser.login(gateway, `alice${name}`), await LibraryUser.login(gateway, `bob${name}`)];
    shown = [];
    // They know each other: strangers are told neither typing nor receipts.
    await alice.chat.send({ to: bob.jid, body: 'first' });
    await bob.chat.send({ to: alice.jid, body: 'second' });
    await alice.showsBody(bob.jid, 'second');
  });
  afterEach(() => {
    alice.stop();
    bob.stop();
  });

  /** Runs it as alice, and answers what it has defined under those names. */
  async function run(recipe: string, ...names: string[]): Promise<Record<string, Act>> {
    const text = recipes.get(`js ${recipe}`);
    if (text === undefined) throw new Error(`no recipe ${recipe}`);
    tried.add(`js ${recipe}`);
    const [imports, rest] = [/^import .*$/gm, /^(?!import ).*$/gm].map((lines) => (text.match(lines) ?? []).join('\n'));
    const file = join(folder, `${recipe}.mjs`);
    const given = `${/\bconst chat\b/.test(text) ? '' : 'chat, state, '}to, room, show, url, token`;
    const code = `${imports}\nexport default async ({ ${given} }) => {\n${rest}\nreturn { ${names.join()} };\n};\n`;
    writeFileSync(file, withSources(code));
    const { default: recipeOf } = await import(/* @vite-ignore */ file);
    const { chat, state, jid } = alice;
    const room = `${recipe}@${server.rooms}`;
    const show = (...values: unknown[]): void => void shown.push(values.length > 1 ? values : values[0]);
    const token = await gateway.token(jid.split('@')[0] ?? '');
    return recipeOf({ chat, state, to: bob.jid, room, show, url: gateway.url, token });
  }
  const shows = (value: unknown) => vi.waitFor(() => expect(shown).toContainEqual(value), 10_000);
  const says = (body: string) => bob.chat.send({ to: alice.jid, body });

  test('typing', async () => {
    const { typed } = await run('typing', 'typed');
    const heard: unknown[] = [];
    bob.chat.on('typing', ({ state }) => heard.push(state));
    typed?.();
    typed?.();
    await bob.shows(({ typing }) => Object.values(typing[alice.jid] ?? {}).includes('composing'), 'alice typing');
    bob.chat.tell('typing.send', { to: alice.jid, state: 'composing' });
    await shows([bob.jid]);
    await bob.shows(({ typing }) => Object.values(typing[alice.jid] ?? {}).includes('paused'), 'alice paused');
    expect(heard).toEqual(['composing', 'paused']);
  });

  test('unread', async () => {
    const { opened } = await run('unread', 'opened');
    await says('one');
    await says('two');
    await shows(3);
    opened?.();
    await vi.waitFor(() => expect(shown.at(-1)).toBe(0), 10_000);
  });

  test('markers', async () => {
    await run('markers');
    const { id } = await says('did you see?');
    await bob.shows(
      ({ messages }) => messages[alice.jid]?.some((one) => one.id === id && one.status === 'displayed') ?? false,
      'displayed',
    );
    const sent = await alice.chat.send({ to: bob.jid, body: 'I did' });
    await bob.showsBody(alice.jid, 'I did');
    bob.state.read(alice.jid);
    await shows(`${sent.id} was displayed (${bob.jid})`);
  });

  test('threads', async () => {
    await run('threads');
    expect(shown).toEqual([['Lunch?', '↳ At one']]);
    const { messages } = await bob.showsBody(alice.jid, 'At one');
    expect(messages[alice.jid]?.at(-1)).toMatchObject({
      thread: expect.any(String),
      reply: { id: expect.any(String) },
    });
  });

  test('acting', async () => {
    await run('acting');
    const { messages } = await bob.shows(
      (snapshot) => snapshot.messages[alice.jid]?.at(-1)?.retracted !== undefined,
      'a message that was taken back',
    );
    const { id } = await says('Hi');
    await bob.chat.request('message.react', { to: alice.jid, id, reactions: ['🐢'] });
    await vi.waitFor(() => expect(String(shown)).toContain(`: 🐢 (${id})`), 10_000);
    expect(messages[alice.jid]?.at(-1)?.body).toBeUndefined();
  });

  test('files', async () => {
    await vi.waitFor(async () => {
      const client = await gateway.login('carol', { presence: false });
      await client.close();
      expect(client.ready?.services?.upload).toBe(server.uploadDomain);
    }, 20_000);
    await run('files');
    const { messages } = await bob.showsBody(alice.jid, 'Listen:');
    const [file] = messages[alice.jid]?.at(-1)?.files ?? [];
    expect(file).toMatchObject({ name: 'light.txt', mediaType: 'text/plain', size: 9 });
    expect(await (await fetch(file?.url ?? '')).text()).toBe('But soft!');
    expect(shown).toEqual(['9 of 9']);
  });

  test('history', async () => {
    await says('no lunch today');
    await alice.showsBody(bob.jid, 'no lunch today');
    await run('history');
    expect(shown).toEqual([['first', 'second', 'no lunch today'], ['no lunch today']]);
  });

  test('contacts', async () => {
    await run('contacts');
    await bob.shows(({ requests }) => requests[alice.jid] !== undefined, 'a request');
    await bob.chat.request('contact.approve', { jid: alice.jid });
    await shows('online');
    await bob.chat.request('presence.set', { show: 'away' });
    await shows('away');
    await bob.chat.request('contact.add', { jid: alice.jid });
    await bob.shows(({ contacts }) => contacts[alice.jid]?.presence?.show === 'dnd', 'alice busy');
  });

  test('rooms', async () => {
    await run('rooms');
    expect(shown).toEqual([['alice']]);
    const { invites } = await bob.shows((snapshot) => Object.keys(snapshot.invites).length > 0, 'an invitation');
    const [invite] = Object.values(invites);
    expect(invite?.reason).toBe('Join us');
    await bob.chat.request('room.join', { room: invite?.room ?? '', nick: 'bob' });
    await shows('bob is available');
    await bob.state.load(invite?.room ?? '');
    await bob.showsBody(invite?.room ?? '', 'Hello everybody');
  });

  test('payload', async () => {
    await run('payload');
    await bob.showsBody(alice.jid, 'I move to e4');
    await bob.chat.send({ to: alice.jid, payload: { datatype: 'urn:example:chess', json: { move: 'e5' } } });
    await shows('e5');
  });

  test('setup', async () => {
    const made = await run('setup', 'chat', 'state');
    const [chat, state] = [made.chat as unknown as Client, made.state as unknown as State];
    expect(chat.user).toBe(alice.jid);
    expect(state.getSnapshot().status).toBe('online');
    chat.close();
  });

  test('migrated', async () => {
    const { chat } = await run('migrated', 'chat');
    await bob.showsBody(alice.jid, 'Hello');
    await says('Hello yourself');
    await shows([bob.jid, 'Hello yourself']);
    (chat as unknown as Client).close();
  });

  const hasWebsockets = canImport('websockets');
  if (maySkip(hasWebsockets)) console.warn("echo.py: skipped: Debian's package python3-websockets is not installed");
  test.skipIf(maySkip(hasWebsockets))('echo.py answers, comes back, and obeys the close codes', async () => {
    tried.add('python echo.py');
    const file = join(folder, 'echo.py');
    writeFileSync(file, recipes.get('python echo.py') ?? '');
    const network = await Cuttable.to(Number(new URL(gateway.url).port));
    const env = { ...process.env, GATEWAY: `ws://127.0.0.1:${network.port}/ws`, TOKEN: await gateway.token('echo') };
    const bot = spawn('/usr/bin/python3', [file], { env });
    const ended = new Promise((resolve) => bot.once('exit', resolve));
    const lines: string[] = [];
    bot.stdout.on('data', (text: Buffer) => lines.push(...String(text).split('\n')));
    bot.stderr.on('data', (text: Buffer) => lines.push(...String(text).split('\n')));
    const online = (times: number) =>
      vi.waitFor(() => expect(lines.filter((line) => line.startsWith('online'))).toHaveLength(times), 20_000);
    await online(1);
    const to = `echo@${gateway.domain}`;
    await alice.chat.send({ to, body: 'hello' });
    await alice.showsBody(to, 'You said: hello');
    network.cut();
    await alice.chat.send({ to, body: 'are you there?' });
    network.mend();
    await alice.showsBody(to, 'You said: are you there?');
    await online(2);
    expect(alice.bodies(to)).toEqual(['hello', 'You said: hello', 'are you there?', 'You said: are you there?']);
    // Its session is ended from another one of the account: 1000 means that it is not to come back.
    const other = await gateway.login('echo');
    const { items } = await other.request('session.list', {});
    for (const { session, current } of items) if (!current) await other.request('session.end', { session });
    expect(await ended).toBe(1);
    expect(lines.join('\n')).toContain('closed with 1000');
    await other.close();
    network.close();
  });

  test('each of them was tried', () => {
    const all = [...recipes.keys()].filter((info) => /^(js|python) /.test(info));
    expect(all.filter((info) => !tried.has(info) && (hasWebsockets || !info.startsWith('python')))).toEqual([]);
  });
});

/** The library's entries as they are in the sources. */
function withSources(code: string): string {
  const { exports } = pkg;
  return code.replace(/'stanzawire(\/client(?:\/[\w-]+)?)'/g, (_, name: string) => {
    const { default: file } = exports[`.${name}` as './client'];
    const path = join(root, file.replace('./dist/', 'src/').replace(/js$/, 'ts'));
    return JSON.stringify(pathToFileURL(path).href);
  });
}

function canImport(module: string): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', `import ${module}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
