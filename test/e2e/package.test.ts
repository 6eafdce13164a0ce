/**
 * The package as it is published: packed, installed into an empty folder with npm, and run there beside a real Prosody.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pkg from '../../package.json' with { type: 'json' };
import { mintToken } from '../../src/auth/jwt.ts';
import { tokenSecret } from '../support/gateway.ts';
import { JsonClient } from '../support/json-client.ts';
import { consumer } from '../support/library-consumer.ts';
import { Program } from '../support/process.ts';
import { copyProject } from '../support/project-copy.ts';
import { maySkip } from '../support/servers/each.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';

const root = join(import.meta.dirname, '../..');
const prosody = testServers().find(({ name }) => name === 'prosody-0.12');
const skipped = maySkip(prosody?.available === true);
if (skipped) console.warn(`package: skipped: ${prosody?.why}`);

/** Those that ask nothing of who runs the program, and that the project's own licence goes with. */
const licences = ['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'MPL-2.0'];

interface Component {
  name: string;
  version: string;
  licenses?: { license?: { id?: string }; expression?: string }[];
}

describe.skipIf(skipped)('the package', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-packed-'));
  const source = join(folder, 'source');
  const empty = join(folder, 'empty');
  const installed = join(empty, 'node_modules/stanzawire');
  let files: string[] = [];
  let server: XmppServer;

  function npm(cwd: string, program: 'npm' | 'npx', ...args: string[]): SpawnSyncReturns<string> {
    return spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  }

  beforeAll(async () => {
    copyProject(source);
    const packed = npm(source, 'npm', 'pack', '--json', '--pack-destination', folder);
    expect(packed.status, packed.stderr).toBe(0);
    const [about] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n')));
    files = about.files.map(({ path }: { path: string }) => path);
    mkdirSync(empty);
    const added = npm(empty, 'npm', 'install', '--no-audit', '--no-fund', join(folder, about.filename));
    expect(added.status, added.stderr).toBe(0);
    if (!prosody) throw new Error('no Prosody');
    server = await prosody.start();
  }, 400_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  test('has what it needs, and nothing else', () => {
    const kinds = [
      /^dist\/.*\.(js|d\.ts|json|css|html|svg|webmanifest|png)$/,
      /^docs\/.*\.(md|yaml|json|png)$/,
      /^systemd\/[\w.]+\.service$/,
    ];
    const single =
      'package.json LICENSE README.md PROTOCOL.md ARCHITECTURE.md SECURITY.md CHANGELOG.md config.example.yaml';
    const odd = files.filter((path) => !single.split(' ').includes(path) && !kinds.some((kind) => kind.test(path)));
    expect(odd).toEqual([]);
    const needed = ['dist/main.js', 'dist/extension.d.ts', 'dist/client/connect.js', 'dist/client/stanzawire.min.js'];
    for (const path of [...needed, 'dist/sbom.cdx.json', ...single.split(' ')]) expect(files).toContain(path);
    for (const { default: file, types } of exported()) {
      expect(existsSync(join(installed, file)), file).toBe(true);
      expect(existsSync(join(installed, types)), types).toBe(true);
    }
  });

  test('names everything it runs on, under licences that go with its own', () => {
    const bom = JSON.parse(readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8'));
    expect(bom.metadata.component).toMatchObject({ name: 'stanzawire', version: pkg.version });
    const components: Component[] = bom.components;
    const there = components.map(({ name, version }) => `${name}@${version}`);
    for (const [name, version] of Object.entries(pkg.dependencies)) expect(there).toContain(`${name}@${version}`);
    for (const { name, licenses = [] } of components) {
      const named = licenses.map(({ license, expression }) => license?.id ?? expression ?? 'none');
      expect(named.length, name).toBeGreaterThan(0);
      for (const licence of named) expect(licences, name).toContain(licence);
    }
    const unnamed = readdirSync(join(empty, 'node_modules'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|@|stanzawire$|node-linux)/.test(entry.name))
      .map((entry) => entry.name)
      .filter((name) => !components.some((component) => component.name === name));
    expect(unnamed).toEqual([]);
  });

  test.each(['nodenext', 'bundler'])(
    'has a client library that plain tsc checks strictly, with %s',
    (moduleResolution) => {
      const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: 'es2022',
        lib: ['es2023'],
        types: [],
        module,
        moduleResolution,
      };
      writeFileSync(join(empty, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.mts'] }));
      writeFileSync(join(empty, 'consumer.mts'), consumer);
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      expect(spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: empty, encoding: 'utf8' }).stdout).toBe('');
    },
  );

  test('runs by npx in an empty folder: version, manual, configuration, gateway', async () => {
    expect(npm(empty, 'npx', 'stanzawire', '--version').stdout.trim()).toBe(pkg.version);
    expect(npm(empty, 'npx', 'stanzawire', '--help').stdout).toContain('stanzawire --config FILE');
    const { service, secret, componentDomain, host } = server;
    const config = {
      xmpp: { service, secret, domain: componentDomain, server: host },
      http: { public: { host: '127.0.0.1', port: 0 }, internal: { port: 0 } },
      auth: { jwt: { secret: tokenSecret } },
      drain: { time: '0s' },
    };
    writeFileSync(join(empty, 'stanzawire.yaml'), JSON.stringify(config));
    const checked = npm(empty, 'npx', 'stanzawire', '--config', 'stanzawire.yaml', '--check=link');
    expect(checked.status, checked.stderr).toBe(0);
    const where = { cwd: empty, file: join(installed, 'dist/main.js') };
    const gateway = new Program(['--config', 'stanzawire.yaml'], {}, [], where);
    const { publicPort } = await gateway.event('started');
    await gateway.event('link_up');
    const claims = { secret: tokenSecret, user: 'alice', ttlMs: 60_000, userClaim: 'sub', scopeClaim: 'scope' };
    const alice = await JsonClient.connect(`ws://127.0.0.1:${Number(publicPort)}/ws`, {
      token: await mintToken(claims),
    });
    expect(alice.ready?.user).toBe(`alice@${componentDomain}`);
    await alice.close();
    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
    expect(existsSync(join(empty, 'data/stanzawire.db'))).toBe(true);
  });

  test('has no vulnerability that its registry knows of', () => {
    const { stdout } = npm(empty, 'npm', 'audit', '--omit=dev', '--json');
    const { metadata, error } = JSON.parse(stdout);
    // Some registries answer no audits.
    if (error) console.warn(`npm audit: not to be had: ${error.summary || error.code || 'no answer'}`);
    else expect(metadata.vulnerabilities).toMatchObject({ high: 0, critical: 0 });
  });
});

function exported(): { types: string; default: string }[] {
  return Object.values(pkg.exports).flatMap((entry) =>
    typeof entry === 'string' || !('types' in entry) ? [] : [entry],
  );
}
