/** `stanzawire conformance` as a command: its options, its reports, its exit codes; no token stands in what it prints. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsageError } from '../../src/commands/arguments.ts';
import { conformance as conformanceCommand } from '../../src/commands/conformance.ts';
import { junit } from '../../src/conformance/report.ts';
import type { Outcome, Report } from '../../src/conformance/run.ts';
import { TestGateway, tokenSecret, upstreamOf } from '../support/gateway.ts';
import { MutatingProxy } from '../support/mutating-proxy.ts';
import { runMain } from '../support/process.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

const patience = { timeout: 60_000 };
const folder = mkdtempSync(join(tmpdir(), 'stanzawire-conformance-'));
const config = join(folder, 'stanzawire.yaml');
let server: ScriptedServer;
let gateway: TestGateway;

beforeAll(async () => {
  server = await ScriptedServer.start();
  gateway = await TestGateway.start(upstreamOf(server), { STANZAWIRE_HTTP_PUBLIC_ORIGINS: 'https://chat.example.com' });
  const jwt = `auth: { jwt: { secret: "${tokenSecret}" } }`;
  writeFileSync(config, `xmpp: { domain: web.example.com, secret: s }\n${jwt}\n`);
});
afterAll(async () => {
  await gateway.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const conformance = (...args: string[]) => runMain(['conformance', ...args]);
/** A scripted server answers nothing that a suite could find out from it. */
const beyond = ['--server', 'example.com', '--pubsub', 'pubsub.example.com'];

it('checks a gateway with tokens that it signs, and ends with 0 when nothing failed', patience, async () => {
  const file = join(folder, 'report.xml');
  const options = ['--config', config, ...beyond, '--only', 'envelope', '--only', 'connect.expired', '--junit', file];
  const { code, stdout, stderr } = await conformance(gateway.url, ...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^pass {2}§2 {2}envelope\.ids {2,}\S/m);
  expect(stdout).toMatch(/^pass {2}§3 {2}connect\.expired-token /m);
  expect(stdout).toMatch(/\d+ checks in [\d.]+ s: \d+ passed, 0 failed, 0 skipped$/);
  expect(readFileSync(file, 'utf8')).toContain('<testsuite name="conformance of ws://');
});

it('says what it skips, and why', patience, async () => {
  const token = await gateway.token('ay');
  const { code, stdout } = await conformance(gateway.url, '--token', token, ...beyond, '--only', 'rooms.kick');
  expect(code).toBe(0);
  expect(stdout).toContain('needs a second account (--token-b)');
});

it('ends with 1 when something failed, and prints what passed over the wire but no token', patience, async () => {
  const file = join(folder, 'token');
  writeFileSync(file, `${await gateway.token('ay')}\n`);
  const proxy = await MutatingProxy.start(gateway.url, {
    toClient: (frame) => (frame.type === 'pong' ? { ...frame, type: 'ok' } : frame),
  });
  const { code, stdout } = await conformance(
    proxy.url,
    '--token',
    `@${file}`,
    ...beyond,
    '--only',
    'heartbeat.pong',
    '-q',
  );
  await proxy.stop();
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}§4 {2}heartbeat\.pong .*\n +the answer is "ok", and should be "pong"$/m);
  expect(stdout).toMatch(/^ +a1 → \{"type":"ping"/m);
  expect(stdout).not.toMatch(/^pass/m);
  expect(stdout).not.toMatch(/eyJ\w{4}/);
});

it('ends with 69 when no session can be had', patience, async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const address = closed.address();
  await new Promise((resolve) => closed.close(resolve));
  const port = typeof address === 'object' ? address?.port : 0;
  expect(await conformance(`ws://127.0.0.1:${port}/ws`)).toMatchObject({ code: 69 });
  const refused = await conformance(gateway.url, '--token', 'forged');
  expect(refused).toMatchObject({ code: 69, stdout: expect.stringContaining('token-invalid') });
});

it('explains itself, and lists its checks', patience, async () => {
  expect((await conformance('--help')).stdout).toContain('stanzawire conformance wss://HOST/ws');
  const { stdout } = await conformance('--list');
  expect(stdout.split('\n').length).toBeGreaterThan(250);
});

it.each([
  [[], 'write one address'],
  [['http://a.example'], 'write one address'],
  [['ws://a/ws', 'ws://b/ws'], 'write one address'],
  [['ws://a/ws', '--timeout', 'soon'], 'is not a duration'],
  [['ws://a/ws', '--token', '@/nowhere'], 'cannot be read'],
  [['ws://a/ws', '--frob'], '--frob'],
])('refuses %j', async (args, says) => {
  const refused = conformanceCommand(args, () => undefined);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(says);
});

it('writes JUnit XML that can be read, whatever a gateway has sent', () => {
  const said = { id: 'a.b', section: 3, says: 'it <says> "so" & so', durationMs: 5 };
  const outcomes: Outcome[] = [
    { ...said, result: 'passed' },
    { ...said, result: 'skipped', why: 'no <room>' },
    { ...said, result: 'failed', why: 'got ]]> \u0000', lines: ['← {"a":"\ud800\u0001"}', '→ & <x>'] },
  ];
  const none = { seen: [], unseen: [] };
  const coverage = { accepted: none, refused: none, events: none, errors: none, closes: none };
  const report: Report = {
    url: 'ws://a/?<>',
    startedAt: '2026-01-01T10:00:00.000Z',
    durationMs: 9,
    outcomes,
    coverage,
  };
  const names: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => names.push(name));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(junit(report)).close();
  expect(names).toEqual(['testsuite', 'testcase', 'testcase', 'skipped', 'testcase', 'failure']);
});
