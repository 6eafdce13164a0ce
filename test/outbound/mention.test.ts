/** A mention in a room, of somebody whose sessions have no socket: it wakes the browser and is told to the backend. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/protocol/parse.ts';
import { PushMessage } from '../../src/protocol/push.ts';
import { Backend, isSigned, signingSecret } from '../support/backend.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { type Browser, PushService } from '../support/push-service.ts';
import { ScriptedMuc } from '../support/scripted-muc.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const secret = signingSecret();
let server: ScriptedServer;
let muc: ScriptedMuc;
let service: PushService;
let backend: Backend;
let gateway: TestGateway;
let serial = 0;

beforeAll(async () => {
  server = await ScriptedServer.start();
  muc = ScriptedMuc.on(server);
  service = await PushService.start();
  backend = await Backend.start();
  gateway = await TestGateway.start(upstreamOf(server), {
    STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com',
    STANZAWIRE_PUSH_SERVICES: '127.0.0.1',
    STANZAWIRE_WEBHOOKS_URL: `${backend.url}/hooks`,
    STANZAWIRE_WEBHOOKS_SECRET: secret,
    STANZAWIRE_WEBHOOKS_BODIES: 'true',
    STANZAWIRE_WEBHOOKS_EVENTS: 'message.offline',
  });
  const client = await gateway.login('waits-for-the-link', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await backend.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});

/** Somebody with a browser to wake, in a room with Bob, whose only session waits to be resumed. */
async function away(prepare: { muted?: true } = {}) {
  const nick = `alice${++serial}`;
  const room = muc.room(`room${serial}`);
  room.enter('Bob', { affiliation: 'owner' });
  const browser = service.browser(nick);
  const client = await gateway.login(nick);
  expect(await client.answer({ type: 'push.subscribe', data: browser.subscription })).not.toHaveProperty('error');
  await client.request('room.join', { room: room.jid, nick });
  if (prepare.muted) await client.request('chat.update', { chat: room.jid, muted: true });
  await client.close(4999);
  return { nick, room, browser, user: client.user };
}

const toldOf = ({ path }: Browser) => service.backend.all.filter((one) => one.path === path).length;

describe('somebody who is in a room and away', () => {
  it('is woken by a message that names them, with who said what where; not by the others', async () => {
    const { nick, room, browser, user } = await away();
    room.say('Bob', 'nobody in particular');
    const text = `${nick}: lunch?`;
    room.say('Bob', text);
    const { payload } = await service.next(browser);
    const common = { chat: room.jid, kind: 'room', from: `${room.jid}/Bob`, body: text, mention: true };
    expect(payload).toMatchObject({ type: 'message', user, ...common });
    compile(PushMessage)(payload);
    const told = await backend.next('message.offline', user);
    expect(isSigned(told, secret)).toBe(true);
    expect(told.event.data).toMatchObject({ ...common, account: user, muted: false });
    room.say('Bob', `${nick}, are you there?`);
    expect((await service.next(browser)).payload).toMatchObject({ body: `${nick}, are you there?` });
    expect(toldOf(browser)).toBe(2);
  });

  it('is not woken for a room that is muted, which the backend is told', async () => {
    const { nick, room, browser, user } = await away({ muted: true });
    room.say('Bob', `${nick}: lunch?`);
    const told = await backend.next('message.offline', user);
    expect(told.event.data).toMatchObject({ chat: room.jid, mention: true, muted: true });
    await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('stanzawire_push_queue 0\n');
    expect(toldOf(browser)).toBe(0);
  });

  it('is told in the session alone once it is back', async () => {
    const { nick, room, browser } = await away();
    const client = await gateway.login(nick);
    await client.request('room.join', { room: room.jid, nick });
    room.say('Bob', `${nick}: welcome back`);
    await client.next('message', ({ body }) => body === `${nick}: welcome back`);
    await client.close(4999);
    room.say('Bob', `${nick}: gone again?`);
    expect((await service.next(browser)).payload).toMatchObject({ body: `${nick}: gone again?` });
    expect(toldOf(browser)).toBe(1);
  });
});
