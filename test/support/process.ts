/** The program as a process of its own: its output, its exit code, signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const main = join(import.meta.dirname, '../../src/main.ts');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Where {
  readonly cwd?: string;
  /** Another main.js than that of the sources. */
  readonly file?: string;
  /** What runs it in place of Node, as in `podman run … IMAGE`; the arguments follow. */
  readonly command?: readonly string[];
}

export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #lines: string[] = [];
  #onLine: () => void = () => undefined;

  /** Node's own arguments stand in `node`; of this process's environment only PATH and HOME are passed on. */
  constructor(args: string[], env: Record<string, string> = {}, node: string[] = [], where: Where = {}) {
    const { PATH, HOME } = process.env;
    const { cwd, file = main, command = [process.execPath, ...node, file] } = where;
    const [program = '', ...first] = command;
    this.child = spawn(program, [...first, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = this.#collect();
  }

  /** The log lines with that event, so far. */
  events(name: string): Record<string, unknown>[] {
    const parsed = this.#lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return parsed.filter((line) => line.event === name);
  }

  /** The last lines that it has written. */
  tail(count: number): string {
    return this.#lines.slice(-count).join('\n');
  }

  /** The first log line with that event; rejects when the process ends without it. */
  async event(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const [found] = this.events(name);
      if (found) return found;
      const more = new Promise<boolean>((resolve) => {
        this.#onLine = () => resolve(true);
      });
      const went = await Promise.race([more, this.ended]);
      if (went !== true) throw new Error(`ended without ${name}: ${JSON.stringify(went)}`);
    }
  }

  async #collect(): Promise<Ended> {
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('no pipes');
    const errors: string[] = [];
    createInterface(stderr).on('line', (line) => errors.push(line));
    createInterface(stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#onLine();
    });
    const [code] = await once(this.child, 'close');
    return { code, stdout: this.#lines.join('\n'), stderr: errors.join('\n') };
  }
}

/** Runs it to its end. */
export function runMain(
  args: string[],
  env: Record<string, string> = {},
  node: string[] = [],
  where: Where = {},
): Promise<Ended> {
  return new Program(args, env, node, where).ended;
}
