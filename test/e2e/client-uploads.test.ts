/** Uploads of the client library to the services of real XMPP servers: in Node, and from a page in a real Chromium. */
import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundles } from '../../scripts/client.ts';
import { type Progress, upload } from '../../src/client/upload/upload.ts';
import { findBrowser, launchBrowser, until } from '../support/browser.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { LibraryUser } from '../support/library-user.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { maySkip, onEveryServer } from '../support/servers/each.ts';

const program = findBrowser();
if (maySkip(program !== undefined)) console.warn('uploads from a page: skipped: no Chromium or Chrome in PATH');

const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="page.js"></script>`;
const script = `
import { connect, upload } from './stanzawire-all.min.js';
const wishes = new URLSearchParams(location.hash.slice(1));
window.chat = connect({ url: wishes.get('url'), token: wishes.get('token') });
window.send = async (size, options) => {
  const seen = [];
  const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
  const picked = new File([bytes], 'rose.bin', { type: 'application/octet-stream' });
  const file = await upload(chat, picked, { ...options, onProgress: ({ loaded }) => seen.push(loaded) });
  return JSON.stringify({ file, seen, puts: performance.getEntriesByType('resource').length });
};
await chat.ready;
document.body.dataset.ready = 'yes';`;

const bytes = (size: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: size }, (_, at) => at % 251);
const size = 3_000_000;

onEveryServer('uploads of the client library', (server) => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-uploads-'));
  let gateway: TestGateway;
  let site: Server;
  let origin = '';
  let alice: LibraryUser;

  beforeAll(async () => {
    const files = new Map(Object.entries({ '/': html, '/page.js': script }));
    for (const { name, code } of await bundles()) files.set(`/${name}`, code);
    site = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://site');
      const type = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(files.has(pathname) ? 200 : 404, { 'content-type': type }).end(files.get(pathname));
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    gateway = await TestGateway.start(upstreamOf(server()), { STANZAWIRE_HTTP_PUBLIC_ORIGINS: origin });
    alice = await LibraryUser.login(gateway, 'alice');
    // The gateway looks for the service once the link is up.
    await vi.waitFor(async () => {
      const client = await gateway.login('carol', { presence: false });
      await client.close();
      expect(client.ready?.services?.upload).toBe(server().uploadDomain);
    }, 20_000);
  });
  afterAll(async () => {
    alice.stop();
    await gateway.stop();
    site.close();
    rmSync(folder, { recursive: true });
  });

  const isThere = async (url: string) =>
    Buffer.from(await (await fetch(url)).arrayBuffer()).equals(Buffer.from(bytes(size)));

  test.each(['http', 'socket'] as const)('a file of the disk is there, by %s', async (via) => {
    const path = join(folder, 'rose.png');
    writeFileSync(path, bytes(size));
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => void seen.push(progress);
    const data = await openAsBlob(path, { type: 'image/png' });
    const file = await upload(alice.chat, data, { name: 'rose.png', via, onProgress });
    expect(file).toMatchObject({ name: 'rose.png', mediaType: 'image/png', size });
    expect(await isThere(file.url)).toBe(true);
    expect(seen.at(-1)).toEqual({ loaded: size, total: size });
    expect(seen.length).toBeGreaterThan(10);
  });

  test('a network that is cut half way does not end it', async () => {
    const uploading = upload(alice.chat, bytes(size), { via: 'socket', onProgress: ({ loaded }) => half(loaded) });
    const reached = Promise.withResolvers<void>();
    const half = (loaded: number): void => void (loaded > 1_000_000 && reached.resolve());
    await reached.promise;
    await alice.offline();
    await alice.online();
    expect(await isThere((await uploading).url)).toBe(true);
  });

  test('a file that is too large is a ClientError with the limit', async () => {
    await expect(upload(alice.chat, new Uint8Array(10 * 1024 * 1024 + 1))).rejects.toMatchObject({
      code: 'not-acceptable',
      details: { field: 'size' },
    });
  });

  test('an XMPP user gets the message with the file', async () => {
    const romeo = await C2sClient.login({ server: server(), user: 'romeo', resource: 'orchard' });
    const file = await upload(alice.chat, bytes(10), { name: 'rose.bin' });
    await alice.chat.send({ to: romeo.bareJid, files: [file] });
    expect((await romeo.nextMessage()).child('body')?.text).toBe(file.url);
    romeo.abort();
  });

  describe.skipIf(maySkip(program !== undefined))('in Chromium', () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      browser = await launchBrowser();
      const wishes = new URLSearchParams({ url: gateway.url, token: await gateway.token('bob') });
      page = await browser.newPage();
      await page.goto(`${origin}/#${wishes.toString()}`);
      await until(page, `document.body.dataset.ready === 'yes'`);
    });
    afterAll(() => browser.close());

    test('a page uploads with progress, whether the service lets pages in or not', async () => {
      const { file, seen } = JSON.parse(String(await page.evaluate(`send(${size}, {})`)));
      expect(file).toMatchObject({ name: 'rose.bin', size, date: expect.any(String) });
      expect(await isThere(file.url)).toBe(true);
      expect(seen.at(-1)).toBe(size);
      // Prosody's service sends CORS headers; that of ejabberd, as it is set up here, does not: then it was the socket.
      console.info(`${server().name}: ${seen.length} times told of the progress`);
      const put = await page.evaluate(`send(${size}, { via: 'http' }).then(() => 'taken', ({ message }) => message)`);
      expect(put).toMatch(server().name.startsWith('prosody') ? /^taken$/ : /CORS/);
    });

    test('an abort rejects with its reason', async () => {
      const aborted = `send(9000000, { signal: AbortSignal.timeout(1) }).catch(({ name }) => name)`;
      expect(await page.evaluate(aborted)).toBe('TimeoutError');
    });
  });
});
