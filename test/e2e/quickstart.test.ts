/** The quickstart as its user meets it: the page in a real browser, other clients, and what is left at the end. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, findBrowser, type Page } from '../support/browser.ts';
import { JsonClient } from '../support/json-client.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { processesWith, type Quickstart, startQuickstart } from '../support/quickstart.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const hasProsody = testServers().some(({ name, available }) => name.startsWith('prosody') && available);
const program = findBrowser();
if (maySkip(hasProsody)) console.warn('quickstart: skipped: Prosody is not installed');
if (maySkip(program !== undefined)) console.warn('quickstart page: skipped: no Chromium or Chrome in PATH');

type Person = 'alice' | 'bob' | 'romeo';
const pane = (person: Person) => `document.querySelector('[data-user="${person}"]')`;

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
    beforeAll(async () => {
      browser = await Browser.start(program ?? '');
      page = await browser.open(quickstart.url, { width: 1280, height: 800 });
      for (const person of ['alice', 'bob', 'romeo'] as const) {
        await page.waitFor(`${pane(person)}?.dataset.status === 'online'`);
      }
    });
    afterAll(() => browser.stop());

    async function choose(from: Person, to: Person): Promise<void> {
      const tab = `[...${pane(from)}.querySelectorAll('.tab input')].find(({ value }) => value.startsWith('${to}@'))`;
      await page.evaluate(`${tab}.click(); ${pane(from)}.querySelector('.composer input').focus()`);
    }

    async function say(from: Person, to: Person, body: string): Promise<void> {
      await choose(from, to);
      await page.type(body);
      await page.press('Enter');
      await page.waitFor(`${bubble(from, body)}?.classList.contains('sent')`);
      await page.waitFor(`${bubble(to, body)}?.classList.contains('theirs')`);
    }

    function bubble(person: Person, body: string): string {
      return `[...${pane(person)}.querySelectorAll('.messages li')]
        .find((item) => item.querySelector('p').textContent === ${JSON.stringify(body)})`;
    }

    test('alice in JSON and romeo in XMPP chat with each other', async () => {
      await say('alice', 'romeo', 'good <day> & "you" 😀');
      await say('romeo', 'alice', 'to you </body> too');
    });

    test('alice and bob chat with each other', async () => {
      await say('alice', 'bob', 'hello bob');
      await say('bob', 'alice', 'hello alice');
    });

    test('one message can be followed over every wire', async () => {
      await say('alice', 'romeo', 'where am I?');
      await page.evaluate(`${bubble('alice', 'where am I?')}.querySelector('.find').click()`);
      const marked = `[...document.querySelectorAll('.frames .trail')].map(({ innerText }) => innerText).join('|')`;
      const frames = String(await page.evaluate(marked)).split('|');
      expect(frames.map((text) => /message\.send|"ok"|<message/.exec(text)?.[0])).toEqual([
        'message.send',
        '"ok"',
        '<message',
      ]);
    });

    test('each sees the other typing, until the message is there', async () => {
      for (const [from, to] of [
        ['romeo', 'alice'],
        ['alice', 'romeo'],
        ['bob', 'alice'],
      ] as const) {
        await choose(to, from);
        await choose(from, to);
        await page.type('wait');
        const words = `${pane(to)}.querySelector('.typing').textContent`;
        await page.waitFor(`${words} === '${from} is typing …'`);
        await page.press('Enter');
        await page.waitFor(`${words} === ''`);
      }
    });

    test('romeo sees whether alice is online once she allows it', async () => {
      await choose('romeo', 'alice');
      const dot = `${pane('romeo')}.querySelector('.tab:has([value^="alice@"]) .dot').dataset.show`;
      expect(await page.evaluate(dot)).toBeUndefined();
      await page.evaluate(`${pane('romeo')}.querySelector('.offer button').click()`);
      await page.waitFor(`!${pane('alice')}.querySelector('.request').hidden`);
      await page.evaluate(`${pane('alice')}.querySelector('.request [value=approve]').click()`);
      await page.waitFor(`${dot} === 'online'`);
      await page.evaluate(`{
        const select = ${pane('alice')}.querySelector('.show');
        select.value = 'dnd';
        select.dispatchEvent(new Event('change'));
      }`);
      await page.waitFor(`${dot} === 'dnd'`);
      expect(await page.evaluate(`${pane('romeo')}.querySelector('.offer').hidden`)).toBe(true);
    });

    test('the page breaks no rule of its content policy, and fits a small phone', async () => {
      await page.look({ width: 360, height: 740, dark: true });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(page.errors).toEqual([]);
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
  const ports = [...output().matchAll(/127\.0\.0\.1(?::|, port )(\d+)/g)].map(([, port]) => Number(port));
  expect(ports).toHaveLength(3);
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
