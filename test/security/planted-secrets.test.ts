/** Secrets planted in every input of a gateway that logs all it can: none comes out anywhere but where it is meant to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import type { RequestData } from '../../src/protocol/frames.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { Backend, isSigned, type Reply } from '../support/backend.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { runMain } from '../support/process.ts';
import { PushService } from '../support/push-service.ts';
import { ScriptedMuc } from '../support/scripted-muc.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const planted = {
  component: 'planted-component-secret',
  apiKey: 'planted-api-key-of-thirty-two-characters',
  // 30 and 32 bytes, in base64 and base64url.
  webhook: 'whsec_plantedWebhookSecretOfThirtyBytesInAll00',
  auth: 'whsec_plantedAuthenticationSecretOfThirtyByte00',
  push: 'plantedPrivateKeyOfThirtyTwoBytesInBase64U0',
};
const env: Record<string, string> = {
  STANZAWIRE_HTTP_INTERNAL_API_KEY: planted.apiKey,
  STANZAWIRE_AUTH_GUEST_ENABLED: 'true',
  STANZAWIRE_AUTH_WEBHOOK_SECRET: planted.auth,
  STANZAWIRE_LOG_LEVEL: 'trace',
  STANZAWIRE_WEBHOOKS_SECRET: planted.webhook,
  STANZAWIRE_WEBHOOKS_BACKOFF: '10ms',
  STANZAWIRE_PUSH_CONTACT: 'mailto:ops@example.com',
  STANZAWIRE_PUSH_PRIVATE_KEY: planted.push,
  STANZAWIRE_PUSH_SERVICES: '127.0.0.1',
};
const lines: string[] = [];
const tokens: string[] = [];
let server: ScriptedServer;
let gateway: TestGateway;
let muc: ScriptedMuc;
let backend: Backend;
let service: PushService;

beforeAll(async () => {
  server = await ScriptedServer.start({ secret: planted.component });
  muc = ScriptedMuc.on(server);
  [backend, service] = [await Backend.start(), await PushService.start()];
  backendAnswers({ status: 204 });
  env.STANZAWIRE_AUTH_WEBHOOK_URL = `${backend.url}/auth`;
  env.STANZAWIRE_WEBHOOKS_URL = `${backend.url}/hooks`;
  const log = createLogger('trace', { write: (line: string) => void lines.push(line) });
  gateway = await TestGateway.start(upstreamOf(server), env, log);
  const client = await gateway.login('waits', { presence: false });
  if (client.ready?.link === 'down') await client.next('state', ({ link }) => link === 'up');
  await client.close();
});
afterAll(async () => {
  await gateway.stop();
  for (const one of [backend, service, server]) await one.stop();
});

/** It knows no token; events it takes or refuses. */
function backendAnswers(events: Reply): void {
  const unknown = { status: 401, body: '{"planted":"planted by the backend"}' };
  backend.reply = ({ path }) => (path === '/auth' ? unknown : events);
}
/** Everything that the log holds, and the metrics. */
async function outputs(): Promise<string> {
  return `${lines.join('')}\n${await gateway.metrics()}`;
}
async function nothingCameOut(): Promise<void> {
  const text = await outputs();
  expect(text.match(/.{0,80}planted.{0,40}/g)).toBeNull();
  expect(text).not.toContain(tokenSecret);
  expect(text).not.toContain(planted.webhook.slice(0, -2));
  for (const token of tokens) expect(text).not.toContain(token);
}
async function tokenFor(user: string, scopes: string[] = []): Promise<string> {
  const token = await gateway.token(user, { scopes });
  tokens.push(token);
  return token;
}

