/** A started server: its process, the wait until it answers, signals, restart, and the end with the test run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as tree from './process-tree.ts';
import { componentDomain, host, password, type Setup, secret, type XmppServer } from './server.ts';

/** How one kind of server is run. */
export interface Launch {
  command: readonly string[];
  env: Record<string, string>;
  /** The log, as this process sees it. */
  logFile: string;
  /** Reads what the process printed and logged: true when it is up; an error text when it cannot come up. */
  verdict(printed: string, log: string): boolean | string;
}

const startMs = 45_000;
const endMs = 15_000;

export class RunningServer implements XmppServer {
  readonly host = host;
  readonly rooms = 'conference.example.test';
  readonly uploadDomain = 'upload.example.test';
  readonly password = password;
  readonly componentDomain = componentDomain;
  readonly secret = secret;
  readonly #setup: Setup;
  readonly #launch: Launch;
  readonly #atExit = (): void => void this.#child?.kill('SIGKILL');
  #child: ChildProcess | undefined;

  constructor(setup: Setup, launch: Launch) {
    this.#setup = setup;
    this.#launch = launch;
  }

  get name(): XmppServer['name'] {
    return this.#setup.installation.name;
  }
  get kind(): XmppServer['kind'] {
    return this.#setup.installation.kind;
  }
  get accounts(): readonly string[] {
    return this.#setup.accounts;
  }
  get dir(): string {
    return this.#setup.dir;
  }
  get c2sPort(): number {
    return this.#setup.c2sPort;
  }
  get httpPort(): number {
    return this.#setup.httpPort;
  }
  get componentPorts(): ReadonlyMap<string, number> {
    return this.#setup.componentPorts;
  }
  get componentPort(): number {
    return this.componentPorts.get(componentDomain) ?? 0;
  }
  get service(): string {
    return `xmpp://127.0.0.1:${this.componentPort}`;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<this> {
    const printed = openSync(this.#printedFile, 'w');
    const [command = '', ...args] = [...leash(), ...inRoot(this.#setup.installation.root), ...this.#launch.command];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...this.#launch.env };
    const child = spawn(command, args, { env, cwd: '/', stdio: ['ignore', printed, printed] });
    closeSync(printed);
    this.#child = child;
    process.once('exit', this.#atExit);
    child.once('exit', () => process.removeListener('exit', this.#atExit));
    let failure = '';
    child.once('error', (error) => {
      failure = error.message;
    });
    const deadline = Date.now() + startMs;
    for (;;) {
      const verdict = this.#launch.verdict(read(this.#printedFile), this.log());
      if (typeof verdict === 'string') failure = verdict;
      if (hasEnded(child)) failure ||= `it ended with ${child.exitCode ?? child.signalCode}`;
      if (!failure && Date.now() > deadline) failure = `it did not answer within ${startMs / 1000} s`;
      if (failure) throw await this.#startFailed(failure);
      if (verdict === true && (await this.#answers())) return this;
      await delay(20);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(endMs) });
    ended.catch(() => undefined);
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await ended;
  }

  async restart(): Promise<void> {
    // a clean end: both servers write late what they were told last
    await this.kill('SIGTERM').catch(() => this.kill('SIGKILL'));
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  cpuMicros(): number {
    return tree.cpuMicros(this.pid);
  }

  rssBytes(): number {
    return tree.rssBytes(this.pid);
  }

  log(): string {
    return read(this.#launch.logFile);
  }

  get #printedFile(): string {
    return path.join(this.dir, 'printed');
  }

  async #answers(): Promise<boolean> {
    const ports = [this.c2sPort, this.httpPort, ...this.componentPorts.values()];
    const open = await Promise.all(ports.map(isOpen));
    return open.every(Boolean);
  }

  async #startFailed(failure: string): Promise<Error> {
    const lines = `${read(this.#printedFile)}\n${this.log()}`.trim().split('\n').slice(-30);
    await this.stop();
    return new Error(`${this.name} did not start: ${failure}\n${lines.join('\n')}`);
  }
}

/** Lets the kernel end the server when this process ends, however that happens. */
function leash(): string[] {
  return existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];
}

function inRoot(root: string): string[] {
  return root === '/' ? [] : ['/usr/sbin/chroot', root];
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const opened = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  return opened.finally(() => socket.destroy());
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
