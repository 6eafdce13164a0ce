/** Web Push as a push service and the browser behind it get it: encrypted, signed, about what is unread, and not forever. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/protocol/parse.ts';
import { PushMessage } from '../../src/protocol/push.ts';
import { type Child, el } from '../../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import type { JsonClient } from '../support/json-client.ts';
import { type Browser, PushService, vapidClaims } from '../support/push-service.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const romeo = 'romeo@example.com';
let server: ScriptedServer;
let service: PushService;
let gateway: TestGateway;
let serial = 0;

async function start(more: Record<string, string> = {}): Promise<void> {
  await gateway?.stop();
  gateway = await TestGateway.start(upstreamOf(server), {
    STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com',
    STANZAWIRE_PUSH_SERVICES: '127.0.0.1',
    STANZAWIRE_PUSH_BACKOFF: '10ms',
    ...more,
  });
  const client = await gateway.login('waits-for-the-link', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
}

beforeAll(async () => {
  server = await ScriptedServer.start();
  service = await PushService.start();
});

afterAll(async () => {
  await gateway.stop();
  await service.stop();
  expect(server.violations).toEqual([]);
  await server.stop();
});

function write(to: string, id: string, body = id, ...children: Child[]): void {
  const attrs = { from: `${romeo}/orchard`, to, type: 'chat', id };
  server.send(el('message', attrs, el('body', {}, body), ...children));
}

interface Away {
  readonly user: string;
  readonly browser: Browser;
}

async function subscribe(client: JsonClient, browser: Browser): Promise<void> {
  expect(await client.answer({ type: 'push.subscribe', data: browser.subscription })).not.toHaveProperty('error');
}

/** An account with a browser that wants to be woken, and no session. */
async function away(prepare: (client: JsonClient) => Promise<unknown> = async () => undefined): Promise<Away> {
  const user = `user${++serial}`;
  const browser = service.browser(user);
  const client = await gateway.login(user);
  await subscribe(client, browser);
  await prepare(client);
  await client.close();
  return { user: client.user, browser };
}

async function counted(result: string): Promise<number> {
  const line = `stanzawire_push_deliveries_total{result="${result}"}`;
  const found = (await gateway.metrics()).split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length));
}

const settled = () => expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('stanzawire_push_queue 0\n');

describe('a message for an account that nobody attends', () => {
  beforeAll(() => start());

  it('wakes its browser, which alone can read it', async () => {
    const { user, browser } = await away((client) => client.request('contact.add', { jid: romeo, name: 'Romeo' }));
    write(user, 'm1', 'It is the east');
    const notification = await service.next(browser);
    const { payload, headers } = notification;
    expect(payload).toEqual({
      type: 'message',
      user,
      chat: romeo,
      kind: 'direct',
      from: `${romeo}/orchard`,
      id: 'm1',
      archiveId: expect.any(String),
      time: expect.any(String),
      unread: 1,
      name: 'Romeo',
      body: 'It is the east',
    });
    compile(PushMessage)(payload);
    expect(headers).toMatchObject({ ttl: '86400', urgency: 'normal', 'content-encoding': 'aes128gcm' });
    expect(headers.topic).toMatch(/^[\w-]{32}$/);
    expect(JSON.stringify(headers)).not.toContain('romeo');
    const { claims, key } = vapidClaims(notification);
    const now = Date.now() / 1000;
    expect(claims).toMatchObject({ aud: service.backend.url, sub: 'mailto:ops@example.com' });
    expect(claims.exp).toBeGreaterThan(now);
    expect(claims.exp).toBeLessThanOrEqual(now + 24 * 3600);
    const client = await gateway.login('reads-the-key');
    expect(client.ready?.services?.push?.key).toBe(key);
    await client.close();
  });

  it('wakes each of its browsers, and none while a session is attached', async () => {
    const second = service.browser('second');
    const { user, browser } = await away((client) => subscribe(client, second));
    write(user, 'm1');
    const [one, other] = [await service.next(browser), await service.next(second)];
    expect(one.payload).toEqual(other.payload);
    expect(one.headers.topic).toBe(other.headers.topic);
    const back = await gateway.login(user.split('@')[0] ?? '');
    write(user, 'm2');
    await back.next('message');
    await back.close(4999);
    write(user, 'm3');
    expect((await service.next(browser)).payload).toMatchObject({ id: 'm3', unread: 3 });
  });

  it('shows the beginning of a long text, and of a spoiler nothing', async () => {
    const { user, browser } = await away();
    write(user, 'long', '🐢'.repeat(300));
    const { body } = (await service.next(browser)).payload;
    expect(body).toBe(`${'🐢'.repeat(199)}…`);
    write(user, 'spoiler', 'They both die', el('spoiler', { xmlns: 'urn:xmpp:spoiler:0' }));
    expect((await service.next(browser)).payload).not.toHaveProperty('body');
  });

  it('wakes nobody for a chat that is muted, was read elsewhere, or has nothing left to show', async () => {
    const before = await counted('skipped');
    const muted = await away((client) => client.request('chat.update', { chat: romeo, muted: true }));
    write(muted.user, 'm1');
    await expect.poll(() => counted('skipped'), { timeout: 15_000 }).toBe(before + 1);
    service.reply = () => ({ status: 503 });
    const { user, browser } = await away();
    write(user, 'm1');
    await service.next(browser);
    const retract = el('retract', { xmlns: 'urn:xmpp:message-retract:1', id: 'm1' });
    server.send(el('message', { from: `${romeo}/orchard`, to: user, type: 'chat', id: 'r1' }, retract));
    await expect.poll(() => counted('skipped'), { timeout: 15_000 }).toBe(before + 2);
    service.reply = () => undefined;
    await settled();
    expect(service.backend.all.some(({ path }) => path === muted.browser.path)).toBe(false);
  });

  it('is told once, with the newest, where several come while the push service is down', async () => {
    service.reply = () => ({ status: 503 });
    const { user, browser } = await away();
    write(user, 'm1');
    await service.next(browser);
    write(user, 'm2');
    write(user, 'm3');
    const newest = async (): Promise<unknown> => {
      const { payload } = await service.next(browser);
      return payload.id === 'm3' ? payload : newest();
    };
    expect(await newest()).toMatchObject({ id: 'm3', unread: 3 });
    service.backend.inbox.take();
    const ok = await counted('ok');
    service.reply = () => undefined;
    await settled();
    expect(await counted('ok')).toBe(ok + 1);
  });
});

