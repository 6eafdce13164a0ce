/** The status page in a real Chromium: it asks for the key, shows what the gateway says, and keeps the key to its tab. */

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKey } from '../support/api.ts';
import { findBrowser, launchBrowser, until } from '../support/browser.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { maySkip } from '../support/servers/each.ts';

const program = findBrowser();

describe.skipIf(maySkip(program !== undefined))('the status page', () => {
  let server: ScriptedServer;
  let gateway: TestGateway;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    server = await ScriptedServer.start();
    gateway = await TestGateway.start(upstreamOf(server), { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey });
    browser = await launchBrowser();
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop();
    await server.stop();
  });

  /** Another tab of the same browser. */
  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(gateway.internalUrl);
    return page;
  };
  const shown = (page: Page) => page.evaluate('document.body.innerText').then(String);
  const give = async (page: Page, key: string) => {
    await until(page, "!document.querySelector('#ask').hidden");
    await page.evaluate("document.querySelector('#key').focus()");
    await page.keyboard.insertText(key);
    await page.keyboard.press('Enter');
  };

  test('nothing is shown without the key; with it, how the gateway is; and a new tab has to ask again', async () => {
    const client = await gateway.login('alice', {});
    const page = await open();
    await until(page, "!document.querySelector('#ask').hidden");
    expect(await shown(page)).not.toContain('web.example.com');
    await give(page, 'a wrong key that is as long as one would be');
    await until(page, "document.querySelector('#said').textContent.includes('wants its key')");
    expect(await shown(page)).not.toContain('web.example.com');
    await give(page, apiKey);
    await until(page, "document.querySelectorAll('dd').length > 5");
    const text = await shown(page);
    for (const part of ['up since', 'web.example.com', '1 open', '1 attached', 'memory,']) expect(text).toContain(part);
    expect(await page.evaluate('location.href')).not.toContain(apiKey.slice(0, 8));
    expect(await page.evaluate('document.cookie + JSON.stringify(localStorage)')).toBe('{}');
    expect(await page.evaluate('document.documentElement.outerHTML')).not.toContain(apiKey);

    const other = await open();
    await until(other, "!document.querySelector('#ask').hidden");
    await page.evaluate("document.querySelector('#forget').click()");
    await until(page, "!document.querySelector('#ask').hidden");
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expect(await shown(page)).not.toContain('web.example.com');
    await client.close();
  });

  test('it follows what happens', async () => {
    const page = await open();
    await give(page, apiKey);
    await until(page, "document.body.innerText.includes('0 attached')");
    const client = await gateway.login('bob', {});
    await until(page, "document.body.innerText.includes('1 attached')", 15_000);
    await client.close();
  });

  test('its policy lets nothing in but its own script and style, and no other page may frame it', async () => {
    const { headers } = await fetch(gateway.internalUrl);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    const html = await (await fetch(gateway.internalUrl)).text();
    expect(html).not.toMatch(/<script>|style=|\son\w+=/);
    const open = gateway.url.replace('ws:', 'http:').replace('/ws', '/');
    expect((await fetch(open)).status).toBe(404);
  });
});
