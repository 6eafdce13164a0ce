/** Installs one package of Debian or Ubuntu without letting its service start, now or at the next boot. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** invoke-rc.d asks this program before a package's script starts a service; 101 = it may not. */
const policy = '/usr/sbin/policy-rc.d';
const isRoot = () => process.getuid?.() === 0;

/** Whether this system has apt and lets us use it without a password. */
export function mayInstall() {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return false;
  return isRoot() || spawnSync('sudo', ['-n', 'true']).status === 0;
}

/** Installs the package; answers what went wrong, or undefined. */
export function installPackage(name) {
  console.log(`Installing the package ${name} (its system service stays off) …`);
  const removePolicy = forbidServices();
  try {
    // Package lists may be missing (container images) or too old to fetch from: refresh them only then.
    const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends', name];
    if (asRoot(install).status !== 0) asRoot(['apt-get', 'update', '-q']);
    const { status, stderr } = asRoot(install);
    if (status !== 0) return `The package ${name} could not be installed:\n${stderr.trim()}`;
    asRoot(['update-rc.d', name, 'disable']);
    return undefined;
  } finally {
    removePolicy();
  }
}

function asRoot(command) {
  const quiet = 'DEBIAN_FRONTEND=noninteractive';
  const [program, ...args] = isRoot() ? ['env', quiet, ...command] : ['sudo', '-n', 'env', quiet, ...command];
  return spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** Puts the policy in place, unless there is one; answers how to take it away again. */
function forbidServices() {
  if (existsSync(policy)) return () => {};
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-apt-'));
  const script = join(folder, 'policy-rc.d');
  writeFileSync(script, '#!/bin/sh\nexit 101\n');
  asRoot(['install', '-m', '755', script, policy]);
  return () => {
    asRoot(['rm', '-f', policy]);
    rmSync(folder, { recursive: true });
  };
}
