/**
 * npm run screenshots: pictures of the demo page in docs/images/, taken on a real Prosody with XMPP users in the chats. Look
 * at them afterwards; a browser that has the font Inter and colour emoji makes the nicest ones.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { DemoScene } from './demo-scene.ts';
import type { SlixmppPeer } from './peers/slixmpp.ts';
import { SlixmppRoom } from './peers/slixmpp-room.ts';

const folder = join(import.meta.dirname, '../../docs/images');
const alice = 'alice@web.example.test';
mkdirSync(folder, { recursive: true });
const scene = await DemoScene.begin();
const peers: SlixmppPeer[] = [];
try {
  const { page } = await scene.open();
  await page.screenshot({ path: join(folder, 'sign-in.png') });
  await page.getByRole('button', { name: 'Sign in as alice' }).click();
  await page.getByText('No chats yet').waitFor();
  for (const user of ['juliet', 'romeo']) peers.push(await befriend(page, user));
  const [juliet, romeo] = peers;
  if (!juliet || !romeo) throw new Error('nobody is there');
  await conversation(page, juliet, romeo);
  await room(page, juliet, romeo);
  await pictures(page);
} finally {
  for (const peer of peers) await peer.close();
  await scene.end();
}

async function befriend(page: Page, user: string): Promise<SlixmppPeer> {
  const peer = await scene.peer(user);
  await peer.subscribe(alice);
  await page.getByRole('button', { name: 'Accept' }).click();
  await peer.next('subscription', ({ type }) => type === 'subscribe');
  await peer.subscribed(alice);
  return peer;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Message to/).fill(text);
  await page.keyboard.press('Enter');
  await page
    .locator('.message', { hasText: text })
    .getByLabel(/Sent|Delivered/)
    .waitFor();
}

async function act(page: Page, text: string, action: string): Promise<void> {
  const message = page.locator('.message', { hasText: text }).first();
  await message.hover();
  await message.getByRole('button', { name: 'Message actions' }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

async function conversation(page: Page, juliet: SlixmppPeer, romeo: SlixmppPeer): Promise<void> {
  await page.getByRole('link', { name: /Romeo/ }).click();
  await romeo.send({ to: alice, body: 'Good morrow! Is this the web page you spoke of?' });
  await page.locator('.message', { hasText: 'Good morrow' }).waitFor();
  await say(page, 'It is. You are in an XMPP client, I am in a browser tab 🙂');
  await romeo.send({ to: alice, body: 'And I see when you are typing. How does it know?' });
  await page.locator('.message', { hasText: 'How does it know' }).waitFor();
  await act(page, 'How does it know', 'Reply');
  await say(page, 'Stanzawire speaks XEP-0085 for me: https://xmpp.org/extensions/xep-0085.html');
  await act(page, 'Good morrow', 'React with heart');
  await juliet.send({ to: alice, body: 'Shall we meet in the garden?' });
  await romeo.send({ to: alice, body: 'Then wilt thou read my sonnets here?' });
  await page.locator('.message', { hasText: 'sonnets' }).waitFor();
}

async function room(page: Page, juliet: SlixmppPeer, romeo: SlixmppPeer): Promise<void> {
  const garden = await SlixmppRoom.join(juliet, 'garden@conference.example.test', 'juliet');
  await garden.setSubject('Balcony, tonight');
  const other = await SlixmppRoom.join(romeo, garden.jid, 'romeo');
  await garden.invite(alice, 'Come and listen');
  await page.getByRole('button', { name: 'Join' }).click();
  await garden.say('Who is here already?');
  await other.say('I am. The moon is bright tonight 🌙');
  await page.locator('.message', { hasText: 'moon' }).waitFor();
  await say(page, 'Me too, from the web. Reading the stanzas as JSON.');
  await garden.say('Then let us begin.');
  await page.locator('.message', { hasText: 'let us begin' }).waitFor();
}

async function pictures(page: Page): Promise<void> {
  const picture = async (name: string): Promise<void> => {
    // Animations have come to their end.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.locator('.note').waitFor({ state: 'detached' });
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
  };
  await page.getByRole('button', { name: 'About this room' }).click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture('room-dark');
  await page.getByRole('button', { name: 'Close details' }).click();
  await page.getByRole('link', { name: /Romeo/ }).click();
  await picture('chat-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await picture('chat');
  await page.setViewportSize({ width: 1100, height: 700 });
  await page.getByRole('button', { name: 'What passes on the wire' }).click();
  await picture('frames');
  await page.getByRole('button', { name: 'What passes on the wire' }).click();
  await page.setViewportSize({ width: 360, height: 740 });
  await picture('phone-chat');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('button', { name: 'Back to the chats' }).click();
  await picture('phone-list-dark');
}
