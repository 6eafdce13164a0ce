/** Keys that a reload changes, seen from outside of a running gateway: before, after, and back again. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { allKeys, type Key } from '../../src/config/keys.ts';
import { LiveConfig, loadConfig } from '../../src/config.ts';
import { el } from '../../src/xmpp/stanza.ts';
import { KeyServer, makePair, type Pair } from '../auth/support.ts';
import { signingSecret } from '../support/backend.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { connecting } from './reload-probes/connecting.ts';
import { process } from './reload-probes/process.ts';
import { apiKey, type Probes, ReloadScene } from './reload-probes/scene.ts';
import { talking } from './reload-probes/talking.ts';

const at = new ReloadScene();
const keys = new KeyServer();
let pair: Pair;

beforeAll(async () => {
  pair = await makePair('ES256', 'key');
  keys.keys = [pair.jwk];
  await keys.start();
  await at.begin();
});
afterAll(async () => {
  await at.end();
  await keys.stop();
});

const probes: Probes = { ...connecting(at, { keys, pair: () => pair }), ...talking(at), ...process(at) };

/** Seen in tests of their own below, or elsewhere for the reason that is said. */
const others: Readonly<Record<string, string>> = {
  'http.internal.apiKey': 'below',
  'xmpp.secret': 'below',
  'drain.presence': 'below',
  'drain.url': 'below',
  'auth.webhook.url': 'test/scenes/auth-webhook.test.ts',
  'auth.webhook.secret': 'test/scenes/auth-webhook.test.ts',
  'auth.webhook.timeout': 'test/scenes/auth-webhook.test.ts',
  'auth.webhook.cache': 'test/scenes/auth-webhook.test.ts',
  'auth.webhook.concurrency': 'test/scenes/auth-webhook.test.ts',
  'auth.webhook.queue': 'test/scenes/auth-webhook.test.ts',
  'store.retention.age': 'carried out once a minute: test/core/housekeeping.test.ts',
  'store.retention.perChat': 'carried out once a minute: test/core/housekeeping.test.ts',
  'log.levels.store': 'has a line only of a disk that fails: test/log.test.ts, all parts alike',
};

const envOf = (name: string): string => allKeys().find((one) => one.key === name)?.env ?? '';

test('every key that is marked so is seen to change, or stands in the list of those that are seen elsewhere', () => {
  // What a file of a secret holds is the secret's value: test/config/live.test.ts.
  const marked = allKeys().filter(({ reload, kind }) => reload && kind !== 'file');
  const seen = [...Object.keys(probes), ...Object.keys(others)];
  expect(seen.toSorted()).toEqual(marked.map(({ key }) => key).toSorted());
});

describe('a reload changes', () => {
  it.each(Object.entries(probes))('%s, and back', { timeout: 120_000 }, async (name, probe) => {
    const variable = envOf(name);
    const usual = { ...at.env };
    Object.assign(at.env, probe.with);
    const start = { ...at.env };
    // What another key is derived from changes that too.
    const isChanged = { changed: expect.arrayContaining([name]), needRestart: [] };
    try {
      await at.reload();
      expect(await probe.see()).toEqual(probe.before);
      at.env[variable] = typeof probe.to === 'string' ? probe.to : probe.to();
      expect(await at.reload()).toEqual(isChanged);
      expect(await probe.see()).toEqual(probe.after);
      at.become(start);
      expect(await at.reload()).toEqual(isChanged);
      expect(await probe.see()).toEqual(probe.before);
    } finally {
      at.become(usual);
      await at.reload();
    }
  });

  it('the key of the API itself', async () => {
    at.env.STANZAWIRE_HTTP_INTERNAL_API_KEY = `${apiKey}-again`;
    expect(await at.reload()).toMatchObject({ changed: ['http.internal.apiKey'] });
    expect((await at.api('/api/status', apiKey)).status).toBe(401);
    at.key = `${apiKey}-again`;
    expect(await at.reload()).toMatchObject({ changed: [] });
  });

  it('what the XMPP server is told at the next handshake', async () => {
    const secret = 'another component secret';
    at.env.STANZAWIRE_XMPP_SECRET = secret;
    expect(await at.reload()).toMatchObject({ changed: ['xmpp.secret'] });
    Reflect.set(at.server, 'secret', secret);
    const client = await at.gateway.login('alice', { presence: false });
    at.server.drop('fin');
    await client.next('state', ({ link }) => link === 'up', 20_000);
    await client.close();
  }, 30_000);

  it('nothing where the configuration cannot be used, and says why', async () => {
    at.env.STANZAWIRE_LIMITS_RATE = 'often';
    const answer = JSON.stringify(await at.reload());
    expect(answer).toContain('limits.rate');
    expect(await at.metric('stanzawire_config_last_reload_successful')).toBe('0');
    delete at.env.STANZAWIRE_LIMITS_RATE;
    await at.reload();
    expect(await at.metric('stanzawire_config_last_reload_successful')).toBe('1');
    expect(await at.metric('stanzawire_config_reloads_total{result="failed"}')).toBe('1');
  });
});

