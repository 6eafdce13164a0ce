/** Two users of the demo page, each in a browser of their own, and one in XMPP: what each does is seen by the others. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ns } from '../../src/xmpp/namespaces.ts';
import { findBrowser } from '../support/browser.ts';
import { DemoScene } from '../support/demo-scene.ts';
import { DemoUser, widthOf } from '../support/demo-user.ts';
import { png } from '../support/images.ts';
import { SlixmppPeer } from '../support/peers/slixmpp.ts';
import { SlixmppProfile } from '../support/peers/slixmpp-profile.ts';
import { SlixmppRoom } from '../support/peers/slixmpp-room.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers } from '../support/servers/index.ts';

const hasProsody = testServers().some(({ name, available }) => name.startsWith('prosody') && available);
const canRun = maySkip(hasProsody && findBrowser() !== undefined && SlixmppPeer.available());
if (canRun) console.warn('demo page: skipped: it needs Prosody, Chromium and slixmpp');

const jids = { alice: 'alice@web.example.test', bob: 'bob@web.example.test', romeo: 'romeo@example.test' };

describe.skipIf(canRun)('two users of the demo page', () => {
  let scene: DemoScene;
  let profile: SlixmppProfile;
  let romeo: SlixmppPeer;
  let alice: DemoUser;
  let bob: DemoUser;
  const everybody: DemoUser[] = [];

  async function open(query?: string): Promise<DemoUser> {
    const user = await DemoUser.open(scene, query);
    everybody.push(user);
    return user;
  }

  beforeAll(async () => {
    scene = await DemoScene.begin({ STANZAWIRE_HTTP_PUBLIC_DEMO_USERS: 'alice,bob' });
    profile = await SlixmppProfile.login({ server: scene.server, user: 'romeo', resource: 'phone' }, [
      ns.avatarMetadata,
      ns.nick,
    ]);
    romeo = profile.peer;
    [alice, bob] = await Promise.all([open('?user=alice'), open('?user=bob')]);
  });
  afterAll(async () => {
    await romeo?.close();
    await scene?.end();
  });
  afterEach(() => {
    expect(everybody.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('ask each other, and a user of XMPP: one lets in, another refuses', async () => {
    await alice.addContact(jids.bob);
    await bob.page.getByText('Alice wants to see when you are online').waitFor();
    await bob.button('Accept').click();
    await bob.page.getByRole('link', { name: /Online.*Alice/ }).waitFor();
    await alice.page.getByRole('link', { name: /Online.*Bob/ }).waitFor();
    await alice.addContact(jids.romeo);
    await romeo.next('subscription', ({ type }) => type === 'subscribe');
    await romeo.subscribed(jids.alice);
    await romeo.subscribe(jids.alice);
    await romeo.next('subscription', ({ type }) => type === 'subscribed');
    await alice.page.getByRole('link', { name: /Online.*Romeo/ }).waitFor();
    const turned = `<nick xmlns='${ns.nick}'>\u202eoemoR</nick>`;
    await romeo.sendRaw(`<presence to='${jids.bob}' type='subscribe'>${turned}</presence>`);
    const asks = bob.page.locator('p', { hasText: 'oemoR wants to see when you are online' });
    await asks.waitFor();
    // The name turns itself round, and not what the page says after it.
    const [begin, later] = (await bob.page.evaluate(`[1, 7].map((at) => {
      const range = document.createRange();
      const text = document.querySelector('.request p').lastChild;
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    })`)) as [number, number];
    expect(begin).toBeLessThan(later);
    await bob.button('Refuse').click();
    await romeo.next('subscription', ({ type, from }) => type === 'unsubscribed' && from === jids.bob);
    await expect.poll(() => bob.page.getByText('Waiting for you').count()).toBe(0);
  });

  test('see each other type, and what was read', async () => {
    await alice.openChat('Bob');
    await alice.composer.pressSequentially('Good morning');
    await bob.head.getByText('typing …').waitFor();
    await alice.composer.press('Enter');
    await bob.message('Good morning').waitFor();
    await alice.message('Good morning').getByLabel('Read').waitFor();
    await bob.act('Good morning', 'Reply');
    await bob.say('What is good about it?');
    await alice.message('What is good').locator('.quote', { hasText: 'Good morning' }).waitFor();
    await bob.message('What is good').getByLabel('Read').waitFor();
    // Who looks at another chat has not read it.
    await alice.openChat('Romeo');
    await bob.say('Are you there?');
    await alice.chat('Bob').getByText('1 unread').waitFor();
    await bob.message('Are you there?').getByLabel('Delivered').waitFor();
    await alice.openChat('Bob');
    await bob.message('Are you there?').getByLabel('Read').waitFor();
    await expect.poll(() => alice.chat('Bob').getByText('unread').count()).toBe(0);
  });

  test('see each other’s reactions, edits and retractions', async () => {
    await bob.act('Good morning', 'React with thumbs up');
    await alice.message('Good morning').getByRole('button', { name: '👍 by Bob' }).click();
    await bob
      .message('Good morning')
      .getByRole('button', { name: /👍 by (you, Alice|Alice, you)/ })
      .waitFor();
    await alice.message('Good morning').getByRole('button', { name: /👍 by/ }).click();
    await bob.message('Good morning').getByRole('button', { name: '👍 by you', exact: true }).waitFor();
    await alice.act('Good morning', 'Edit');
    await alice.composer.fill('Good evening');
    await alice.composer.press('Enter');
    await bob.message('Good evening').getByText('edited').waitFor();
    await bob.message('What is good').locator('.quote', { hasText: 'Good evening' }).waitFor();
    await bob.act('Are you there?', 'Delete for everybody');
    await alice.message('Message deleted').waitFor();
    expect(await alice.page.getByText('Are you there?').count()).toBe(0);
  });

  test('meet in a room with a user of XMPP, invited from the page', async () => {
    await alice.button('New').click();
    await alice.page.getByRole('menuitem', { name: 'Join or create a room' }).click();
    await alice.page.getByLabel('Name or address').fill('orchard');
    await alice.button('Create').click();
    await alice.page.getByLabel('Message to orchard').waitFor();
    await alice.button('About this room').click();
    await alice.button('Invite somebody').click();
    await alice.page.getByLabel('Whom').fill(jids.bob);
    await alice.page.getByLabel('Why (optional)').fill('Apples');
    await alice.button('Invite').click();
    await bob.page.getByText(/^alice invites you to Orchard$/i).waitFor();
    await bob.page.getByText('Apples').waitFor();
    await bob.button('Join').click();
    await bob.page.getByLabel('Message to orchard').waitFor();
    const room = await SlixmppRoom.join(romeo, 'orchard@conference.example.test', 'montague');
    const occupants = alice.page.locator('.occupants li');
    await expect.poll(async () => (await occupants.allInnerTexts()).length).toBe(3);
    await alice.page.locator('.occupants').getByText('montague').waitFor();
    await bob.say('Hello, all');
    await room.next(({ body }) => body === 'Hello, all');
    await alice.act('Hello, all', 'React with party');
    await bob
      .message('Hello, all')
      .getByRole('button', { name: /🎉 by alice/i })
      .waitFor();
    await room.say('Under the trees');
    await Promise.all([alice, bob].map((one) => one.message('Under the trees').waitFor()));
    await room.leave();
    await expect.poll(() => occupants.count()).toBe(2);
    await alice.button('Close details').click();
  });

  test('find messages, keep a chat on top, and silence one', async () => {
    await alice.page.getByPlaceholder('Search').fill('evening');
    const found = alice.page.locator('.found button');
    await expect.poll(() => found.allInnerTexts()).toHaveLength(1);
    expect(await found.innerText()).toContain('You: Good evening');
    await found.click();
    await alice.message('Good evening').waitFor();
    const first = alice.page.locator('.chats li').first();
    await first.getByText('orchard').waitFor();
    await alice.button('About this contact').click();
    await alice.button('Pin').click();
    await alice.button('Unpin').waitFor();
    await first.getByText('Bob').waitFor();
    await alice.button('Mute').click();
    await alice.button('Unmute').waitFor();
    await alice.openChat('orchard');
    await bob.openChat('Alice');
    await bob.say('Shh');
    await alice.chat('Bob').locator('.badge.muted').waitFor();
    await alice.page.reload();
    await alice.chat('Bob').locator('.badge.muted').waitFor();
    await first.getByText('Bob').waitFor();
    await alice.openChat('Bob');
    await alice.button('About this contact').click();
    await alice.button('Unpin').click();
    await alice.button('Unmute').click();
    await alice.button('Mute').waitFor();
    await alice.button('Close details').click();
  });

  test('change their picture and name, and all see it', async () => {
    const dialog = await alice.settings();
    const picture = { name: 'me.png', mimeType: 'image/png', buffer: Buffer.from(png(300, 200, [200, 30, 90])) };
    await dialog.getByLabel('Picture').setInputFiles(picture);
    await dialog.getByRole('button', { name: 'Remove picture' }).waitFor();
    await dialog.getByLabel('Name', { exact: true }).fill('Lady Alice');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await alice.page.locator('.me-name', { hasText: 'Lady Alice' }).waitFor();
    await bob.head.getByText('Lady Alice').waitFor();
    const face = bob.head.locator('.avatar img');
    await expect.poll(() => widthOf(face)).toBe(192);
    const told = await profile.notified(jids.alice, ns.avatarMetadata);
    const [, id = ''] = /\bid=["']([0-9a-f]{40})["']/.exec(told.slice(told.indexOf('<info'))) ?? [];
    expect((await profile.avatar(jids.alice, id)).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expect(await profile.notified(jids.alice, ns.nick)).toContain('Lady Alice');
    await dialog.getByRole('button', { name: 'Remove picture' }).click();
    await expect.poll(() => face.count()).toBe(0);
    await alice.page.keyboard.press('Escape');
  });

  test('drop files: their progress is seen, and their names are only text', async () => {
    await alice.openChat('Bob');
    await alice.page.evaluate(`(() => {
      globalThis.seen = [];
      new MutationObserver((all) => { for (const { target } of all) if (target.matches?.('progress')) seen.push(target.value) })
        .observe(document.body, { subtree: true, attributes: true, attributeFilter: ['value'] });
    })()`);
    await alice.drop([{ name: 'noise.bin', type: 'application/octet-stream', data: randomBytes(2_000_000) }]);
    await bob.page.locator('.file', { hasText: 'noise.bin' }).getByText('1.9 MB').waitFor();
    const seen = (await alice.page.evaluate('seen')) as number[];
    expect(seen.some((value) => value > 0 && value < 1)).toBe(true);
    await expect.poll(() => alice.page.locator('.upload').count()).toBe(0);
    const hostile = `<img src=x onerror="document.title='owned'">.png`;
    await alice.drop([
      { name: hostile, type: 'image/png', data: png(30, 20, [9, 99, 199]) },
      { name: '../../etc/passwd', type: 'text/plain', data: Buffer.from('root') },
      { name: 'invoice\u202efdp.exe', type: 'application/octet-stream', data: Buffer.from('MZ') },
    ]);
    const image = bob.page.locator('.picture img');
    await expect.poll(() => widthOf(image)).toBe(30);
    expect(await image.getAttribute('alt')).toContain('onerror');
    await bob.page.locator('.file', { hasText: 'passwd' }).waitFor();
    // As it stands there, not turned round to look like a PDF.
    await bob.page.locator('.file', { hasText: 'invoicefdp.exe' }).waitFor();
    for (const { page } of [alice, bob]) {
      expect(await page.locator('img[src="x"]').count()).toBe(0);
      expect(await page.title()).toMatch(/Stanzawire chat$/);
      expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
  });

  test('keep their availability and status over a reload, and each without the other', async () => {
    const select = alice.page.getByLabel('Your availability');
    const bobSees = (text: string) => bob.head.getByText(text).waitFor();
    await select.selectOption('dnd');
    await bobSees('Do not disturb');
    const dialog = await alice.settings();
    await dialog.getByLabel('Status').fill('reading');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await bobSees('Do not disturb · reading');
    await alice.page.keyboard.press('Escape');
    await alice.page.reload();
    await expect.poll(() => select.inputValue()).toBe('dnd');
    await alice.page.locator('.me').getByLabel('Do not disturb').waitFor();
    await select.selectOption('away');
    await bobSees('Away · reading');
    // A session that is new begins with what the tab has kept; the account's best one is what others see.
    await select.selectOption('xa');
    await bobSees('Away for long · reading');
    const tab = await alice.context.newPage();
    await tab.addInitScript(`sessionStorage.setItem('stanzawire-availability', '{"show":"away","status":"kept"}')`);
    await tab.goto(`${scene.url}?user=alice`);
    await bobSees('Away · kept');
    await tab.close();
    await select.selectOption('online');
    await bobSees('Online · reading');
    expect(await (await alice.settings()).getByLabel('Status').inputValue()).toBe('reading');
    await alice.page.keyboard.press('Escape');
  });

  test('come as guests or with a token, and sign out', async () => {
    const other = await open();
    await other.button('Come in as a guest').click();
    const guest = (await other.page.locator('.me').getAttribute('title')) ?? '';
    expect(guest).toContain('@web.example.test');
    await other.page.reload();
    await expect.poll(() => other.page.locator('.me').getAttribute('title')).toBe(guest);
    await other.addContact(jids.bob);
    await bob.button('Accept').click();
    await other.head.getByText('Online').waitFor();
    await other.say('Is somebody here?');
    await bob.message('Is somebody here?').waitFor();
    await (await other.settings()).getByRole('button', { name: 'Sign out' }).click();
    await other.button('Come in as a guest').waitFor();
    await bob.head.getByText('Offline').waitFor();
    await other.page.reload();
    await other.page.getByText('I have a token').click();
    await other.page.getByLabel('Token').fill('no.such.token');
    await other.button('Sign in').click();
    await other.page.getByRole('alert').waitFor();
    await other.page.getByText('I have a token').click();
    await other.page.getByLabel('Token').fill(await scene.gateway.token('alice'));
    await other.button('Sign in').click();
    await other.page.locator('.me-name', { hasText: 'Lady Alice' }).waitFor();
    await other.openChat('Bob');
    await other.message('Good evening').waitFor();
    await other.say('From another browser');
    await alice.message('From another browser').waitFor();
    await (await other.settings()).getByRole('button', { name: 'Sign out' }).click();
    await other.button('Come in as a guest').waitFor();
    expect(await other.page.evaluate('Object.keys(sessionStorage)')).toEqual([]);
    expect(await alice.page.locator('.banner').count()).toBe(0);
  });
});
