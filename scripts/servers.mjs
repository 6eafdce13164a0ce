/**
 * Finds the XMPP servers that the end-to-end tests run against, and installs them where that is possible: as root on
 * Debian or Ubuntu. A server that the machine's own release does not have comes from a root folder of the release
 * that has it (`.cache/<release>`, run by chroot). Plain JavaScript without dependencies: it runs on Node 20 as well.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache', import.meta.url));
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Each server of the tests, and the Debian release that has this version. */
const servers = [
  { name: 'prosody-0.12', kind: 'prosody', release: 'bookworm', version: /^0\.12\./ },
  { name: 'ejabberd-23.01', kind: 'ejabberd', release: 'bookworm', version: /^23\.01\b/ },
  { name: 'prosody-13', kind: 'prosody', release: 'trixie', version: /^13\./ },
  { name: 'ejabberd-24.12', kind: 'ejabberd', release: 'trixie', version: /^24\.12\b/ },
];

/** The other programs of the tests: a package, and a file that it brings. */
const tools = [
  { name: 'promtool', package: 'prometheus', file: '/usr/bin/promtool' },
  { name: 'chromium', package: 'chromium', file: '/usr/bin/chromium' },
  { name: 'slixmpp', package: 'python3-slixmpp', file: '/usr/lib/python3/dist-packages/slixmpp/__init__.py' },
  {
    name: 'websockets',
    package: 'python3-websockets',
    file: '/usr/lib/python3/dist-packages/websockets/__init__.py',
  },
  { name: 'php', package: 'php-cli', file: '/usr/bin/php' },
  { name: 'profanity', package: 'profanity', file: '/usr/bin/profanity' },
  { name: 'buildah', package: 'buildah', file: '/usr/bin/buildah' },
  { name: 'podman', package: 'podman', file: '/usr/bin/podman' },
  { name: 'runc', package: 'runc', file: '/usr/sbin/runc' },
  { name: 'systemd-analyze', package: 'systemd', file: '/usr/bin/systemd-analyze' },
  { name: 'nginx', package: 'nginx-light', file: '/usr/sbin/nginx' },
  { name: 'haproxy', package: 'haproxy', file: '/usr/sbin/haproxy' },
  { name: 'caddy', package: 'caddy', file: '/usr/bin/caddy' },
  { name: 'tmux', package: 'tmux', file: '/usr/bin/tmux' },
];

export function findServers() {
  const found = [];
  const missing = [];
  for (const { name, kind, release, version } of servers) {
    const roots = ['/', path.join(cache, release)];
    const versions = new Map(roots.map((root) => [root, versionIn(root, kind)]));
    const root = roots.find((each) => version.test(versions.get(each) ?? ''));
    if (root === undefined) missing.push({ what: name, why: whyMissing(kind, versions.get('/')) });
    else if (root !== '/' && !isRoot()) missing.push({ what: name, why: `${root} can be used by root only` });
    else found.push({ name, kind, root, version: versions.get(root) });
  }
  return { found, missing };
}

/** Reads what the Debian packages say about themselves; running `prosody --version` would start a server. */
function versionIn(root, kind) {
  try {
    if (kind === 'prosody') return readFileSync(path.join(root, 'usr/lib/prosody/prosody.version'), 'utf8').trim();
    const lib = path.join(root, 'usr/lib');
    for (const folder of readdirSync(lib).filter((entry) => entry.endsWith('-linux-gnu'))) {
      const ebin = readdirSync(path.join(lib, folder)).find((entry) => /^ejabberd-\d/.test(entry));
      if (ebin) return ebin.slice('ejabberd-'.length);
    }
  } catch {
    // not installed in this root
  }
  return undefined;
}

function whyMissing(kind, other) {
  const has = other ? `this machine has ${kind} ${other}` : `${kind} is not installed`;
  return `${has}; as root on Debian or Ubuntu, node scripts/servers.mjs installs it`;
}

export async function prepareServers({ ci = false } = {}) {
  const why = new Map();
  if (isRoot() && existsSync('/usr/bin/apt-get')) await install(why, ci);
  const { found, missing } = findServers();
  const present = tools.filter(({ file }) => existsSync(file));
  const absent = tools.filter(({ file }) => !existsSync(file));
  return {
    available: [...found, ...present].map(({ name }) => name),
    missing: [
      ...missing.map((each) => ({ ...each, why: why.get(each.what) ?? each.why })),
      ...absent.map((tool) => ({
        what: tool.name,
        why: why.get(tool.name) ?? `Debian's package ${tool.package} is not installed`,
      })),
    ],
  };
}

