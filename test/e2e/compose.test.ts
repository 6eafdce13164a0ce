/**
 * The parts of compose.yaml together, without an engine for containers: its Prosody, its gateway and its demo as processes,
 * with the files of compose/ in which only paths and ports are this machine's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDemo } from '../../scripts/demo.ts';
import { JsonClient } from '../support/json-client.ts';
import { Program } from '../support/process.ts';
import { maySkip } from '../support/servers/each.ts';
import { freePorts } from '../support/servers/ports.ts';

const root = join(import.meta.dirname, '../..');
const hasProsody = spawnSync('sh', ['-c', 'command -v prosody']).status === 0;
if (maySkip(hasProsody)) console.warn('compose: skipped: Prosody is not installed');

describe.skipIf(maySkip(hasProsody))('compose.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-compose-'));
  const secrets = join(folder, 'secrets');
  const running: ChildProcess[] = [];
  let gateway: Program;
  let ports: { publicPort: number; internalPort: number };
  let page = 0;

  beforeAll(async () => {
    mkdirSync(secrets);
    // As the image's build does.
    await buildDemo(join(root, 'dist/demo'));
    makeSecrets(secrets);
    const [component = 0, c2s = 0, http = 0, free = 0, open = 0] = await freePorts(5);
    page = free;
    running.push(
      await start(
        'prosody',
        ['--config', prosodyConfig(folder, { component, c2s, http }), '-F'],
        /Activated service 'component'/,
        { COMPONENT_SECRET: readFileSync(join(secrets, 'component'), 'utf8').trim() },
      ),
    );
    gateway = new Program(['--config', join(root, 'compose/stanzawire.yaml')], {
      STANZAWIRE_XMPP_SERVICE: `xmpp://127.0.0.1:${component}`,
      STANZAWIRE_XMPP_SECRET_FILE: join(secrets, 'component'),
      STANZAWIRE_AUTH_JWT_SECRET_FILE: join(secrets, 'token'),
      STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'gateway/stanzawire.db')}`,
      STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
      STANZAWIRE_HTTP_PUBLIC_PORT: String(open),
      STANZAWIRE_HTTP_PUBLIC_ORIGINS: `http://127.0.0.1:${open}`,
      STANZAWIRE_HTTP_INTERNAL_PORT: '0',
      STANZAWIRE_DRAIN_TIME: '0s',
    });
    const { publicPort, internalPort } = await gateway.event('started');
    ports = { publicPort: Number(publicPort), internalPort: Number(internalPort) };
    await gateway.event('link_up');
    const env = { SECRETS: secrets, HOST: '127.0.0.1', PORT: String(page) };
    running.push(await start(process.execPath, [join(root, 'compose/demo.mjs')], /The demo is at/, env));
  });

  afterAll(async () => {
    gateway?.child.kill('SIGTERM');
    await gateway?.ended;
    for (const child of running) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  });

  test('makes its secrets once, and none is like another', () => {
    const all = () => ['component', 'token', 'romeo'].map((name) => readFileSync(join(secrets, name), 'utf8'));
    const first = all();
    expect(new Set(first).size).toBe(3);
    expect(first[1]?.trim().length).toBeGreaterThanOrEqual(32);
    expect(statSync(join(secrets, 'token')).mode & 0o222).toBe(0);
    makeSecrets(secrets);
    expect(all()).toEqual(first);
  });

  test('has a gateway that is ready: Prosody took the secret', async () => {
    const response = await fetch(`http://127.0.0.1:${ports.internalPort}/readyz`);
    expect(await response.json()).toEqual({ ready: true, link: 'up', draining: false, drained: false });
  });

  test('has a demo page whose users the gateway lets in, and whose answers come from Prosody', async () => {
    const index = await fetch(`http://127.0.0.1:${page}/`);
    expect(index.status).toBe(200);
    expect(index.headers.get('content-security-policy')).toContain("script-src 'self'");
    const session: unknown = await (await fetch(`http://127.0.0.1:${page}/session.json`)).json();
    expect(session).toMatchObject({ chat: 'http://127.0.0.1:8080/?user=alice', gateway: 'ws://127.0.0.1:8080/ws' });
    const chat = `http://127.0.0.1:${ports.publicPort}`;
    expect(await (await fetch(chat)).text()).toContain('<title>Stanzawire chat</title>');
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${chat}/demo/token`, { method: 'POST', headers, body: '{"user":"alice"}' });
    const { token } = (await answer.json()) as { token: string };
    const alice = await JsonClient.connect(`ws://127.0.0.1:${ports.publicPort}/ws`, { token });
    expect(alice.ready?.user).toBe('alice@web.localhost');
    const refused = await alice.refused('message.send', { to: 'nobody@localhost', body: 'Hello' });
    expect(refused).toMatchObject({ code: 'service-unavailable', by: 'nobody@localhost' });
    await alice.close();
  });
});

function makeSecrets(folder: string): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'compose/secrets.mjs'), folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

function prosodyConfig(folder: string, ports: { component: number; c2s: number; http: number }): string {
  const text = readFileSync(join(root, 'compose/prosody.cfg.lua'), 'utf8');
  const data = join(folder, 'prosody');
  mkdirSync(data);
  const file = join(folder, 'prosody.cfg.lua');
  const here = text
    .replace('/var/lib/prosody', data)
    .replace('/tmp/prosody.pid', join(folder, 'prosody.pid'))
    .replaceAll('"*"', '"127.0.0.1"')
    .replace('{ 5347 }', `{ ${ports.component} }`)
    .replace('{ 5280 }', `{ ${ports.http} }`);
  // In a container it has a user of its own; here it may be root's.
  writeFileSync(file, `run_as_root = ${process.getuid?.() === 0}\nc2s_ports = { ${ports.c2s} }\n${here}`);
  return file;
}

/** Resolves when it has printed the line. */
async function start(
  program: string,
  args: string[],
  line: RegExp,
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const root = program === 'prosody' && process.getuid?.() === 0 ? ['--root'] : [];
  const child = spawn(program, [...args, ...root], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (text) => {
        printed.push(text);
        if (line.test(text)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${printed.join('\n')}`)));
  });
  return child;
}
