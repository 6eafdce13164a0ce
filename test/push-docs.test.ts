/**
 * The snippets of docs/push.md with a gateway and a push service: what a page subscribes wakes its worker. The browser's own
 * objects are stood in for, since no browser here has a push service of its own (test/e2e/demo.test.ts runs a real worker).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Client, connect } from '../src/client/connect.ts';
import { el } from '../src/xmpp/stanza.ts';
import { TestGateway, upstreamOf } from './support/gateway.ts';
import { fences } from './support/markdown.ts';
import { PushService } from './support/push-service.ts';
import { ScriptedServer } from './support/scripted-server.ts';

const blocks = fences(readFileSync(join(import.meta.dirname, '../docs/push.md'), 'utf8'));
const snippet = (info: string): string => blocks.find((one) => one.info === info)?.lines.join('\n') ?? '';
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-push-docs-'));
let server: ScriptedServer;
let service: PushService;
let gateway: TestGateway;

interface Page {
  readonly wakeMe: (chat: Client) => Promise<boolean>;
  readonly letMeSleep: (chat: Client) => Promise<void>;
}

beforeAll(async () => {
  server = await ScriptedServer.start();
  service = await PushService.start();
  gateway = await TestGateway.start(upstreamOf(server), {
    STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com',
    STANZAWIRE_PUSH_SERVICES: '127.0.0.1',
  });
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await gateway.stop();
  await service.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** The part of a browser that the page asks; `key` is what it is subscribed with. */
function browser(subscription: object, permission = 'granted') {
  const state: { key?: string; ended: number } = { ended: 0 };
  const bytes = () => ({ applicationServerKey: new Uint8Array(Buffer.from(state.key ?? '', 'base64url')).buffer });
  const unsubscribe = async () => {
    delete state.key;
    state.ended++;
  };
  const own = () => ({ ...subscription, options: bytes(), unsubscribe, toJSON: () => subscription });
  const pushManager = {
    getSubscription: async () => (state.key === undefined ? null : own()),
    subscribe: async ({ applicationServerKey }: { applicationServerKey: string }) => {
      state.key = applicationServerKey;
      return own();
    },
  };
  const worker = { pushManager };
  const serviceWorker = { register: async () => worker, getRegistration: async () => worker };
  vi.stubGlobal('navigator', { serviceWorker });
  vi.stubGlobal('PushManager', class {});
  vi.stubGlobal('Notification', { requestPermission: async () => permission });
  return state;
}

/** The worker of the page, with its windows: what it shows for a push, and does at a click. */
function worker(windows: { focused: boolean }[] = []) {
  const listeners = new Map<string, (event: object) => void>();
  const [shown, opened, posted]: unknown[][] = [[], [], []];
  const pages = windows.map((one) => ({
    ...one,
    focus: () => undefined,
    postMessage: (said: unknown) => posted?.push(said),
  }));
  const self = {
    addEventListener: (type: string, listener: (event: object) => void) => void listeners.set(type, listener),
    clients: { matchAll: async () => pages, openWindow: async (url: string) => opened?.push(url) },
    registration: { showNotification: async (title: string, rest: object) => shown?.push({ title, ...rest }) },
  };
  runInNewContext(snippet('js worker'), { self, encodeURIComponent });
  const run = async (type: string, event: object) => {
    let done: unknown;
    listeners.get(type)?.({ ...event, waitUntil: (promise: unknown) => (done = promise) });
    await done;
  };
  return {
    shown,
    opened,
    posted,
    push: (payload: object) => run('push', { data: { json: () => payload } }),
    click: (chat: string) => run('notificationclick', { notification: { close: () => undefined, data: { chat } } }),
  };
}

async function page(): Promise<Page> {
  const file = join(folder, 'page.mjs');
  writeFileSync(file, `${snippet('js page')}\n${snippet('js logout')}`);
  return (await import(/* @vite-ignore */ file)) as Page;
}
const signIn = async (user: string) => connect({ url: gateway.url, token: await gateway.token(user), presence: false });
const write = (to: string, body: string) =>
  server.send(el('message', { from: 'romeo@example.com/x', to, type: 'chat', id: body }, el('body', {}, body)));

it('a page subscribes, its worker shows what comes, and after the logout nothing comes', async () => {
  const { wakeMe, letMeSleep } = await page();
  const device = service.browser('device');
  const state = browser(device.subscription);
  const chat = await signIn('alice');
  expect(await wakeMe(chat)).toBe(true);
  const { user, services } = await chat.ready;
  expect(state.key).toBe(services?.push?.key);
  // At each start; with another key it subscribes anew.
  expect(await wakeMe(chat)).toBe(true);
  expect(state.ended).toBe(0);
  state.key = Buffer.alloc(65, 4).toString('base64url');
  expect(await wakeMe(chat)).toBe(true);
  expect(state).toEqual({ key: services?.push?.key, ended: 1 });
  chat.close();
  await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('sessions{state="attached"} 0');
  write(user, 'It is the east');
  const { payload } = await service.next(device);
  const one = worker([{ focused: false }]);
  await one.push(payload);
  const title = 'romeo@example.com/x';
  const tag = `${user} romeo@example.com`;
  const data = { chat: 'romeo@example.com' };
  expect(one.shown).toEqual([{ title, body: 'It is the east', tag, renotify: true, data }]);
  const again = await signIn('alice');
  await again.ready;
  await letMeSleep(again);
  expect(state.ended).toBe(2);
  again.close();
  await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('sessions{state="attached"} 0');
  write(user, 'unheard');
  await expect.poll(() => gateway.metrics(), { timeout: 15_000 }).toContain('stanzawire_push_queue 0\n');
  expect(service.backend.all.filter(({ path }) => path === device.path)).toHaveLength(1);
}, 60_000);

it('a user who says no is not subscribed', async () => {
  const { wakeMe } = await page();
  const state = browser(service.browser('refused').subscription, 'denied');
  const chat = await signIn('bob');
  expect(await wakeMe(chat)).toBe(false);
  expect(state).toEqual({ ended: 0 });
  chat.close();
});

it('the worker shows nothing over a page in front, counts where there is no text, and opens the chat', async () => {
  const message = { user: 'alice@web.example.com', chat: 'a b@example.com', from: 'a b@example.com', unread: 1 };
  const front = worker([{ focused: false }, { focused: true }]);
  await front.push(message);
  expect(front.shown).toEqual([]);
  await front.click('a b@example.com');
  expect([front.posted, front.opened]).toEqual([[{ chat: 'a b@example.com' }], []]);
  const away = worker();
  await away.push(message);
  await away.push({ ...message, unread: 3, name: 'Romeo' });
  expect(away.shown).toMatchObject([{ body: 'A new message' }, { title: 'Romeo', body: '3 new messages' }]);
  await away.click('a b@example.com');
  expect(away.opened).toEqual(['/#a%20b%40example.com']);
});