/** Installs what is missing; notes in `why` what could not be had. */
async function install(why, ci) {
  const here = readCodename();
  const absent = new Set(findServers().missing.map(({ what }) => what));
  const wanted = servers.filter(({ name }) => absent.has(name));
  const own = wanted.filter(({ release }) => release === here);
  const releases = [...new Set(wanted.map(({ release }) => release))].filter((release) => release !== here);
  const needs = [
    ...own.map(({ name, kind }) => ({ name, package: kind })),
    ...tools.filter(({ file }) => !existsSync(file)),
  ];
  if (releases.length > 0) {
    if (!existsSync('/usr/bin/mmdebstrap')) needs.push({ name: 'mmdebstrap', package: 'mmdebstrap' });
    if (!existsSync(keyring)) needs.push({ name: 'keyring', package: 'debian-archive-keyring' });
  }
  if (needs.length > 0) {
    const failure = await aptInstall([...new Set(needs.map((need) => need.package))], ci);
    if (failure) for (const { name } of needs) why.set(name, failure);
  }
  for (const release of releases) {
    const failure = why.get('mmdebstrap') ?? (await makeRoot(release, ci));
    if (failure) for (const server of wanted) if (server.release === release) why.set(server.name, failure);
  }
}

/** Installs packages without starting the services in them; the tests start their own. */
async function aptInstall(packages, ci) {
  console.log(`installing ${packages.join(' ')}`);
  const policy = '/usr/sbin/policy-rc.d';
  const ownPolicy = !existsSync(policy);
  if (ownPolicy) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  try {
    const apt = ['apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=120'];
    const add = [...apt, 'install', '--no-install-recommends', ...packages];
    // the lists may be old, or absent in a fresh container; a source that fails is no reason to stop
    await run([...apt, 'update'], 300_000);
    return await run(add, 600_000, ci ? 2 : 1);
  } finally {
    if (ownPolicy) rmSync(policy, { force: true });
  }
}

/** Builds `.cache/<release>` under another name and renames it: a root folder that is there is complete. */
async function makeRoot(release, ci) {
  console.log(`making a Debian ${release} with Prosody and ejabberd in ${path.relative('.', cache) || cache}`);
  mkdirSync(cache, { recursive: true });
  removeLeftovers(release);
  const building = path.join(cache, `${release}.${process.pid}.building`);
  const options = ['--variant=apt', '--include=prosody,ejabberd,lua-event', `--keyring=${keyring}`];
  const failure = await run(['mmdebstrap', ...options, release, building], 900_000, ci ? 2 : 1);
  try {
    if (!failure) renameSync(building, path.join(cache, release));
  } catch {
    // another process was quicker: its folder is as good
  }
  rmSync(building, { recursive: true, force: true });
  return failure;
}

function removeLeftovers(release) {
  for (const entry of readdirSync(cache)) {
    const pid = new RegExp(`^${release}\\.(\\d+)\\.building$`).exec(entry)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(path.join(cache, entry), { recursive: true, force: true });
  }
}

/** Runs a command quietly; the answer is undefined, or one line on what went wrong. */
async function run([command, ...args], timeout, attempts = 1) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const failure = await new Promise((resolve) => {
    const child = spawn(command, args, { env, timeout, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (data) => {
      output = (output + data).slice(-4096);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve(`${command}: ${error.message}`));
    child.on('close', (code, signal) => {
      const lines = output.trim().split('\n');
      const telling = lines.findLast((line) => /^E:|error/i.test(line)) ?? lines.at(-1);
      resolve(code === 0 ? undefined : `${command} ended with ${code ?? signal}: ${telling}`);
    });
  });
  return failure && attempts > 1 ? run([command, ...args], timeout, attempts - 1) : failure;
}

function readCodename() {
  try {
    const release = readFileSync('/etc/os-release', 'utf8');
    return /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

function isRoot() {
  return process.getuid?.() === 0;
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { available, missing } = await prepareServers({ ci: !['', '0', 'false'].includes(process.env.CI ?? '') });
  console.log(`available: ${available.join(', ') || 'none'}`);
  for (const { what, why } of missing) console.log(`missing: ${what}: ${why}`);
}
