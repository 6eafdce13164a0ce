/** Requests that need a scope, from tokens that do not have it, written in every way that might slip through. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintToken } from '../../src/auth/jwt.ts';
import { requests } from '../../src/protocol/frames.ts';
import { serialize } from '../../src/xmpp/stanza.ts';
import { gatewayEnv, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { type Connecting, JsonClient } from '../support/json-client.ts';
import { Program } from '../support/process.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let program: Program;
let url = '';
let folder: string;
let alice: JsonClient;

const env = () => ({
  ...gatewayEnv(upstreamOf(server)),
  STANZAWIRE_LIMITS_SEND_TIMEOUT: '2s',
  STANZAWIRE_EXTENSIONS: './admin.js',
});

const token = (user: string, scopes: string[] = []): Promise<string> =>
  mintToken({ secret: tokenSecret, user, ttlMs: 3600_000, scopes, userClaim: 'sub', scopeClaim: 'scope' });
const login = async (user: string, { scopes, ...connect }: Connecting & { scopes?: string[] } = {}) =>
  JsonClient.connect(url, { token: await token(user, scopes), ...connect });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopes-'));
  writeFileSync(
    join(folder, 'admin.js'),
    `import { extension, request, Type } from 'stanzawire/extension';
    const empty = { data: Type.Object({}), result: Type.Object({}), handle: () => ({}) };
    export default extension({
      spec: { name: 'Admin', url: 'https://example.com/' },
      requests: { 'x-wipe': request({ ...empty, scope: 'admin' }), 'x-look': request(empty) },
    });`,
  );
  server = await ScriptedServer.start();
  // A process of its own: an extension is loaded by Node, as an operator's would be.
  program = new Program([], env(), [], { cwd: folder });
  const { publicPort } = await program.event('started');
  url = `ws://127.0.0.1:${String(publicPort)}/ws`;
  alice = await login('alice');
});
afterAll(async () => {
  await alice.close();
  program.child.kill('SIGTERM');
  await program.ended;
  await server.stop();
  rmSync(folder, { recursive: true });
});

const forbidden = { code: 'forbidden' };
const tree = { name: 'message', attrs: { to: 'romeo@example.com' } };
const query = { to: 'example.com', type: 'get', payload: { name: 'q', attrs: { xmlns: 'urn:q' } } };

it('every request that the protocol keeps for a scope is refused without it', async () => {
  const scoped = Object.entries(requests).filter(([, definition]) => 'scope' in definition);
  expect(scoped.map(([type]) => type).toSorted()).toEqual(['iq.reply', 'iq.send', 'stanza.send']);
  expect(await alice.refused('iq.send', query)).toMatchObject(forbidden);
  expect(await alice.refused('iq.reply', { id: 'x', payload: { name: 'q' } })).toMatchObject({
    code: expect.stringMatching(/^(forbidden|bad-request)$/),
  });
  expect(await alice.refused('stanza.send', { stanza: tree })).toMatchObject(forbidden);
  expect(await alice.refused('stanza.send', { xml: '<message to="romeo@example.com"/>' })).toMatchObject(forbidden);
  expect(server.received.filter(({ attrs }) => attrs.to === 'romeo@example.com')).toEqual([]);
});

it('extra is refused in every request that has it, also when it is empty; in others it is a key like any unknown one', async () => {
  const taking = Object.entries(requests).flatMap(([type, { data }]) => ('extra' in data.properties ? [type] : []));
  expect(taking).toContain('message.send');
  const x = { name: 'x', attrs: { xmlns: 'urn:example:smuggled' } };
  for (const type of Object.keys(requests)) {
    if (['connect', 'auth.refresh', 'session.end', 'pong', 'ack'].includes(type)) continue;
    for (const extra of [[x], []]) {
      const data = { to: 'romeo@example.com', id: 'e1', body: 'x', chat: 'romeo@example.com', extra };
      const { error } = await alice.answer({ type, data }, 20_000);
      if (taking.includes(type)) expect(['forbidden', 'bad-request'], type).toContain(error?.code);
    }
  }
  expect(server.received.filter((stanza) => serialize(stanza).includes('smuggled'))).toEqual([]);
});

it.each([{ raw: 'full' as const }, { raw: 'extra' as const }, { iq: ['urn:example:q'] }])(
  'a connect that wants %j is refused',
  async (wish) => {
    await expect(login('bob', wish)).rejects.toThrow('forbidden');
  },
);

it('session.update gives no claims either', async () => {
  expect(await alice.refused('session.update', { iq: ['urn:example:q'] })).toMatchObject(forbidden);
});

describe('what looks like the scope is none:', () => {
  it.each([['RAW'], ['raw,admin'], ['rawr'], ['xraw'], ['r aw'], ['\u202eraw'], ['raw\u200b'], ['__proto__'], ['*']])(
    '%j',
    async (scope) => {
      const client = await login('mallory', { scopes: [scope] });
      expect(await client.refused('iq.send', query)).toMatchObject(forbidden);
      await client.close();
    },
  );
});

describe('a request of an extension', () => {
  it('that asks for a scope is refused without it, and goes with it', async () => {
    expect(await alice.refused('x-wipe', {})).toMatchObject(forbidden);
    const raw = await login('mallory', { scopes: ['raw'] });
    expect(await raw.refused('x-wipe', {})).toMatchObject(forbidden);
    expect(await raw.answer({ type: 'x-look', data: {} })).toMatchObject({ type: 'ok' });
    await raw.close();
    const admin = await login('root', { scopes: ['admin'] });
    expect(await admin.answer({ type: 'x-wipe', data: {} })).toMatchObject({ type: 'ok' });
    expect(await admin.refused('iq.send', query)).toMatchObject(forbidden);
    await admin.close();
  });

  it.each([
    'X-wipe',
    'x-wipe ',
    ' x-wipe',
    'x-wipe\u200b',
    'x-WIPE',
    'x\u2010wipe',
    '__proto__',
    'constructor',
    'toString',
  ])('is not found as %j', async (type) => {
    expect(await alice.refused(type, {})).toMatchObject({ code: 'unknown-type' });
  });

  it('whose scope was lost with a newer token is refused from then on', async () => {
    const admin = await login('root', { scopes: ['admin'] });
    await admin.request('auth.refresh', { token: await token('root') });
    expect(await admin.refused('x-wipe', {})).toMatchObject(forbidden);
    await admin.close();
  });
});
