import { expect, onTestFinished, test } from 'vitest';
import { ApiKey } from '../../src/http/api-key.ts';
import { createLogger } from '../../src/log.ts';
import type { ErrorObject } from '../../src/protocol/errors.ts';
import { ApiClient, apiKey } from '../support/api.ts';
import { TestGateway, upstreamOf } from '../support/gateway.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

async function start(env: Record<string, string> = { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey }) {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const server = await ScriptedServer.start();
  const gateway = await TestGateway.start(upstreamOf(server), env, log);
  onTestFinished(async () => {
    await gateway.stop();
    await server.stop();
  });
  const get = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) => {
    const response = await fetch(`${gateway.internalUrl}${path}`, { headers, ...init });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as { error: ErrorObject },
    };
  };
  return { gateway, server, api: new ApiClient(gateway.internalUrl), get, lines };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('the status tells version, link, sockets, sessions, accounts and store', async () => {
  const { api, gateway } = await start();
  const alice = await gateway.login('alice', {});
  const status = await api.call('getStatus');
  expect(status).toMatchObject({
    node: process.version,
    domain: 'web.example.com',
    server: 'example.com',
    ready: true,
    draining: false,
    link: { state: 'up' },
    sockets: { open: 1, limit: 20_000 },
    sessions: { attached: 1, detached: 0 },
    accounts: { open: 1, stored: 1 },
    store: { kind: 'memory', available: true },
  });
  expect(Date.parse(status.startedAt)).toBeGreaterThan(Date.now() - 60_000);
  await alice.close();
});

test('without a key in the configuration the API is off, and says which one to set', async () => {
  const { get } = await start({});
  for (const headers of [{}, bearer(''), bearer(apiKey)]) {
    const { status, body } = await get('/api/status', headers);
    expect({ status, body }).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    expect(body.error.message).toContain('http.internal.apiKey');
  }
});

test('a missing or wrong key is 401 with the scheme, and nothing else is told, not even what exists', async () => {
  const { get } = await start();
  const wrong = [{}, bearer(`${apiKey}x`), bearer(apiKey.slice(1)), { authorization: `Basic ${apiKey}` }, bearer('')];
  for (const headers of wrong) {
    for (const path of ['/api/status', '/api/none']) {
      const { status, headers: answered, body } = await get(path, headers);
      expect({ status, code: body.error.code }).toEqual({ status: 401, code: 'not-authorized' });
      expect(answered.get('www-authenticate')).toBe('Bearer realm="stanzawire"');
      expect(JSON.stringify(body)).not.toContain(apiKey.slice(2, -2));
    }
  }
});

test('the key is not taken from the address', async () => {
  const { get } = await start();
  expect((await get(`/api/status?key=${apiKey}&token=${apiKey}&access_token=${apiKey}`)).status).toBe(401);
});

test('after ten failures a minute an address is told to wait; the right key still works; the log is not flooded', async () => {
  const { get, lines } = await start();
  const statuses: number[] = [];
  for (let i = 0; i < 20; i++) statuses.push((await get('/api/status', bearer(`wrong ${i}`))).status);
  expect(statuses).toEqual([...Array(10).fill(401), ...Array(10).fill(429)]);
  const last = await get('/api/status', bearer('wrong'));
  expect(last.body.error).toMatchObject({ code: 'rate-limited', retry: true });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await get('/api/status', bearer(apiKey))).status).toBe(200);
  const refused = lines.filter((line) => line.includes('api_refused'));
  expect(refused).toHaveLength(11);
  expect(refused.join()).toContain('"address":"127.0.0.1"');
  expect(refused.join()).not.toContain('wrong 1');
});

test('failures are forgotten after a minute, and each address has its own', () => {
  let now = 0;
  const key = new ApiKey(
    () => apiKey,
    () => now,
  );
  const fail = (address: string) => {
    const verdict = key.check('Bearer wrong', address);
    return verdict.ok ? 200 : verdict.status;
  };
  for (let i = 0; i < 11; i++) fail('192.0.2.1');
  expect([fail('192.0.2.1'), fail('192.0.2.2')]).toEqual([429, 401]);
  now = 60_001;
  expect(fail('192.0.2.1')).toBe(401);
});