test('a reload changes what contacts and clients see of the next stop', async () => {
  const server = await ScriptedServer.start();
  const env: Record<string, string> = { STANZAWIRE_HTTP_INTERNAL_API_KEY: apiKey };
  const gateway = await TestGateway.start(upstreamOf(server), env);
  const alice = await gateway.login('alice');
  if (alice.ready?.link === 'down') await alice.next('state', ({ link }) => link === 'up');
  server.send(el('presence', { from: 'romeo@example.com', to: alice.user, type: 'subscribe' }));
  await alice.next('contact.request');
  await alice.request('contact.approve', { jid: 'romeo@example.com' });
  env.STANZAWIRE_DRAIN_TIME = '500ms';
  env.STANZAWIRE_DRAIN_PRESENCE = 'unavailable';
  env.STANZAWIRE_DRAIN_URL = 'wss://other.example.com/ws';
  const headers = { authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${gateway.internalUrl}/api/reload`, { method: 'POST', headers });
  expect(await answer.json()).toMatchObject({ changed: ['drain.time', 'drain.presence', 'drain.url'] });
  const stopped = gateway.stop();
  expect(await alice.next('reconnect')).toMatchObject({ url: 'wss://other.example.com/ws' });
  await stopped;
  expect(server.received.at(-1)?.attrs).toMatchObject({ to: 'romeo@example.com', type: 'unavailable' });
  await server.stop();
}, 30_000);

/** A value that is right for the key, and not the one it has. */
function another({ key, kind, schema, default: usual, example, write }: Key): string {
  const { minimum }: { minimum?: unknown } = schema;
  const unit = kind === 'duration' ? 'ms' : '';
  if (kind === 'flag') return String(usual !== true);
  if (key === 'accounts.answers') return 'time';
  if (key === 'mode') return 'sidecar';
  if (kind === 'integer' || kind === 'size' || kind === 'duration') return `${Number(minimum) + 1}${unit}`;
  if (write?.startsWith('one of '))
    return (
      write
        .replace('one of ', '')
        .split(', ')
        .find((one) => one !== usual) ?? ''
    );
  return String(example ?? 'another');
}

/** Whose values depend on others. */
const special: Record<string, string> = {
  'xmpp.service': 'xmpp://127.0.0.1:9',
  'xmpp.domain': 'other.example.com',
  'xmpp.server': 'other.example.org',
  'http.public.host': '127.0.0.2',
  'http.public.path': '/other',
  'http.internal.host': '127.0.0.2',
  'readiness.requireLink': 'false',
  'store.url': 'sqlite:/does/not/matter',
  'auth.jwt.algorithms': 'HS512',
  'limits.outbound': '512KiB',
  'webhooks.events': 'session.opened',
  'webhooks.secret': signingSecret(),
  'auth.webhook.secret': signingSecret(),
  'push.services': 'fcm.googleapis.com',
  extensions: 'some-package',
};

test('every key is either changed by a reload, as it is marked, or named as one that needs a restart', () => {
  const skipped = ['auth.jwt.jwksUrl', 'push.privateKey'];
  const keys = allKeys().filter(({ kind, key }) => kind !== 'file' && !skipped.includes(key));
  for (const one of keys) {
    const start: Record<string, string> = {
      STANZAWIRE_XMPP_DOMAIN: 'web.example.com',
      STANZAWIRE_XMPP_SECRET: 'secret',
      STANZAWIRE_AUTH_JWT_SECRET: tokenSecret,
      STANZAWIRE_PUSH_CONTACT: 'mailto:someone@example.com',
      STANZAWIRE_XMPP_SERVER: 'example.com',
      STANZAWIRE_WEBHOOKS_URL: 'https://app.example.com/',
      STANZAWIRE_WEBHOOKS_SECRET: signingSecret(),
      STANZAWIRE_AUTH_WEBHOOK_URL: 'https://app.example.com/',
      STANZAWIRE_AUTH_WEBHOOK_SECRET: signingSecret(),
    };
    const live = new LiveConfig(() => loadConfig({ env: start }));
    const at = () => one.path.reduce<unknown>((tree, name) => Object(tree)[name], live.config);
    const before = JSON.stringify(at());
    start[one.env] = special[one.key] ?? (one.kind === 'secret' ? 'x'.repeat(64) : another(one));
    const { changed, needRestart } = live.reload(() => undefined);
    // What another key is derived from changes that too.
    expect(one.reload ? changed : needRestart, one.key).toContain(one.key);
    expect(one.reload ? needRestart : changed, one.key).not.toContain(one.key);
    if (one.kind !== 'secret') expect(JSON.stringify(at()) !== before, one.key).toBe(one.reload === true);
  }
});
