/** Webhooks as an operator's backend gets them: signed, in order, again and again until they are taken, also after a crash. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { Backend, isSigned, type Received, signingSecret } from '../support/backend.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const romeo = 'romeo@example.com';
const secret = signingSecret();
let server: ScriptedServer;
let backend: Backend;
let gateway: TestGateway;

function settings(more: Record<string, string> = {}): Record<string, string> {
  return {
    STANZAWIRE_WEBHOOKS_URL: `${backend.url}/hooks`,
    STANZAWIRE_WEBHOOKS_SECRET: secret,
    STANZAWIRE_WEBHOOKS_BACKOFF: '10ms',
    STANZAWIRE_SESSIONS_RESUME_WINDOW: '0s',
    ...more,
  };
}

async function start(more: Record<string, string> = {}): Promise<void> {
  gateway = await TestGateway.start(upstreamOf(server), settings(more));
  const client = await gateway.login('waits-for-the-link', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
}

/** A message from the XMPP side. */
function write(to: string, id: string, body = id): void {
  server.send(el('message', { from: `${romeo}/orchard`, to, type: 'chat', id }, el('body', {}, body)));
}

/** An account that has connected once, and its name for the contact. */
async function known(user: string): Promise<string> {
  const client = await gateway.login(user);
  await client.request('contact.add', { jid: romeo, name: 'Romeo' });
  await client.close();
  await backend.next('session.closed', client.user);
  return client.user;
}

async function counted(event: string, result: string): Promise<number> {
  const line = `stanzawire_webhook_deliveries_total{event="${event}",result="${result}"}`;
  const found = (await gateway.metrics()).split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length));
}

beforeEach(async () => {
  server = await ScriptedServer.start();
  backend = await Backend.start();
});

afterEach(async () => {
  await gateway.stop();
  await backend.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});