test('the configuration is read again, and with it the key', async () => {
  const env = { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey };
  const { api, get } = await start(env);
  expect(await api.call('reload')).toEqual({ changed: [], needRestart: [] });
  const next = 'another-key-of-thirty-two-characters-or-more';
  Object.assign(env, {
    STANZAWIRE_HTTP_INTERNAL_API_KEY: next,
    STANZAWIRE_LIMITS_RATE: '7',
    STANZAWIRE_HTTP_PUBLIC_PATH: '/other',
  });
  expect(await api.call('reload')).toEqual({
    changed: ['http.internal.apiKey', 'limits.rate'],
    needRestart: ['http.public.path'],
  });
  expect((await get('/api/status', bearer(next))).status).toBe(200);
  expect((await get('/api/status', bearer(apiKey))).status).toBe(401);
  Object.assign(env, { STANZAWIRE_HTTP_INTERNAL_API_KEY: 'short' });
  const refused = await get('/api/reload', bearer(next), { method: 'POST' });
  expect(refused).toMatchObject({ status: 422, body: { error: { code: 'not-acceptable' } } });
  expect(refused.body.error.message).toContain('http.internal.apiKey: 5 characters');
  expect((await get('/api/status', bearer(next))).status).toBe(200);
});

test('a key that has become too short turns the API off', () => {
  const key = new ApiKey(() => 'short');
  expect(key.check('Bearer short', '192.0.2.1')).toMatchObject({ ok: false, status: 403 });
});

test('what is not there, or not that way, is said in the words of the protocol', async () => {
  const { get } = await start();
  for (const path of ['/api/', '/api', '/api/none', '/api/status/more']) {
    const { status, body } = await get(path, bearer(apiKey));
    expect({ path, status, code: body.error.code }).toEqual({ path, status: 404, code: 'item-not-found' });
  }
  expect((await get('/api/status', bearer(apiKey), { method: 'DELETE' })).status).toBe(404);
});

test('what cannot be read is refused, and costs nothing', async () => {
  const { get, api } = await start();
  const post = (body: string, type = 'application/json') =>
    get('/api/messages', { ...bearer(apiKey), 'content-type': type }, { method: 'POST', body });
  const bad: [string, string | undefined, number, string][] = [
    ['{', undefined, 400, 'bad-request'],
    ['[]', undefined, 400, 'bad-request'],
    ['"text"', undefined, 400, 'bad-request'],
    ['', undefined, 400, 'bad-request'],
    ['{"__proto__":{"to":"romeo@example.com"},"body":"x"}', undefined, 400, 'bad-request'],
    ['{"to":"romeo@example.com","body":1}', undefined, 400, 'bad-request'],
    ['to=romeo', 'application/x-www-form-urlencoded', 415, 'bad-request'],
    ['<to/>', 'text/xml', 415, 'bad-request'],
    [`{"to":"romeo@example.com","body":"${'x'.repeat(70_000)}"}`, undefined, 413, 'too-large'],
    [`{"to":"romeo@example.com","x":${'['.repeat(500)}${']'.repeat(500)}}`, undefined, 400, 'bad-request'],
  ];
  for (const [body, type, status, code] of bad) {
    const answer = await post(body, type);
    expect({ body: body.slice(0, 60), status: answer.status, code: answer.body.error.code }).toEqual({
      body: body.slice(0, 60),
      status,
      code,
    });
  }
  expect((await get('/api/accounts?max=0', bearer(apiKey))).body.error).toMatchObject({ field: 'max' });
  expect((await get('/api/accounts?max=many', bearer(apiKey))).body.error).toMatchObject({ field: 'max' });
  expect((await get('/api/accounts/%ff', bearer(apiKey))).status).toBe(404);
  expect((await get(`/api/accounts/${'a'.repeat(5000)}`, bearer(apiKey))).status).toBeGreaterThanOrEqual(400);
  expect((await api.call('getStatus')).accounts.stored).toBe(0);
});

test('the API is not on the public port', async () => {
  const { gateway } = await start();
  const url = gateway.url.replace('ws:', 'http:').replace('/ws', '/api/status');
  const response = await fetch(url, { headers: bearer(apiKey) });
  expect(response.status).toBe(404);
});

test('requests are counted by operation and kind of answer', async () => {
  const { api, gateway, get } = await start();
  await api.call('getStatus');
  await get('/api/status');
  await get('/api/none', bearer(apiKey));
  const text = await gateway.metrics();
  const counted = text
    .split('\n')
    .filter((line) => line.startsWith('stanzawire_api_requests_total') && !line.endsWith(' 0'));
  expect(counted.sort()).toEqual([
    'stanzawire_api_requests_total{operation="getStatus",code="2xx"} 1',
    'stanzawire_api_requests_total{operation="getStatus",code="4xx"} 1',
    'stanzawire_api_requests_total{operation="other",code="4xx"} 1',
  ]);
  expect(text).toContain('stanzawire_api_request_duration_seconds_count 3');
});
