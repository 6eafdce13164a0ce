/** The client library against a whole gateway on real XMPP servers: what it shows, over lost networks and sessions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { LibraryUser } from '../support/library-user.ts';
import { C2sClient } from '../support/peers/c2s.ts';
import { onEveryServer } from '../support/servers/each.ts';

onEveryServer('the client library', (server) => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-client-'));
  const env = {
    STANZAWIRE_STORE_URL: `sqlite:${folder}/test.db`,
    STANZAWIRE_LIMITS_RATE: '10000',
    STANZAWIRE_LIMITS_BURST: '10000',
  };
  let gateway: TestGateway;
  let alice: LibraryUser;
  let romeo: C2sClient;

  /** Another process on the same port and store. */
  async function restart(more: Record<string, string> = {}): Promise<void> {
    const { port } = new URL(gateway.url);
    await gateway.stop();
    gateway = await TestGateway.start(upstreamOf(server()), { ...env, ...more, STANZAWIRE_HTTP_PUBLIC_PORT: port });
  }

  beforeAll(async () => {
    gateway = await TestGateway.start(upstreamOf(server()), env);
    alice = await LibraryUser.login(gateway, 'alice');
    romeo = await C2sClient.login({ server: server(), user: 'romeo', resource: 'orchard' });
  });
  afterAll(async () => {
    alice.stop();
    romeo.abort();
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  test('a conversation, with its ladder, typing and unread count', async () => {
    const sending = alice.chat.send({ to: romeo.bareJid, body: 'hello' });
    const got = await romeo.nextMessage();
    expect([got.attrs.id, got.child('body')?.text]).toEqual([sending.id, 'hello']);
    expect(await sending).toMatchObject({ id: sending.id, chat: romeo.bareJid, archiveId: expect.any(String) });
    romeo.send(
      `<message to='${alice.jid}' type='chat' id='d1'><received xmlns='urn:xmpp:receipts' id='${sending.id}'/></message>`,
    );
    const ladder = (rung: string) =>
      alice.shows(({ messages }) => messages[romeo.bareJid]?.[0]?.status === rung, `the rung ${rung}`);
    await ladder('delivered');
    romeo.send(
      `<message to='${alice.jid}' type='chat' id='d2'><displayed xmlns='urn:xmpp:chat-markers:0' id='${sending.id}'/></message>`,
    );
    await ladder('displayed');
    romeo.send(
      `<message to='${alice.jid}' type='chat' id='t1'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    );
    await alice.shows(({ typing }) => typing[romeo.bareJid]?.[romeo.jid] === 'composing', 'typing');
    romeo.message(alice.jid, 'hi alice');
    const { chats, typing } = await alice.showsBody(romeo.bareJid, 'hi alice');
    expect([chats[romeo.bareJid]?.unread, typing[romeo.bareJid]]).toEqual([1, {}]);
    alice.state.read(romeo.bareJid);
    const list = await alice.chat.request('chat.list', {});
    expect(list.items).toMatchObject([{ chat: romeo.bareJid, unread: 0 }]);
  });

  test('a contact is added, and seen online', async () => {
    await alice.chat.request('contact.add', { jid: romeo.bareJid, name: 'Romeo' });
    await romeo.next((one) => one.name === 'presence' && one.attrs.type === 'subscribe');
    romeo.send(`<presence to='${alice.jid}' type='subscribed'/>`);
    const shown = await alice.shows(
      ({ contacts }) => contacts[romeo.bareJid]?.presence?.type === 'available',
      'romeo online',
    );
    expect(shown.contacts[romeo.bareJid]).toMatchObject({ name: 'Romeo', subscription: 'to' });
  });

  test('a lost network: the session goes on, and what was written meanwhile comes once', async () => {
    const { session } = alice.chat;
    await alice.offline();
    romeo.message(alice.jid, 'are you there?');
    const sending = alice.chat.send({ to: romeo.bareJid, body: 'in the tunnel' });
    await alice.online();
    await sending;
    expect((await romeo.nextMessage()).child('body')?.text).toBe('in the tunnel');
    await alice.showsBody(romeo.bareJid, 'are you there?');
    expect(alice.chat.session).toBe(session);
    expect(alice.heard.filter((one) => one.endsWith('are you there?'))).toHaveLength(1);
  });

  test('a restart of the gateway: a new session, and nothing is lost or comes twice', async () => {
    const { session } = alice.chat;
    const sending = alice.chat.send({ to: romeo.bareJid, body: 'just in time' });
    await restart();
    await sending;
    await alice.shows(({ link }) => alice.chat.session !== session && link === 'up', 'a new session');
    romeo.message(alice.jid, 'welcome back');
    await alice.showsBody(romeo.bareJid, 'welcome back');
    expect((await romeo.nextMessage()).child('body')?.text).toBe('just in time');
    await alice.chat.send({ to: romeo.bareJid, body: 'and last' });
    expect((await romeo.nextMessage()).child('body')?.text).toBe('and last');
  });

  describe('without a window for resuming', () => {
    let bob: JsonClient;
    let room = '';
    beforeAll(async () => {
      const { session } = alice.chat;
      await restart({ STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s' });
      await alice.shows(({ link }) => alice.chat.session !== session && link === 'up', 'a new session');
      bob = await gateway.login('bob');
      room = `dev@${server().rooms}`;
    });
    afterAll(() => bob.close());

    test('the archive has what was missed, in order and once', async () => {
      await alice.offline();
      const missed = Array.from({ length: 120 }, (_, at) => `missed ${at}`);
      for (const body of missed) romeo.message(alice.jid, body);
      await alice.online();
      romeo.message(alice.jid, 'the last');
      await alice.showsBody(romeo.bareJid, 'the last');
      const heard = alice.heard.filter((one) => /(missed \d+|the last)$/.test(one));
      expect(heard).toEqual([...missed, 'the last'].map((body) => `${romeo.bareJid} ${body}`));
      await alice.shows(({ chats }) => (chats[romeo.bareJid]?.unread ?? 0) >= 121, 'the unread count');
    });

    test('a room has what was missed, in order and once', async () => {
      const values = { persistent: true, archive: true };
      await bob.request('room.create', { room, nick: 'Bob', values });
      const joined = await alice.chat.request('room.join', { room, nick: 'Alice' });
      expect(joined.room.joined).toBe(true);
      await bob.request('message.send', { to: room, body: 'hi all' });
      await alice.showsBody(room, 'hi all');
      const own = alice.chat.send({ to: room, body: 'hi bob' });
      expect(await own).toMatchObject({ originId: own.id, chat: room });
      await alice.offline();
      const missed = Array.from({ length: 12 }, (_, at) => `missed here ${at}`);
      for (const body of missed) await bob.request('message.send', { to: room, body });
      await alice.online();
      await alice.shows(({ rooms }) => rooms[room]?.joined ?? false, 'the room again');
      await bob.request('message.send', { to: room, body: 'welcome' });
      await alice.showsBody(room, 'welcome');
      await alice.showsBody(room, 'missed here 11');
      expect(alice.bodies(room)).toEqual(['hi all', 'hi bob', ...missed, 'welcome']);
      const heard = alice.heard.filter((one) => one.startsWith(room));
      expect(heard).toEqual(['hi all', ...missed, 'welcome'].map((body) => `${room} ${body}`));
    });
  });
});