describe('a gateway with webhooks', () => {
  it('tells of sessions, and signs what it tells', async () => {
    await start();
    const alice = await gateway.login('alice', { device: 'phone', client: 'acme/1' });
    const opened = await backend.next('session.opened', alice.user);
    const session = alice.ready?.session;
    const about = {
      account: alice.user,
      session,
      device: 'phone',
      client: 'acme/1',
      since: expect.stringMatching(/Z$/),
    };
    expect(opened.event).toEqual({ type: 'session.opened', timestamp: expect.stringMatching(/Z$/), data: about });
    expect(opened).toMatchObject({ path: '/hooks', headers: { 'content-type': 'application/json' } });
    expect(opened.id).toMatch(/^msg_[0-9a-f]{32}$/);
    await alice.close();
    const closed = await backend.next('session.closed', alice.user);
    expect(closed.event.data).toEqual({ ...about, reason: 'ended' });
    expect(backend.all.every((one) => isSigned(one, secret))).toBe(true);
    expect(isSigned(opened, signingSecret())).toBe(false);
    expect(isSigned({ ...opened, body: Buffer.concat([opened.body, Buffer.from(' ')]) }, secret)).toBe(false);
    expect(new Set(backend.all.map(({ id }) => id)).size).toBe(backend.all.length);
  });

  it('tells of a message for whom no session is attached, without its text, and of no other', async () => {
    await start({ STANZAWIRE_SESSIONS_RESUME_WINDOW: '60s' });
    const alice = await gateway.login('alice');
    await alice.request('contact.add', { jid: romeo, name: 'Romeo' });
    write(alice.user, 'seen');
    await alice.next('message');
    // The socket is lost, the session waits to be resumed.
    await alice.close(4999);
    write(alice.user, 'm1', 'the lark');
    const { event } = await backend.next('message.offline', alice.user);
    expect(event.data).toEqual({
      account: alice.user,
      chat: romeo,
      kind: 'direct',
      id: 'm1',
      archiveId: expect.any(String),
      from: `${romeo}/orchard`,
      time: expect.any(String),
      unread: 2,
      name: 'Romeo',
      muted: false,
    });
    expect(backend.all.filter((one) => one.event.type === 'message.offline')).toHaveLength(1);
    expect(backend.all.some(({ body }) => body.includes('lark'))).toBe(false);
  });

  it('adds the text where the operator says so, as it is when it is told', async () => {
    await start({ STANZAWIRE_WEBHOOKS_BODIES: 'true', STANZAWIRE_WEBHOOKS_EVENTS: 'message.offline' });
    const client = await gateway.login('alice');
    await client.close();
    backend.reply = ({ event }) => ({ status: event.data?.id === 'm1' ? 503 : 204 });
    write(client.user, 'm1', 'tpyo');
    expect((await backend.next('message.offline')).event.data).toMatchObject({ body: 'tpyo' });
    const replace = el('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'm1' });
    const edit = { from: `${romeo}/orchard`, to: client.user, type: 'chat', id: 'e1' };
    server.send(el('message', edit, el('body', {}, 'typo'), replace));
    await backend.inbox.next(({ event }) => event.data?.body === 'typo', 15_000);
    backend.reply = () => ({ status: 204 });
    write(client.user, 'm2', 'the nightingale');
    const second = await backend.inbox.next(({ event }) => event.data?.id === 'm2', 15_000);
    expect(second.event.data).toMatchObject({ body: 'the nightingale' });
    expect(new Set(backend.all.map(({ event }) => event.type))).toEqual(new Set(['message.offline']));
  });

  it('tells of a message that is repeated once, and of one that was taken back no more', async () => {
    await start();
    const alice = await known('alice');
    let answer = 500;
    backend.reply = ({ event }) => ({ status: event.type === 'message.offline' ? answer : 204 });
    write(alice, 'm1', 'regretted');
    await backend.next('message.offline', alice);
    const retract = el('retract', { xmlns: 'urn:xmpp:message-retract:1', id: 'm1' });
    server.send(el('message', { from: `${romeo}/orchard`, to: alice, type: 'chat', id: 'r1' }, retract));
    await expect.poll(() => counted('message.offline', 'skipped'), { timeout: 15_000 }).toBe(1);
    answer = 204;
    write(alice, 'm2');
    expect((await backend.inbox.next(({ event }) => event.data?.id === 'm2', 15_000)).event.data).toMatchObject({
      id: 'm2',
    });
  });
});

describe('a backend that does not take an event', () => {
  it("gets it again with the same id, and the account's next one after it", async () => {
    await start();
    const [alice, bob] = [await known('alice'), await known('bob')];
    backend.reply = ({ event: { data } }) => ({ status: data?.account === alice ? 500 : 204 });
    write(alice, 'a1');
    write(alice, 'a2');
    const tries = [await backend.next('message.offline', alice), await backend.next('message.offline', alice)];
    write(bob, 'b1');
    expect((await backend.next('message.offline', bob)).event.data).toMatchObject({ id: 'b1' });
    tries.push(await backend.next('message.offline', alice));
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    expect(tries.every((one) => isSigned(one, secret))).toBe(true);
    backend.reply = () => ({ status: 204 });
    const a2 = await backend.inbox.next(({ event }) => event.data?.id === 'a2', 15_000);
    const before = backend.all.slice(0, backend.all.indexOf(a2)).filter(({ event }) => event.data?.id === 'a1');
    expect(before.length).toBeGreaterThan(3);
    expect(await counted('message.offline', 'failed')).toBe(before.length - 1);
    expect(await counted('message.offline', 'ok')).toBeGreaterThanOrEqual(2);
  });

  it('may hang, or close the connection: it is tried again', async () => {
    await start({ STANZAWIRE_WEBHOOKS_TIMEOUT: '100ms' });
    const alice = await known('alice');
    let tries = 0;
    backend.reply = ({ event }) => (event.type === 'message.offline' && ++tries < 3 ? undefined : { status: 200 });
    write(alice, 'm1');
    for (const _ of [1, 2, 3]) await backend.next('message.offline', alice);
    await expect.poll(() => counted('message.offline', 'ok'), { timeout: 15_000 }).toBe(1);
  });

  it('is not followed when it redirects', async () => {
    await start();
    const alice = await known('alice');
    const headers = { location: `${backend.url}/elsewhere` };
    let status = 307;
    backend.reply = () => ({ status, headers });
    write(alice, 'm1');
    await backend.next('message.offline', alice);
    await backend.next('message.offline', alice);
    status = 200;
    await backend.next('message.offline', alice);
    expect(backend.all.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  it('is given up after so many tries, and the next event has its turn', async () => {
    await start({ STANZAWIRE_WEBHOOKS_ATTEMPTS: '3' });
    const alice = await known('alice');
    backend.reply = ({ event }) => ({ status: event.data?.id === 'm1' ? 400 : 204 });
    write(alice, 'm1');
    write(alice, 'm2');
    await backend.inbox.next(({ event }) => event.data?.id === 'm2', 15_000);
    expect(backend.all.filter(({ event }) => event.data?.id === 'm1')).toHaveLength(3);
    expect(await counted('message.offline', 'gave_up')).toBe(1);
  });

  it('says 410 and is asked no more', async () => {
    await start();
    const [alice, bob] = [await known('alice'), await known('bob')];
    backend.reply = ({ event }) => ({ status: event.data?.account === alice ? 410 : 500 });
    write(bob, 'b1');
    await backend.next('message.offline', bob);
    write(alice, 'a1');
    await backend.next('message.offline', alice);
    await expect.poll(() => counted('message.offline', 'gone'), { timeout: 15_000 }).toBe(1);
    const before = backend.all.length;
    const client = await gateway.login('carol');
    await client.close();
    write(alice, 'a2');
    expect(await gateway.metrics()).toContain('stanzawire_webhook_queue 0\n');
    await gateway.stop();
    expect(backend.all.length).toBe(before);
  });

  it('fills the queue up to its bound: what comes then is dropped and counted', async () => {
    await start({ STANZAWIRE_WEBHOOKS_QUEUE: '5', STANZAWIRE_WEBHOOKS_EVENTS: 'message.offline' });
    const client = await gateway.login('alice');
    await client.close();
    backend.reply = () => ({ status: 503 });
    for (let i = 0; i < 5; i++) {
      write(client.user, `m${i}`);
      await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain(`stanzawire_webhook_queue ${i + 1}\n`);
    }
    write(client.user, 'one too many');
    await expect.poll(() => counted('message.offline', 'dropped'), { timeout: 15_000 }).toBe(1);
    backend.reply = () => ({ status: 204 });
    await backend.inbox.next(({ event }) => event.data?.id === 'm4', 15_000);
    await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('stanzawire_webhook_queue 0\n');
    expect(backend.all.some(({ event }) => event.data?.id === 'one too many')).toBe(false);
  });
});

it("under load each account's events come in their order, with so many requests at once at most", async () => {
  await start({ STANZAWIRE_WEBHOOKS_CONCURRENCY: '4', STANZAWIRE_WEBHOOKS_EVENTS: 'message.offline' });
  const users = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const client = await gateway.login(`user${i}`);
      await client.close();
      return client.user;
    }),
  );
  const taken: Received[] = [];
  let seed = 7;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  backend.reply = async (request) => {
    await new Promise((resolve) => setTimeout(resolve, random() * 5));
    if (random() < 0.2) return { status: 502 };
    taken.push(request);
    return { status: 204 };
  };
  for (let i = 0; i < 20; i++) for (const user of users) write(user, `${i}`);
  await expect.poll(() => taken.length, { timeout: 30_000 }).toBe(200);
  for (const user of users) {
    const ids = taken.filter(({ event }) => event.data?.account === user).map(({ event }) => event.data?.id);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  }
  expect(backend.most).toBeLessThanOrEqual(4);
  expect(backend.most).toBeGreaterThan(1);
}, 60_000);

it('signs with both keys while one takes the place of the other', async () => {
  const next = signingSecret();
  await start({ STANZAWIRE_WEBHOOKS_SECRET: `${next} ${secret}` });
  const alice = await gateway.login('alice');
  const opened = await backend.next('session.opened', alice.user);
  expect([secret, next, signingSecret()].map((key) => isSigned(opened, key))).toEqual([true, true, false]);
  await alice.close();
});

it('tells at its stop that the sessions end', async () => {
  await start({ STANZAWIRE_SESSIONS_RESUME_WINDOW: '60s' });
  const alice = await gateway.login('alice');
  await gateway.stop();
  expect((await backend.next('session.closed', alice.user)).event.data).toMatchObject({ reason: 'shutdown' });
});
