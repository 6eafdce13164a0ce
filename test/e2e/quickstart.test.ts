/** The quickstart as its user meets it: the page in a real browser, other clients, and what is left at the end. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorsOf, findBrowser, launchBrowser } from '../support/browser.ts';
import { JsonClient } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { processesWith, type Quickstart, startQuickstart } from '../support/quickstart.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const hasProsody = testServers().some(({ name, available }) => name.startsWith('prosody') && available);
const program = findBrowser();
if (maySkip(hasProsody)) console.warn('quickstart: skipped: Prosody is not installed');
if (maySkip(program !== undefined)) console.warn('quickstart page: skipped: no Chromium or Chrome in PATH');

describe.skipIf(maySkip(hasProsody))('quickstart', () => {
  let quickstart: Quickstart;
  beforeAll(async () => {
    quickstart = await startQuickstart();
  });
  afterAll(async () => {
    quickstart.kill('SIGTERM');
    await quickstart.exit;
  });

  describe.skipIf(maySkip(program !== undefined))('its page', () => {
    let browser: Browser;
    let page: Page;
    let chat: FrameLocator;
    let romeo: Locator;
    let errors: string[];
    beforeAll(async () => {
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      errors = errorsOf(page);
      await page.goto(quickstart.url);
      chat = page.frameLocator('#chat');
      romeo = page.locator('[data-user="romeo"][data-status="online"]');
      await romeo.waitFor();
    });
    afterAll(() => browser.close());

    const inChat = (body: string) => chat.locator('.message', { hasText: body });
    const inPane = (body: string) => romeo.locator('.messages li', { hasText: body });
    const dot = (show: string) => romeo.locator(`.tab:has([value^="alice@"]) .dot[data-show="${show}"]`);

    test('romeo greets alice in XMPP, and she lets him in', async () => {
      await chat.getByRole('link', { name: /Romeo.*1 unread/ }).waitFor();
      await chat.getByRole('button', { name: 'Accept' }).click();
      await inChat('Hello Alice! I am Romeo').waitFor();
      await dot('online').waitFor();
      await chat.getByLabel('Your availability').selectOption('dnd');
      await dot('dnd').waitFor();
    });

    test('alice in JSON and romeo in XMPP chat with each other, and see each other typing', async () => {
      const composer = chat.getByLabel('Message to Romeo');
      await composer.pressSequentially('good <day> & "you" 😀');
      await romeo.getByText('alice is typing …').waitFor();
      await composer.press('Enter');
      await inPane('good <day> & "you" 😀').waitFor();
      await inChat('good <day>')
        .locator('.rung')
        .and(chat.getByLabel(/Sent|Delivered|Read/))
        .waitFor();
      const answer = romeo.getByRole('textbox');
      await answer.pressSequentially('to you </body> too');
      await chat.locator('.head').getByText('typing …').waitFor();
      await answer.press('Enter');
      await inChat('to you </body> too').waitFor();
    });

    test("a message can be found among romeo's stanzas", async () => {
      await inPane('good <day>').getByRole('button', { name: 'trace' }).click();
      expect(await romeo.locator('.frames .trail').first().innerText()).toMatch(/<message[^>]*alice@web\.localhost/);
    });

    test('a file goes through the gateway to the upload service, and its address to romeo', async () => {
      const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('some notes') };
      await chat.locator('.composer input[type=file]').setInputFiles(file);
      const link = await inPane('notes.txt').locator('p').innerText();
      expect(await (await fetch(link)).text()).toBe('some notes');
    });

    test('the page breaks no rule of its content policy, and fits a small phone', async () => {
      await page.setViewportSize({ width: 360, height: 740 });
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(errors).toEqual([]);
    });
  });

  test('the printed account and the printed frames work in other clients', async () => {
    const printed = quickstart.output();
    const password = /password\s+(\S+)/.exec(printed)?.[1] ?? '';
    const c2sPort = Number(/port (\d+), without/.exec(printed)?.[1]);
    const romeo = await C2sClient.login({ server: { host: 'localhost', c2sPort }, user: 'romeo', password });
    const frames = printed.split('\n').filter((line) => line.startsWith('  {'));
    const carol = await JsonClient.open(/ws:\S+/.exec(printed)?.[0] ?? '');
    for (const frame of frames) carol.send(frame.trim());
    const message = await romeo.nextMessage();
    expect(message.attrs).toMatchObject({ from: 'carol@web.localhost/web', type: 'chat' });
    expect(message.child('body')?.text).toBe('hello from a terminal');
    romeo.message('carol@web.localhost', 'hello terminal');
    expect(await carol.next('message')).toMatchObject({ chat: 'romeo@localhost', body: 'hello terminal' });
    const joined = await carol.inbox.next(({ id }) => id === 3);
    expect(joined).toMatchObject({
      type: 'ok',
      data: { created: true, room: { room: 'hall@rooms.localhost', public: true } },
    });
    await carol.close();
    romeo.abort();
  });

  test('a page of another name gets nothing', async () => {
    const { port } = new URL(quickstart.url);
    expect(await statusOf(`${quickstart.url}session.json`, `evil.example:${port}`)).toBe(403);
    expect(await statusOf(`${quickstart.url}session.json`, `localhost:${port}`)).toBe(200);
    expect(await statusOf(`${quickstart.url}..%2fpackage.json`, `localhost:${port}`)).toBe(404);
  });

  test('a program that ends takes everything down, with its last words', async () => {
    const second = await startQuickstart();
    const [prosody = 0] = processesWith(`${second.folder}/prosody.cfg.lua`);
    process.kill(prosody, 'SIGKILL');
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(/Prosody ended with SIGKILL\. The end of its log:\n {2}.+/);
    await expectNothingLeft(second);
  });

  test.each(['SIGINT', 'SIGHUP'] as const)('%s leaves nothing behind', async (signal) => {
    const second = await startQuickstart();
    expect(processesWith(second.folder)).toHaveLength(2);
    second.kill(signal);
    second.kill(signal);
    expect(await second.exit).toBe(0);
    await expectNothingLeft(second);
  });
});

async function expectNothingLeft({ folder, output }: Quickstart): Promise<void> {
  expect(folder).toMatch(/stanzawire-quickstart-/);
  expect(existsSync(folder)).toBe(false);
  expect(processesWith(folder)).toEqual([]);
  const ports = new Set([...output().matchAll(/127\.0\.0\.1(?::|, port )(\d+)/g)].map(([, port]) => Number(port)));
  expect(ports.size).toBeGreaterThanOrEqual(3);
  for (const port of ports) expect(await isOpen(port)).toBe(false);
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

/** By http.request: fetch does not let a caller choose the Host. */
function statusOf(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}