test('tokens: right and wrong ones, in the frame, in the header, in the address, at a refresh, of a guest', async () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}`, cookie: 'session=planted' } });
  const inHeader = await JsonClient.open(gateway.url, bearer(await tokenFor('alice')));
  inHeader.send({ type: 'connect', id: 1, data: { presence: false } });
  await inHeader.inbox.next(({ type }) => type === 'ready');
  const wrongHeader = await JsonClient.open(gateway.url, bearer('planted.in.header'));
  wrongHeader.send({ type: 'connect', id: 1, data: {} });
  expect(await wrongHeader.closed).toBe(4001);
  const inAddress = await JsonClient.open(`${gateway.url}?token=planted-in-address&access_token=planted`);
  inAddress.send({ type: 'connect', id: 1, data: { token: 'planted.in.frame' } });
  expect(await inAddress.closed).toBe(4001);
  const alice = await JsonClient.connect(gateway.url, { token: await tokenFor('alice'), presence: false });
  await alice.request('auth.refresh', { token: await tokenFor('alice') });
  await alice.refused('auth.refresh', { token: 'planted.at.refresh' });
  const guest = await JsonClient.connect(gateway.url, { presence: false });
  tokens.push(guest.ready?.token ?? 'none');
  expect(guest.ready?.token).toBeTypeOf('string');
  for (const one of [inHeader, alice, guest]) await one.close();
  await nothingCameOut();
});

test('tokens that the backend knows: let in, refused, and not answered', async () => {
  const connect = async (token: string) => {
    const client = await JsonClient.open(gateway.url);
    client.send({ type: 'connect', id: 1, data: { token, presence: false } });
    const { type } = await client.inbox.next(({ id }) => id === 1);
    await client.close();
    return type;
  };
  const asked = () => backend.all.filter(({ event }) => String(event.data?.token).startsWith('planted opaque')).length;
  expect(await connect('planted opaque refused')).toBe('error');
  backend.reply = () => ({ status: 200, body: '{"planted":"no user in it"}' });
  expect(await connect('planted opaque unanswered')).toBe('error');
  backend.reply = () => ({ status: 200, body: '{"user":"dora"}' });
  expect(await connect('planted opaque right')).toBe('ready');
  expect(asked()).toBe(3);
  backend.reply = () => ({ status: 401 });
  await nothingCameOut();
});

test('what people write: bodies, passwords of rooms, files, statuses, presence and names', async () => {
  const alice = await JsonClient.connect(gateway.url, { token: await tokenFor('alice', ['raw']), raw: 'full' });
  const bob = await JsonClient.connect(gateway.url, { token: await tokenFor('bob') });
  await alice.request('message.send', { to: bob.user, body: 'planted body', subject: 'planted subject' });
  await bob.next('message');
  await alice.request('message.send', { to: 'romeo@example.com', body: 'planted body', id: 'one' });
  await alice.refused('message.send', { to: 'romeo@example.com', body: 'planted other', id: 'one' });
  await alice.refused('message.send', { to: 'not an address planted@@', body: 'planted' });
  await alice.refused('message.send', { to: 'romeo@example.com', body: ['planted'] });
  await alice.request('presence.set', { status: 'planted status' });
  const { jid } = muc.room('closed', { password: 'planted-room' });
  const wrong = await alice.refused('room.join', { room: jid, nick: 'alice', password: 'planted-wrong' });
  expect(wrong.code).toBe('not-authorized');
  await alice.request('room.join', { room: jid, nick: 'alice', password: 'planted-room' });
  await alice.request('message.send', { to: jid, body: 'planted in a room', type: 'groupchat' });
  const from = 'romeo@example.com';
  server.send(el('message', { from, to: alice.user, id: 'in' }, el('body', {}, 'planted from outside')));
  await alice.next('message');
  const refused = { from, to: alice.user, id: 'one', type: 'error' };
  server.send(
    el(
      'message',
      refused,
      el('body', {}, 'planted echo'),
      el('error', { type: 'cancel' }, el('text', {}, 'planted why')),
    ),
  );
  server.send(el('message', { from, to: 'nobody-of-us@web.example.com', id: 'x' }, el('body', {}, 'planted lost')));
  server.send(
    el('iq', { from, to: alice.user, id: 'q', type: 'set' }, el('query', { xmlns: 'urn:planted' }, 'planted')),
  );
  await server.next(({ attrs }) => attrs.id === 'q');
  alice.send({
    type: 'stanza.send',
    id: 'raw',
    data: { xml: '<message to="romeo@example.com"><body>planted raw</body></message>' },
  });
  await alice.inbox.next(({ id }) => id === 'raw');
  await bob.close();
  await alice.close();
  await nothingCameOut();
});

test('what is broken: no JSON, unknown requests and fields, binary frames, headers', async () => {
  const open = async () => JsonClient.connect(gateway.url, { token: await tokenFor('carol'), presence: false });
  for (const frame of ['{"planted', '["planted"]', '{"type":"connect","data":{"token":"planted"}}']) {
    const client = await open();
    client.send(frame);
    await client.closed;
  }
  const client = await open();
  await client.refused('planted.type', { planted: 'planted' });
  await client.refused('contact.add', { jid: { planted: 'planted' } });
  client.ws.send(Buffer.from('planted binary'));
  await client.closed;
  await nothingCameOut();
});

test('the API and the ports: right and wrong keys, bodies, paths', async () => {
  const call = (path: string, headers: Record<string, string>, body?: string) =>
    fetch(`${gateway.internalUrl}${path}`, body === undefined ? { headers } : { method: 'POST', headers, body });
  const [right, wrong] = [{ authorization: `Bearer ${planted.apiKey}` }, { authorization: 'Bearer planted-wrong-key' }];
  expect((await call('/api/status', right)).status).toBe(200);
  expect((await call('/api/status', wrong)).status).toBe(401);
  const json = { ...right, 'content-type': 'application/json' };
  expect(
    (await call('/api/messages', json, '{"from":"alice","to":"bob@web.example.com","body":"planted"}')).status,
  ).toBeLessThan(500);
  expect((await call('/api/messages', json, '{"planted')).status).toBe(400);
  expect((await call('/api/planted?key=planted', right)).status).toBe(404);
  expect((await call('/planted?token=planted', {})).status).toBe(404);
  expect((await (await call('/api/reload', right, '')).text()).includes('planted')).toBe(false);
  await nothingCameOut();
});

test('what leaves by HTTP: taken, refused and not understood, by a backend and a push service', async () => {
  const alice = await JsonClient.connect(gateway.url, { token: await tokenFor('alice') });
  expect(isSigned(await backend.next('session.opened', alice.user), planted.webhook)).toBe(true);
  const browser = service.browser('planted-endpoint');
  await alice.request('push.subscribe', browser.subscription as RequestData<'push.subscribe'>);
  await alice.request('contact.add', { jid: 'romeo@example.com' });
  backendAnswers({ status: 500, body: 'planted answer' });
  service.reply = () => ({ status: 400, body: 'planted answer' });
  await alice.request('session.end', {});
  await alice.closed;
  const [from, to] = ['romeo@example.com', alice.user];
  server.send(el('message', { from, to, id: 'away', type: 'chat' }, el('body', {}, 'planted while away')));
  expect((await service.next(browser)).payload).toMatchObject({ body: 'planted while away' });
  const events = () => lines.map((line) => JSON.parse(line).event);
  await expect.poll(events, { timeout: 20_000 }).toEqual(expect.arrayContaining(['webhook_failing', 'push_refused']));
  backendAnswers({ status: 204 });
  await expect.poll(events, { timeout: 20_000 }).toContain('webhook_recovered');
  for (const secret of [planted.webhook, planted.auth, planted.push, browser.subscription.keys.auth]) {
    expect(await outputs()).not.toContain(secret);
  }
  await nothingCameOut();
});

test('new secrets, and a link that is refused for a wrong one', async () => {
  env.STANZAWIRE_XMPP_SECRET = 'planted-wrong-component';
  env.STANZAWIRE_WEBHOOKS_SECRET = 'whsec_plantedNextWebhookSecretOfThirtyBytes00';
  env.STANZAWIRE_AUTH_JWT_SECRET = 'planted-new-key-of-thirty-two-bytes-and-more';
  const headers = { authorization: `Bearer ${planted.apiKey}` };
  await fetch(`${gateway.internalUrl}/api/reload`, { method: 'POST', headers });
  expect(lines.join('')).toContain('"changed":["xmpp.secret","auth.jwt.secret","webhooks.secret"]');
  server.drop('rst');
  await expect.poll(() => lines.join(''), { timeout: 20_000 }).toContain('not-authorized');
  env.STANZAWIRE_LIMITS_RATE = 'often';
  await fetch(`${gateway.internalUrl}/api/reload`, { method: 'POST', headers });
  expect(lines.join('')).toContain('config_reload_failed');
  await nothingCameOut();
}, 30_000);

test('the log has what it is for', async () => {
  const events = new Set(lines.map((line) => JSON.parse(line).event));
  const some = [
    'link_up',
    'socket_opened',
    'socket_authenticated',
    'socket_refused',
    'socket_closed',
    'config_reloaded',
  ];
  expect([...events]).toEqual(expect.arrayContaining(some));
});

test('--check, with secrets in files, in text and in what is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-planted-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const key = file('key', 'planted-key-of-thirty-two-bytes-and-more');
  const base = 'xmpp: { domain: web.example.com, secret: planted-component }\n';
  const config = file(
    'a.yaml',
    `${base}auth: { jwt: { secretFile: ${key} } }\nhttp: { internal: { apiKey: ${planted.apiKey} } }\n` +
      `webhooks: { url: https://app.example.com/, secret: ${planted.webhook} }\n` +
      `push: { contact: mailto:a@example.com, privateKey: ${planted.push} }\n`,
  );
  const right = await runMain(['--config', config, '--check']);
  expect(right.code).toBe(0);
  const wrong = await runMain(['--config', file('b.yaml', `${base}auth: { jwt: { secret: [planted] } }\n`), '--check']);
  expect(wrong.code).toBe(78);
  const signed = `${base}auth: { jwt: { secretFile: ${key} } }\nwebhooks: { url: https://a.example.com/, secret: `;
  const unusable = await runMain(['--config', file('c.yaml', `${signed}whsec_planted }\n`), '--check']);
  expect(unusable.code).toBe(78);
  const all = JSON.stringify([right, wrong, unusable]);
  expect(all).not.toMatch(/planted-(?:key|component|api)|"planted|\[planted|whsec_planted|plantedPrivate/);
  rmSync(folder, { recursive: true });
});
