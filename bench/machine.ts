/** The machine that figures come from, in words. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  cpu: string;
  memory: string;
  system: string;
  node: string;
  /** Processes that wanted a core in the minute before the start. */
  load: string;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    cpu: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    system: `${distribution()}, ${type()} ${release()}`,
    node: process.version,
    load: (loadavg()[0] ?? 0).toFixed(2),
  };
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