describe('a push service', () => {
  beforeAll(() => start({ STANZAWIRE_PUSH_RETRY: '1s' }));

  it.each([404, 410])('that answers %i ends the subscription', async (status) => {
    const { user, browser } = await away();
    const gone = await counted('gone');
    service.reply = (one) => (one === browser ? { status } : undefined);
    write(user, 'm1');
    await service.next(browser);
    await expect.poll(() => counted('gone'), { timeout: 15_000 }).toBe(gone + 1);
    await settled();
    write(user, 'm2');
    const other = await away();
    write(other.user, 'm1');
    await service.next(other.browser);
    expect(service.backend.inbox.take().map(({ path }) => path)).not.toContain(browser.path);
  });

  it.each([429, 500, 503])('that answers %i is asked again, the other browsers are not told twice', async (status) => {
    const steady = service.browser(`steady${status}`);
    const { user, browser } = await away((client) => subscribe(client, steady));
    let tries = 0;
    service.reply = (one) => (one === browser && ++tries < 3 ? { status } : undefined);
    write(user, 'm1');
    for (const _ of [1, 2, 3]) await service.next(browser);
    await settled();
    await service.next(steady);
    expect(service.backend.inbox.take()).toEqual([]);
  });

  it('is not asked before its Retry-After', async () => {
    const { user, browser } = await away();
    let tries = 0;
    service.reply = () => (++tries === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined);
    write(user, 'm1');
    await service.next(browser);
    await service.next(browser);
    const times = service.backend.all.filter(({ path }) => path === browser.path).map(({ at }) => at);
    // A timer may be a millisecond early.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that refuses is not asked again, and one that stays down is given up', async () => {
    const [refused, gaveUp] = [await counted('refused'), await counted('gave_up')];
    const { user, browser } = await away();
    service.reply = () => ({ status: 403 });
    write(user, 'm1');
    await service.next(browser);
    await expect.poll(() => counted('refused'), { timeout: 15_000 }).toBe(refused + 1);
    await settled();
    service.reply = () => ({ status: 500 });
    write(user, 'm2');
    await expect.poll(() => counted('gave_up'), { timeout: 15_000 }).toBe(gaveUp + 1);
    await settled();
    service.reply = () => undefined;
  });
});

describe('a browser', () => {
  beforeAll(() => start({ STANZAWIRE_PUSH_PREVIEWS: 'false' }));

  it('belongs to who subscribed it last', async () => {
    const { user, browser } = await away();
    const next = await gateway.login('next-user');
    await subscribe(next, browser);
    await next.close();
    write(user, 'for the one before');
    write(next.user, 'for the one now');
    expect((await service.next(browser)).payload).toMatchObject({ user: next.user, id: 'for the one now' });
    await settled();
    expect(service.backend.inbox.take(({ path }) => path === browser.path)).toEqual([]);
  });

  it('shows no text where previews are off', async () => {
    const { user, browser } = await away();
    write(user, 'm1', 'secret');
    expect((await service.next(browser)).payload).not.toHaveProperty('body');
  });

  it('hears nothing after push.unsubscribe, or behind the end of its subscription', async () => {
    const { user, browser } = await away((client) => client.request('push.unsubscribe', {}));
    const expired = service.browser('expired');
    const old = await gateway.login('old');
    const data = { ...expired.subscription, expirationTime: Date.now() - 1000 };
    expect(await old.answer({ type: 'push.subscribe', data })).not.toHaveProperty('error');
    await old.close();
    write(user, 'm1');
    write(old.user, 'm1');
    const other = await away();
    write(other.user, 'm1');
    await service.next(other.browser);
    await settled();
    const paths = service.backend.all.map(({ path }) => path);
    expect(paths).not.toContain(browser.path);
    expect(paths).not.toContain(expired.path);
  });

  it('is one of 20 at the most: the oldest goes', async () => {
    const client = await gateway.login('collector');
    const first = service.browser('first');
    await subscribe(client, first);
    const browsers = Array.from({ length: 20 }, () => service.browser(randomBytes(6).toString('hex')));
    for (const browser of browsers) await subscribe(client, browser);
    await client.close();
    write(client.user, 'm1');
    for (const browser of browsers) await service.next(browser);
    await settled();
    expect(service.backend.all.map(({ path }) => path)).not.toContain(first.path);
  });
});

describe('an address that a client made up', () => {
  it.each([
    'https://127.0.0.1',
    'https://localhost',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://10.0.0.1',
    'https://169.254.169.254',
  ])('%s is not connected to', async (origin) => {
    await start({ STANZAWIRE_PUSH_SERVICES: '' });
    const client = await gateway.login('attacker');
    const { subscription } = service.browser('made-up');
    const data = { ...subscription, endpoint: `${origin}/latest/meta-data` };
    expect(await client.answer({ type: 'push.subscribe', data })).not.toHaveProperty('error');
    await client.close();
    write(client.user, origin);
    await expect.poll(() => counted('refused'), { timeout: 15_000 }).toBe(1);
    await settled();
  });
});
