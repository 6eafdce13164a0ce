/** The client library's bundles in a real Chromium, under a strict content policy: reloads, tabs, caches and lost networks. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundles } from '../../scripts/client.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { errorsOf, findBrowser, launchBrowser, until } from '../support/browser.ts';
import { Cuttable } from '../support/cuttable.ts';
import { Scene } from '../support/scene.ts';
import { maySkip } from '../support/servers/each.ts';

const program = findBrowser();
if (maySkip(program !== undefined)) console.warn('client in a browser: skipped: no Chromium or Chrome in PATH');

const script = `
import { connect, createState, indexedDbOutbox } from './stanzawire-all.min.js';
const wishes = new URLSearchParams(location.hash.slice(1));
const outbox = wishes.has('database') ? { outbox: indexedDbOutbox('alice') } : {};
window.frames_ = [];
window.chat = connect({ url: wishes.get('url'), token: wishes.get('token'), ...outbox,
  trace: (direction, text) => frames_.push(direction + ' ' + text) });
window.state = createState(chat);
window.gone = () => new Promise((resolve) => chat.on('status', ({ status }) => status === 'waiting' && resolve()));
window.back = () => new Promise((resolve) => chat.on('ready', resolve));
const list = document.querySelector('ul');
state.subscribe(() => {
  const { messages, status, user = '' } = state.getSnapshot();
  document.body.dataset.status = status;
  document.body.dataset.user = user;
  document.body.dataset.session = chat.session ?? '';
  const all = Object.values(messages).flat();
  list.replaceChildren(...all.map(({ body, status }) => {
    const item = document.createElement('li');
    item.textContent = body;
    item.dataset.status = status ?? '';
    return item;
  }));
});`;
const html =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><ul></ul><script type="module" src="page.js"></script>';

describe.skipIf(maySkip(program !== undefined))('in Chromium', () => {
  const at = new Scene();
  let site: Server;
  let origin = '';
  let browser: Browser;
  let context: BrowserContext;
  let errors: string[] = [];
  let network: Cuttable;
  let page: Page;
  let url = '';

  beforeAll(async () => {
    const files = new Map(Object.entries({ '/': html, '/other': '<!doctype html><p>other', '/page.js': script }));
    for (const { name, code } of await bundles()) files.set(`/${name}`, code);
    site = createServer((request, response) => {
      const path = new URL(request.url ?? '', 'http://site').pathname;
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      const policy = "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:*; img-src data:";
      response.writeHead(files.has(path) ? 200 : 404, { 'content-type': type, 'content-security-policy': policy });
      response.end(files.get(path));
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    await at.begin({ STANZAWIRE_HTTP_PUBLIC_ORIGINS: origin });
    browser = await launchBrowser();
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser.close();
    site.close();
    await at.end();
  });

  beforeEach(async () => {
    network = await Cuttable.to(Number(new URL(at.gateway.url).port));
    const wishes = new URLSearchParams({
      url: `ws://127.0.0.1:${network.port}/ws`,
      token: await at.gateway.token('alice'),
    });
    url = `${origin}/#${wishes.toString()}`;
    page = await context.newPage();
    errors = errorsOf(page);
  });
  afterEach(async () => {
    await page.evaluate('window.chat?.close()');
    network.close();
    expect(errors.filter((error) => !/WebSocket|ERR_/.test(error))).toEqual([]);
  });

  const online = (one = page) =>
    until(one, `document.body.dataset.status === 'online' && document.body.dataset.session`);
  const session = async (one = page) => String(await one.evaluate('chat.session'));
  const shown = (body: string, status = '') =>
    `[...document.querySelectorAll('li')].some((one) => one.textContent === '${body}' && one.dataset.status === '${status}')`;
  const fromRomeo = (body: string) =>
    at.server.send(
      el(
        'message',
        { from: 'romeo@example.com/orchard', to: 'alice@web.example.com', type: 'chat', id: body },
        el('body', {}, body),
      ),
    );
  const send = (body: string) => `chat.send({ to: 'romeo@example.com', body: '${body}' })`;

  test('a page sends and receives under a strict content policy', async () => {
    await page.goto(url);
    await online();
    await page.evaluate(send('hello'));
    await until(page, shown('hello', 'sent'));
    fromRomeo('hi');
    await until(page, shown('hi'));
  });

  test('a reload goes on with the session, and sends what was not sent', async () => {
    await page.goto(url);
    await online();
    const before = await session();
    network.cut();
    await until(page, `document.body.dataset.status === 'waiting'`);
    await page.evaluate(`void ${send('before the reload')}`);
    await until(page, shown('before the reload', 'pending'));
    // Mended while the first page is there, that one might be quicker, and leave nothing to the second.
    await page.goto(`${origin}/other`);
    network.mend();
    await page.goto(url);
    await online();
    expect(await session()).toBe(before);
    await until(page, shown('before the reload', 'sent'));
  });

  test('messages in IndexedDB outlive the tab', async () => {
    await page.goto(`${url}&database`);
    await online();
    network.cut();
    await until(page, `document.body.dataset.status === 'waiting'`);
    await page.evaluate(`void ${send('from another tab')}; sessionStorage.clear()`);
    // A transaction that is asked for later ends later.
    await page.evaluate(`new Promise((resolve) => {
      indexedDB.open('stanzawire-alice', 1).onsuccess = ({ target }) => {
        target.result.transaction('unsent', 'readwrite').oncomplete = resolve;
      };
    })`);
    await page.goto('about:blank');
    network.mend();
    await page.close();
    page = await context.newPage();
    await page.goto(`${url}&database`);
    await until(page, shown('from another tab', 'sent'));
    const left = `new Promise((resolve) => {
      indexedDB.open('stanzawire-alice', 1).onsuccess = ({ target }) => {
        const request = target.result.transaction('unsent').objectStore('unsent').count();
        request.onsuccess = () => resolve(request.result);
      };
    })`;
    expect(await page.evaluate(left)).toBe(0);
  });

  test('a tab that was duplicated takes the session, and the first has another one', async () => {
    await page.goto(url);
    await online();
    const before = await session();
    await page.evaluate('dispatchEvent(new PageTransitionEvent("pagehide"))');
    const copy = JSON.stringify(await page.evaluate('JSON.stringify({ ...sessionStorage })'));
    const second = await context.newPage();
    await second.goto(`${origin}/other`);
    await second.evaluate(`Object.assign(sessionStorage, JSON.parse(${copy}))`);
    await second.goto(url);
    await online(second);
    expect(await session(second)).toBe(before);
    await until(page, `document.body.dataset.status === 'online' && document.body.dataset.session !== '${before}'`);
    fromRomeo('to both');
    for (const one of [page, second]) await until(one, shown('to both'));
    await second.evaluate('chat.close()');
  });

  test('a page that nobody looks at says so', async () => {
    await page.goto(url);
    await online();
    const frame = (active: boolean) =>
      `frames_.some((one) => one === 'out ' + JSON.stringify({ type: 'session.update', data: { active: ${active} } }))`;
    for (const hidden of [true, false]) {
      await page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
      expect(await page.evaluate(frame(!hidden))).toBe(true);
    }
    await page.evaluate('delete document.hidden');
  });

  test('the network is back: the client does not wait for the end of its back-off', async () => {
    await page.goto(url);
    await online();
    await page.evaluate('Math.random = () => 0.999');
    network.cut();
    await until(page, `document.body.dataset.status === 'waiting'`);
    network.mend();
    const back = `(async () => { const ready = back(); dispatchEvent(new Event('online')); return (await ready).resumed; })()`;
    expect(await page.evaluate(back)).toBe(true);
  });

  test('the back/forward cache gives the page back with its session', async () => {
    await page.goto(url);
    await online();
    const before = await session();
    await page.evaluate(
      `window.mark = 'kept'; addEventListener('pageshow', ({ persisted }) => { document.body.dataset.cached = persisted; })`,
    );
    await page.goto(`${origin}/other`);
    fromRomeo('while it was away');
    await page.evaluate('history.back()').catch(() => undefined);
    await until(page, shown('while it was away'));
    console.info('from the cache:', await page.evaluate('document.body.dataset.cached ?? "no"'));
    expect(await session()).toBe(before);
  });

  test('a page in the cache has no socket, and opens one when it is back', async () => {
    await page.goto(url);
    await online();
    await page.evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))`);
    await until(page, `document.body.dataset.status === 'waiting'`);
    const back = `(async () => {
      const ready = back();
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
      return (await ready).resumed;
    })()`;
    expect(await page.evaluate(back)).toBe(true);
  });
});
