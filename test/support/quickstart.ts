/** `npm run quickstart`'s script as a child process: what it printed, what it started, and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/quickstart.mjs', import.meta.url));

export interface Quickstart {
  /** The page's address, as printed. */
  url: string;
  /** The temporary folder of its servers, as printed. */
  folder: string;
  /** Everything printed so far. */
  output: () => string;
  kill: (signal: NodeJS.Signals) => void;
  /** The exit code; null if a signal ended it. */
  exit: Promise<number | null>;
}

/** Starts it and waits until it says that all runs. */
export async function startQuickstart(...args: string[]): Promise<Quickstart> {
  const child = spawn(process.execPath, [script, '--port', '0', '--no-install', ...args], { stdio: 'pipe' });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const { lines, ready } = watch(child);
  const gone = exit.then((code) => Promise.reject(new Error(`ended with ${code}:\n${lines.join('\n')}`)));
  await Promise.race([ready, gone]);
  const output = () => lines.join('\n');
  return {
    url: /http:\/\/\S+/.exec(output())?.[0] ?? '',
    folder: /live in (\S+)\.$/m.exec(output())?.[1] ?? '',
    output,
    kill: (signal) => child.kill(signal),
    exit,
  };
}

function watch(child: ChildProcess): { lines: string[]; ready: Promise<void> } {
  const lines: string[] = [];
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) throw new Error('the quickstart was started without pipes');
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.startsWith('Ctrl-C stops')) resolve();
      });
    }
  });
  return { lines, ready };
}

/** The processes that have the text in their command line (Linux). */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(text))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
