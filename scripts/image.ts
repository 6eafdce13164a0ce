/**
 * npm run image: builds the image of the Dockerfile. Where Docker runs, by Docker; else by buildah, without an engine, as
 * root, and on a base made of Debian's packages and the Node of this project where no registry of images is to be reached.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import pkg from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const minute = 60_000;

const usage = `npm run image [-- --tag NAME:TAG] [--base IMAGE] [--own-base]
  --tag       what the image is called; stanzawire:${pkg.version}
  --base      the image of Node that it is built on; node:24-slim
  --own-base  builds on Debian's packages and this Node, as where no registry can be reached`;

const { values: options } = parseArgs({
  options: {
    tag: { type: 'string', default: `stanzawire:${pkg.version}` },
    base: { type: 'string' },
    'own-base': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else build();

function build(): void {
  const base = options['own-base'] ? undefined : (options.base ?? 'node:24-slim');
  const settings = ['--build-arg', `VERSION=${pkg.version}`, '--tag', options.tag];
  if (base !== undefined && works('docker', 'version')) {
    run('docker', ['build', '--build-arg', `NODE_IMAGE=${base}`, ...settings, '.']);
  } else {
    if (!works('buildah', '--version')) fail('needs Docker, or buildah (apt-get install buildah)');
    const from = base !== undefined && canPull(base) ? base : ownBase();
    // chroot: without privileges of a container engine. The certificates are those that this machine's npm believes.
    const mount = existsSync(certificates) ? ['--volume', `${certificates}:${certificates}:ro`] : [];
    const how = ['--isolation=chroot', '--layers=false', '--format=docker', '--pull-never', ...mount];
    run('buildah', ['bud', ...how, '--build-arg', `NODE_IMAGE=${from}`, ...settings, '.']);
  }
  console.log(`built ${options.tag}`);
}

function canPull(image: string): boolean {
  if (options.base === undefined && process.env.CI) return false;
  const { status } = spawnSync('buildah', ['pull', '--quiet', image], { timeout: 2 * minute });
  if (status !== 0) console.log(`${image} cannot be had: making a base of Debian's packages`);
  return status === 0;
}

/** What `node:24-slim` has: Debian's base system, Node, npm. Made once for each Node. */
function ownBase(): string {
  const name = `localhost/stanzawire-node:${process.versions.node}`;
  if (works('buildah', 'inspect', name)) return name;
  for (const tool of ['mmdebstrap', '/usr/share/keyrings/debian-archive-keyring.gpg']) {
    if (!tool.startsWith('/') ? !works(tool, '--version') : !existsSync(tool))
      fail(`needs ${tool} (apt-get install mmdebstrap debian-archive-keyring)`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-image-'));
  try {
    const system = join(folder, 'system.tar');
    const keyring = '--keyring=/usr/share/keyrings/debian-archive-keyring.gpg';
    run('mmdebstrap', ['--quiet', '--variant=minbase', '--include=ca-certificates', keyring, 'bookworm', system]);
    writeFileSync(join(folder, 'npmrc'), npmSettings());
    const container = output('buildah', ['from', 'scratch']);
    run('buildah', ['add', '--quiet', container, system, '/']);
    run('buildah', ['copy', '--quiet', '--chmod=755', container, process.execPath, '/usr/local/bin/node']);
    run('buildah', ['copy', '--quiet', container, npmFolder(), '/usr/local/lib/node_modules/npm']);
    run('buildah', ['copy', '--quiet', container, join(folder, 'npmrc'), '/usr/local/lib/node_modules/npm/npmrc']);
    const link = 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm';
    run('buildah', ['run', '--isolation=chroot', container, '--', 'sh', '-c', link]);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    run('buildah', ['config', '--env', `PATH=${path}`, container]);
    run('buildah', ['commit', '--quiet', '--rm', container, name]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return name;
}

/** The npm that runs this script. */
function npmFolder(): string {
  const program = process.env.npm_execpath;
  if (program === undefined) fail('run it as "npm run image"');
  return dirname(dirname(program));
}

/** Where npm gets packages here, for the npm in the base; the image itself has none. */
function npmSettings(): string {
  const registry = output('npm', ['config', 'get', 'registry']);
  return `registry=${registry}\n${existsSync(certificates) ? `cafile=${certificates}\n` : ''}`;
}

function works(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: minute }).status === 0;
}

function output(program: string, args: string[]): string {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: minute,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) fail(`${program} ${args[0]} failed`);
  return stdout.trim();
}

function run(program: string, args: string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', timeout: 15 * minute });
  if (status !== 0) fail(`${program} ${args[0]} failed${error ? `: ${error.message}` : ''}`);
}

function fail(message: string): never {
  console.error(`npm run image: ${message}`);
  process.exit(1);
}
