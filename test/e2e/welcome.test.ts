/** examples/welcome/welcome.py, as it is, told by the webhooks of a gateway beside a real XMPP server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient, apiKey } from '../support/api.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { onEveryServer } from '../support/servers/each.ts';
import { freePorts } from '../support/servers/ports.ts';

const file = join(import.meta.dirname, '../../examples/welcome/welcome.py');
const key = randomBytes(32).toString('base64');
const text = 'Welcome to the test';

onEveryServer('the backend that welcomes', (server) => {
  let gateway: TestGateway;
  let backend: ChildProcess;
  let url = '';

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    url = `http://127.0.0.1:${port}/`;
    gateway = await TestGateway.start(upstreamOf(server()), {
      STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey,
      STANZAWIRE_WEBHOOKS_URL: url,
      STANZAWIRE_WEBHOOKS_SECRET: `whsec_${key}`,
    });
    const env = { API: `${gateway.internalUrl}/api`, KEY: apiKey, SECRET: `whsec_${key}`, TEXT: text, PORT: `${port}` };
    backend = spawn('/usr/bin/python3', [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(createInterface({ input: backend.stdout as NodeJS.ReadableStream }), 'line');
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => backend.once('exit', resolve));
    backend.kill();
    await ended;
    await gateway.stop();
  });

  /** As the gateway signs it. */
  async function hook(account: string, { id = 'msg_1', at = Date.now(), secret = key, type = 'session.opened' } = {}) {
    const timestamp = String(Math.floor(at / 1000));
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: { account, session: 's_1' } });
    const mac = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${timestamp}.${body}`);
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,AAAA v1,${mac.digest('base64')}`,
    };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  }

  test('who signs in for the first time is welcomed, once, however often the webhook comes', async () => {
    const alice = await gateway.login('alice', {});
    expect(await alice.next('message')).toMatchObject({ chat: gateway.domain, from: gateway.domain, body: text });
    const all = await Promise.all([hook(alice.user), hook(alice.user), hook(alice.user, { id: 'msg_2' })]);
    expect(all).toEqual([204, 204, 204]);
    expect(await hook(alice.user, { id: 'msg_3' })).toBe(204);
    expect(alice.inbox.take().filter(({ type }) => type === 'message')).toEqual([]);
    const { items } = await alice.request('history.get', {});
    expect(items).toHaveLength(1);
    await alice.close();
  });

  test('what is not signed, or is old, or is about something else does nothing', async () => {
    // Who has never signed in is told of by no webhook of the gateway's own.
    const bob = `bob@${gateway.domain}`;
    const api = new ApiClient(gateway.internalUrl);
    await api.call('createAccount', { params: { account: 'bob' } });
    expect(await hook(bob, { secret: randomBytes(32).toString('base64') })).toBe(401);
    expect(await hook(bob, { at: Date.now() - 600_000 })).toBe(401);
    expect(await hook(bob, { type: 'session.closed' })).toBe(204);
    const asked = { params: { account: 'bob' }, body: { type: 'history.get', data: {} } };
    expect(await api.call('request', asked)).toMatchObject({ data: { items: [] } });
  });

  test('what is final is taken, and what may be tried again is asked for again', async () => {
    expect(await hook(`nobody@${gateway.domain}`)).toBe(204);
    const api = new ApiClient(gateway.internalUrl);
    await api.call('createAccount', { params: { account: 'carol' } });
    expect(await hook(`carol@${gateway.domain}`)).toBe(204);
    await gateway.stop();
    expect(await hook(`carol@${gateway.domain}`)).toBe(503);
  });
});
