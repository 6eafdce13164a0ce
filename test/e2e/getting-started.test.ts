/** docs/getting-started.md as a new user follows it: its commands, its two files, and two people in a real Chromium. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { findBrowser } from '../support/browser.ts';
import { fences } from '../support/markdown.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { copyProject } from '../support/project-copy.ts';
import { type Quickstart, startQuickstart } from '../support/quickstart.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';
import { freePorts } from '../support/servers/ports.ts';

const root = join(import.meta.dirname, '../..');
const hasProsody = testServers().some(({ name, available }) => name.startsWith('prosody') && available);
const program = findBrowser();
const skipped = maySkip(hasProsody && program !== undefined);
if (skipped) console.warn('getting started: skipped: it needs Prosody and Chromium');

const page = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
const blocks = fences(page);
const block = (info: string, index = 0): readonly string[] =>
  blocks.filter((one) => one.info === info)[index]?.lines ?? [];

test('the page has 30 lines at the most', () => {
  expect(block('html index.html').length).toBeGreaterThan(20);
  expect(block('html index.html').length).toBeLessThanOrEqual(30);
});

describe.skipIf(skipped)('getting started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-started-'));
  let quickstart: Quickstart;
  let server: ChildProcess;
  let browser: Browser;
  let origin = '';
  let alice: Page;
  let bob: Page;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    origin = `http://localhost:${port}`;
    // Step 1; the ports are free ones, because others run tests too.
    expect(block('sh')).toEqual(['npm run quickstart -- --origin http://localhost:3000']);
    quickstart = await startQuickstart('--origin', origin);
    // Step 2.
    copyProject(join(folder, 'stanzawire'));
    execFileSync('sh', ['-ec', block('sh', 1).join('\n')], { cwd: folder, stdio: 'pipe' });
    // Step 3.
    const own = join(folder, 'my-chat');
    for (const name of ['index.html', 'server.mjs']) {
      const { lines } = blocks.find(({ info }) => info.endsWith(name)) ?? { lines: [] };
      writeFileSync(join(own, name), lines.join('\n'));
    }
    // Step 4, with what was printed, as the page says.
    const printed = quickstart.output();
    const said = block('text', 1).filter((line) => line.startsWith('  '));
    const values = said.map((line) => line.trim().split('=')[0] ?? '');
    expect(values).toEqual(['GATEWAY', 'SECRET']);
    const env = Object.fromEntries(
      values.map((name) => [name, new RegExp(`^ {2}${name}=(\\S+)$`, 'm').exec(printed)?.[1]]),
    );
    const command =
      block('sh', 2)[0]
        ?.replace(/^(\w+=\S+ )+/, '')
        .split(' ') ?? [];
    expect(command).toEqual(['node', 'server.mjs']);
    server = spawn(process.execPath, command.slice(1), {
      cwd: own,
      env: { ...process.env, ...env, PORT: String(port) },
    });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    browser = await chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    server?.kill();
    quickstart?.kill('SIGTERM');
    await quickstart?.exit;
    rmSync(folder, { recursive: true });
  });

  /** As the page names the address, in a browser of that person. */
  async function open(me: string): Promise<Page> {
    const address = new RegExp(`\`http://localhost:3000(/\\?me=${me}&to=\\w+@web\\.localhost)\``).exec(page)?.[1];
    const context = await browser.newContext();
    const opened = await context.newPage();
    await opened.goto(`${origin}${address}`);
    await opened.getByRole('heading', { name: `${me}@web.localhost` }).waitFor();
    return opened;
  }
  async function say(who: Page, body: string): Promise<void> {
    await who.getByLabel('Message').fill(body);
    await who.getByRole('button', { name: 'Send' }).click();
  }
  const shown = (who: Page, text: string) => who.getByRole('listitem').filter({ hasText: text });

  test('two people chat, and see each other typing', async () => {
    [alice, bob] = [await open('alice'), await open('bob')];
    await say(alice, 'Hello Bob');
    await shown(alice, 'alice: Hello Bob sent').waitFor();
    await shown(bob, 'alice@web.localhost: Hello Bob').waitFor();
    await say(bob, '<b>Hello</b> Alice');
    await shown(alice, 'bob@web.localhost: <b>Hello</b> Alice').waitFor();
    await alice.getByLabel('Message').fill('How');
    await bob.getByText('alice@web.localhost is typing …').waitFor();
    await say(alice, 'How are you?');
    await shown(alice, 'How are you? delivered').waitFor();
    expect(await bob.getByText('is typing').count()).toBe(0);
  });

  test('a page that is loaded again has the conversation', async () => {
    await bob.reload();
    await shown(bob, 'Hello Bob').waitFor();
    expect(await bob.getByRole('listitem').count()).toBe(3);
  });

  test('what is written offline is sent once the network is back', async () => {
    await alice.context().setOffline(true);
    await say(alice, 'from the tunnel');
    await shown(alice, 'from the tunnel pending').waitFor();
    expect(await shown(bob, 'from the tunnel').count()).toBe(0);
    await alice.context().setOffline(false);
    await shown(alice, 'from the tunnel delivered').waitFor();
    expect(await shown(bob, 'from the tunnel').count()).toBe(1);
  });

  test('what is written to a window that was closed is there when it is opened again', async () => {
    await bob.context().close();
    await say(alice, 'are you there?');
    await shown(alice, 'are you there? sent').waitFor();
    bob = await open('bob');
    await shown(bob, 'are you there?').waitFor();
  });

  test('somebody with an XMPP account is written to', async () => {
    const printed = quickstart.output();
    const password = /password\s+(\S+)/.exec(printed)?.[1] ?? '';
    const c2sPort = Number(/port (\d+), without/.exec(printed)?.[1]);
    const romeo = await C2sClient.login({ server: { host: 'localhost', c2sPort }, user: 'romeo', password });
    await alice.goto(`${origin}/?me=alice&to=romeo@localhost`);
    await alice.getByRole('heading', { name: 'alice@web.localhost' }).waitFor();
    await say(alice, 'Hello Romeo');
    expect((await romeo.nextMessage()).child('body')?.text).toBe('Hello Romeo');
    romeo.message('alice@web.localhost', 'Hello web');
    await shown(alice, 'romeo@localhost: Hello web').waitFor();
    romeo.abort();
  });

  test.each([
    [4003, 'a page of another address', 'http://127.0.0.1:3000', ''],
    [4001, 'a token that was signed with another key', 'http://localhost:3000', 'x'],
  ])('with %i, as the page says, is refused %s', async (code, _, from, signature) => {
    const gateway = /GATEWAY=(\S+)/.exec(quickstart.output())?.[1] ?? '';
    const session = (await (await fetch(`${origin}/session?user=alice`)).json()) as { token: string };
    const socket = new WebSocket(gateway, { headers: { origin: from.replace('http://localhost:3000', origin) } });
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'connect', id: 1, data: { token: `${session.token}${signature}` } }));
    });
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(code);
    expect(page).toContain(`| \`stopped\`, and the socket was closed with ${code} |`);
  });
});
