/** The demo page in Chromium, on a real gateway and Prosody: alice on the page and romeo in XMPP, feature by feature. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../support/browser.ts';
import { DemoScene } from '../support/demo-scene.ts';
import { DemoUser } from '../support/demo-user.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const hasProsody = testServers().some(({ name, available }) => name.startsWith('prosody') && available);
const canRun = maySkip(hasProsody && findBrowser() !== undefined && SlixmppPeer.available());
if (canRun) console.warn('demo page: skipped: it needs Prosody, Chromium and slixmpp');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const alice = 'alice@web.example.test';
const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

describe.skipIf(canRun)('the demo page', () => {
  let scene: DemoScene;
  let romeo: SlixmppPeer;
  let user: DemoUser;
  let context: BrowserContext;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    scene = await DemoScene.begin({ STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com' });
    romeo = await scene.peer('romeo');
    user = await DemoUser.open(scene);
    ({ page, context, errors } = user);
  });
  afterAll(async () => {
    await romeo?.close();
    await scene?.end();
  });
  afterEach(() => {
    // A socket that is lost on purpose is told by the browser as an error, and that it has no push service in a test.
    const expected = /WebSocket|ERR_|Failed to load resource|incognito/;
    expect(errors.filter((error) => !expected.test(error))).toEqual([]);
  });

  /** WCAG 2.2 AA, as far as a program can tell. */
  async function isAccessible(): Promise<void> {
    await page.evaluate(axe);
    const found = await page.evaluate(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`,
    );
    expect(found).toEqual([]);
  }

  test('a demo user signs in, and lets in who asks', async () => {
    await isAccessible();
    await user.button('Sign in as alice').click();
    await page.getByText('No chats yet').waitFor();
    await romeo.subscribe(alice);
    await page.getByText('wants to see when you are online').waitFor();
    await isAccessible();
    await user.button('Accept').click();
    await romeo.next('subscription', ({ type }) => type === 'subscribe');
    await romeo.subscribed(alice);
    await page.getByRole('link', { name: /Online.*Romeo/ }).waitFor();
  });

  test('messages go both ways, with typing, receipts and links', async () => {
    await user.composer.pressSequentially('Look: https://example.org/a?b=1. Nice!');
    await romeo.next('message', ({ chatState }) => chatState === 'composing');
    await user.composer.press('Enter');
    const got = await romeo.next('message', ({ body }) => body?.startsWith('Look') === true);
    expect(await user.message('Look').getByRole('link').getAttribute('href')).toBe('https://example.org/a?b=1');
    await romeo.send({ to: alice, type: 'chat', receiptFor: got.id ?? '' });
    await user.message('Look').getByLabel('Delivered').waitFor();
    await romeo.send({ to: alice, chatState: 'composing' });
    await page.locator('.head').getByText('typing …').waitFor();
    await romeo.send({ to: alice, body: 'From a phone' });
    await user.message('From a phone').waitFor();
    await page.locator('.head').getByText('Online').waitFor();
  });

  test('a message is answered, felt about, edited and taken back', async () => {
    await user.act('From a phone', 'Reply');
    await user.say('An answer');
    await user.message('An answer').locator('.quote', { hasText: 'From a phone' }).waitFor();
    await user.act('From a phone', 'React with heart');
    await page.getByRole('button', { name: '❤️ by you' }).waitFor();
    await user.act('An answer', 'Edit');
    await expect.poll(() => user.composer.inputValue()).toBe('An answer');
    await user.say('A better answer');
    await user.message('A better answer').getByText('edited').waitFor();
    await user.say('Nonsense');
    await user
      .message('Nonsense')
      .getByLabel(/Sent|Delivered/)
      .waitFor();
    await user.act('Nonsense', 'Delete for everybody');
    await user.message('Message deleted').waitFor();
    await romeo.next('message', ({ xml }) => xml.includes('urn:xmpp:reactions:0') && xml.includes('❤️'));
    await romeo.next('message', ({ xml }) => xml.includes('urn:xmpp:message-correct:0'));
    await romeo.next('message', ({ xml }) => xml.includes('urn:xmpp:message-retract:1'));
    await isAccessible();
  });

  test('a file is sent with its progress, and an image is shown', async () => {
    const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const file = { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(pixel, 'base64') };
    await page.locator('.composer input[type=file]').setInputFiles(file);
    const image = page.getByRole('img', { name: 'dot.png' });
    await image.waitFor();
    await expect
      .poll(() => image.evaluate((node) => (node as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1);
    await romeo.next('message', ({ body }) => body?.includes('dot.png') === true);
  });

  test('a room is made, talked in and left, with who is in it', async () => {
    await user.button('New').click();
    await page.getByRole('menuitem', { name: 'Join or create a room' }).click();
    await page.getByLabel('Name or address').fill('garden');
    await isAccessible();
    await user.button('Create').click();
    await page.getByLabel(/^Message to garden/i).waitFor();
    const room = await SlixmppRoom.join(romeo, 'garden@conference.example.test', 'romeo');
    await room.say('What light through yonder window breaks?');
    await user.message('yonder').waitFor();
    await user.say('It is the east');
    await room.next(({ body }) => body === 'It is the east');
    await user.button('About this room').click();
    await page.locator('.occupants').getByText('romeo').waitFor();
    await page.getByLabel('Subject').fill('Balcony');
    await page.locator('form', { hasText: 'Subject' }).getByRole('button', { name: 'Save' }).click();
    await page.locator('.head').getByText('Balcony').waitFor();
    await isAccessible();
    await user.button('Close details').click();
    await room.leave();
  });

  test('what strangers write is text, wherever it is shown', async () => {
    const room = await SlixmppRoom.join(romeo, 'party@conference.example.test', 'an <b>owner</b>');
    await room.setSubject(hostile);
    await room.invite(alice, hostile);
    await user.button('Join').click();
    await page.getByLabel(/^Message to party/i).waitFor();
    await room.say(hostile);
    await user.message('onerror').waitFor();
    await user.button('About this room').click();
    await romeo.presence({ status: hostile });
    await room.say('javascript:document.title="owned" and [x](javascript:alert(1))');
    await user.message('javascript:').waitFor();
    expect(await user.message('javascript:').getByRole('link').count()).toBe(0);
    await romeo.sendRaw(
      `<message to='${alice}' type='chat' id='odd'><body>javascript:alert(1)</body><x xmlns='jabber:x:oob'><url>javascript:alert(1)</url></x></message>`,
    );
    await page.getByRole('link', { name: /Romeo/ }).first().click();
    expect(await page.title()).toMatch(/Stanzawire chat$/);
    expect(await page.locator('img[src="x"], a[href^="javascript"]').count()).toBe(0);
    await room.leave();
  });

  test('settings keep the name, the looks and whom not to hear', async () => {
    await page.getByRole('button', { name: /Settings$/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Alice of the web');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('.me-name', { hasText: 'Alice of the web' }).waitFor();
    await dialog.getByLabel('Dark').check();
    await isAccessible();
    await dialog.getByLabel('Address to block').fill('tybalt@example.test');
    await dialog.getByRole('button', { name: 'Block', exact: true }).click();
    await dialog.getByRole('button', { name: 'Unblock tybalt@example.test' }).click();
    await dialog.getByText('Nobody.').waitFor();
    await dialog.getByLabel('As the system').check();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
  });

  test('a push wakes the service worker, which notifies', async () => {
    await context.grantPermissions(['notifications'], { origin: scene.url });
    await page.reload();
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
    const devtools = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) =>
      devtools.on(
        'ServiceWorker.workerRegistrationUpdated',
        ({ registrations: [one] }) => one && resolve(one.registrationId),
      ),
    );
    await devtools.send('ServiceWorker.enable');
    const other = await context.newPage();
    const pushed = {
      type: 'message',
      user: alice,
      chat: 'romeo@example.test',
      from: 'romeo@example.test/phone',
      unread: 2,
    };
    const data = JSON.stringify({ ...pushed, name: 'Romeo' });
    const origin = scene.url.replace(/\/$/, '');
    await devtools.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registered, data });
    const shown = `navigator.serviceWorker.ready.then((one) => one.getNotifications()).then((all) => all.map(({ title, body }) => title + ': ' + body))`;
    await expect.poll(() => page.evaluate(shown), { timeout: 10_000 }).toEqual(['Romeo: 2 new messages']);
    await other.close();
    await page.bringToFront();
  });

  test('the developer drawer shows frames, and no token', async () => {
    await user.button('What passes on the wire').click();
    await page.locator('.frame', { hasText: '"type":"connect"' }).first().waitFor();
    expect(await page.locator('.frames').innerText()).not.toMatch(/eyJ[\w-]{20}/);
    await isAccessible();
    await user.button('What passes on the wire').click();
  });

  test('what is written offline is sent when the network is back', async () => {
    await page.getByRole('link', { name: /Romeo/ }).first().click();
    await context.setOffline(true);
    // That keeps new connections from being made; this ends the one that there is.
    await scene.restartGateway();
    await page.getByText('You are offline').waitFor();
    await user.say('written offline');
    await user.message('written offline').getByLabel('On its way').waitFor();
    await context.setOffline(false);
    await romeo.next('message', ({ body }) => body === 'written offline', 30_000);
    await user
      .message('written offline')
      .getByLabel(/Sent|Delivered/)
      .waitFor();
  });

  test('a reload goes on; a restart of the gateway and of Prosody are survived', async () => {
    await page.reload();
    await user.message('written offline').waitFor();
    await scene.restartGateway();
    await expect.poll(() => page.getByText('You are offline').count(), { timeout: 30_000 }).toBe(0);
    await user.say('after the gateway');
    await user
      .message('after the gateway')
      .getByLabel(/Sent|Delivered/)
      .waitFor();
    await romeo.close();
    await scene.server.kill('SIGTERM');
    await page.getByText('The XMPP server cannot be reached').waitFor();
    await user.say('while Prosody is away');
    await scene.server.restart();
    await user
      .message('while Prosody is away')
      .getByLabel(/Sent|Delivered/)
      .waitFor({ timeout: 45_000 });
    romeo = await scene.peer('romeo');
  });

  test('the keyboard alone is enough', async () => {
    await page.goto(scene.url);
    await page.getByPlaceholder('Search').focus();
    await page.keyboard.type('romeo');
    await expect.poll(() => page.locator('.chats a').count()).toBe(1);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await user.composer.waitFor();
    await user.composer.focus();
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await user.message('by keyboard').waitFor();
    await page.locator('.timeline').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('menu').count()).toBe(0);
  });

  test('a phone shows the list, and one chat at a time', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await user.button('Back to the chats').click();
    await page.getByRole('link', { name: /Romeo/ }).first().click();
    await user.composer.waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await isAccessible();
    await page.goBack();
    await page.getByPlaceholder('Search').waitFor();
  });
});
