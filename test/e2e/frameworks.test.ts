/** The components of docs/client.md, compiled by React's, Vue's and Svelte's own compilers and used in a real Chromium. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { compile } from 'svelte/compiler';
import { build, type Plugin } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileScript, parse } from 'vue/compiler-sfc';
import { childText, el } from '../../src/xmpp/stanza.ts';
import { findBrowser } from '../support/browser.ts';
import { fences } from '../support/markdown.ts';
import { Scene } from '../support/scene.ts';
import { maySkip } from '../support/servers/each.ts';

const root = join(import.meta.dirname, '../..');
const program = findBrowser();
if (maySkip(program !== undefined)) console.warn('frameworks: skipped: no Chromium or Chrome in PATH');

const romeo = 'romeo@example.com';
const component = (info: string): string =>
  fences(readFileSync(join(root, 'docs/client.md'), 'utf8'))
    .find((one) => one.info === info)
    ?.lines.join('\n') ?? '';

/** What an application has beside the component: a client, its state, and the place to show it. */
const start = `
import { connect } from '${root}/src/client/connect.ts';
import { createState } from '${root}/src/client/state/state.ts';
const wishes = new URLSearchParams(location.hash.slice(1));
const chat = window.chat = connect({ url: wishes.get('url'), token: wishes.get('token') });
const props = { chat, state: createState(chat), peer: '${romeo}' };
const place = document.querySelector('main');
`;

const frameworks = {
  React: {
    file: 'conversation.tsx',
    main: `import { createElement, StrictMode } from 'react';
      import { createRoot } from 'react-dom/client';
      import { Conversation } from './conversation.tsx';
      ${start}
      createRoot(place).render(createElement(StrictMode, null, createElement(Conversation, props)));`,
    compile: (code: string) => code,
  },
  Vue: {
    file: 'conversation.vue',
    main: `import { createApp } from 'vue';
      import Conversation from './conversation.vue';
      ${start}
      createApp(Conversation, props).mount(place);`,
    compile: (code: string) => {
      const { descriptor, errors } = parse(code);
      expect(errors).toEqual([]);
      return compileScript(descriptor, { id: 'conversation', inlineTemplate: true }).content;
    },
  },
  Svelte: {
    file: 'conversation.svelte',
    main: `import { mount } from 'svelte';
      import Conversation from './conversation.svelte';
      ${start}
      mount(Conversation, { target: place, props });`,
    compile: (code: string) => {
      const { js, warnings } = compile(code, { generate: 'client', filename: 'conversation.svelte' });
      expect(warnings.map(({ code: what }) => what)).toEqual([]);
      return js.code;
    },
  },
};

describe.skipIf(maySkip(program !== undefined))('in Chromium', () => {
  const at = new Scene();
  const pages = new Map<string, { type: string; body: string }>();
  let site: Server;
  let origin = '';
  let browser: Browser;

  beforeAll(async () => {
    site = createServer((request, response) => {
      const { type, body } = pages.get(request.url ?? '') ?? { type: 'text/plain', body: '' };
      response.writeHead(body === '' ? 404 : 200, { 'content-type': type }).end(body);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    await at.begin({ STANZAWIRE_HTTP_PUBLIC_ORIGINS: origin });
    browser = await chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    site.close();
    await at.end();
  });

  const fromRomeo = (id: string, ...children: ReturnType<typeof el>[]) =>
    at.server.send(
      el('message', { from: `${romeo}/orchard`, to: 'alice@web.example.com', type: 'chat', id }, ...children),
    );
  const says = (body: string) => fromRomeo(body, el('body', {}, body));

  describe.each(Object.entries(frameworks))('the component of %s', (name, framework) => {
    let page: Page;
    const errors: string[] = [];

    beforeAll(async () => {
      const body = await bundled(framework);
      const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><main></main><script type="module" src="/${name}.js"></script>`;
      pages.set(`/${name}`, { type: 'text/html', body: html });
      pages.set(`/${name}.js`, { type: 'text/javascript', body });
      page = await browser.newPage();
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
      const wishes = new URLSearchParams({ url: at.gateway.url, token: await at.gateway.token('alice') });
      await page.goto(`${origin}/${name}#${wishes.toString()}`);
      await page.getByRole('heading', { name: romeo }).waitFor();
      await page.evaluate('chat.ready');
    }, 60_000);
    afterAll(async () => {
      await page?.evaluate('chat.close()');
      await page?.close();
      expect(errors).toEqual([]);
    });

    const item = (text: string) => page.getByRole('listitem').filter({ hasText: text });

    test('shows messages as they come, and counts them', async () => {
      const before = Number((await page.locator('b').textContent()) ?? 0);
      says(`${name} 1`);
      says(`${name} 2`);
      await item(`${name} 2`).waitFor();
      expect(await page.getByRole('listitem').allTextContents()).toEqual([`${name} 1`, `${name} 2`]);
      await page.getByRole('heading', { name: `${romeo} ${before + 2}` }).waitFor();
    });

    test('shows who is typing, until the message is there', async () => {
      fromRomeo(`${name}-typing`, el('composing', { xmlns: 'http://jabber.org/protocol/chatstates' }));
      await page.getByText('is typing …').waitFor();
      says(`${name} 3`);
      await page.getByText('is typing …').waitFor({ state: 'detached' });
    });

    test('sends, and follows what becomes of it', async () => {
      await at.stanzas();
      await page.locator('input').fill(`to romeo from ${name}`);
      await page.locator('input').press('Enter');
      await page.locator('li[data-status=sent]', { hasText: `from ${name}` }).waitFor();
      const { attrs } = await at.server.next((one) => childText(one, 'body', '') === `to romeo from ${name}`);
      at.server.send(
        el(
          'message',
          { from: `${romeo}/orchard`, to: 'alice@web.example.com', type: 'chat', id: `${name}-seen` },
          el('displayed', { xmlns: 'urn:xmpp:chat-markers:0', id: attrs.id }),
        ),
      );
      await page.locator('li[data-status=displayed]', { hasText: `from ${name}` }).waitFor();
      expect(await page.locator('input').inputValue()).toBe('');
      // Whoever writes has read.
      await page.getByRole('heading', { name: `${romeo} 0` }).waitFor();
    });
  });
});

/** The component and the application around it as one file, with nothing of ours in between but the compiler's call. */
async function bundled({ file, main, compile: compiled }: (typeof frameworks)['Vue']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-framework-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const code = component(file.split('.')[1] ?? '');
    expect(code.length).toBeGreaterThan(500);
    writeFileSync(join(folder, file), code);
    writeFileSync(join(folder, 'main.ts'), main);
    const plugin: Plugin = {
      name: 'component',
      transform: (text, id) => (/\.(vue|svelte)$/.test(id) ? { code: compiled(text), map: null } : null),
    };
    const output = await build({
      configFile: false,
      root: folder,
      logLevel: 'error',
      plugins: [plugin],
      mode: 'development',
      define: { 'process.env.NODE_ENV': '"development"' },
      build: { write: false, minify: false, lib: { entry: 'main.ts', formats: ['es'], fileName: 'main' } },
    });
    const [first] = Array.isArray(output) ? output : [];
    const [chunk] = first?.output ?? [];
    if (!chunk) throw new Error(`${file} makes no bundle`);
    return chunk.code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
