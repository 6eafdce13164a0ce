/**
 * An XMPP user on profanity, a client for people: it runs in a terminal of tmux, gets what its user would type, and
 * the test reads its screen.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { XmppServer } from '../servers/server.ts';

const execute = promisify(execFile);
const escapes = /\p{Cc}\[[\d;]*m/gu;

export class Profanity {
  readonly bareJid: string;
  /** Its home folder. */
  readonly home: string;
  readonly #terminal: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onChange: () => void = () => undefined;

  static available(): boolean {
    return ['/usr/bin/profanity', '/usr/bin/tmux'].every((file) => existsSync(file));
  }

  /** Starts it with an empty home and logs in. */
  static async login(server: XmppServer, user: string): Promise<Profanity> {
    const profanity = new Profanity(server, user);
    try {
      await profanity.sees(/logged in successfully/);
      return profanity;
    } catch (error) {
      await profanity.close();
      throw error;
    }
  }

  private constructor(server: XmppServer, user: string) {
    this.bareJid = `${user}@${server.host}`;
    this.home = mkdtempSync(path.join(tmpdir(), 'stanzawire-profanity-'));
    this.#configure(server, user);
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: this.home,
      XDG_CONFIG_HOME: `${this.home}/config`,
      XDG_DATA_HOME: `${this.home}/data`,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
    };
    // tmux in control mode tells of output, and its session ends with its input, so with this process.
    const start = ['-C', 'new-session', '-x', '120', '-y', '40', 'exec /usr/bin/profanity'];
    this.#terminal = spawn('/usr/bin/tmux', [...this.#tmux, ...start], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#terminal.stdin?.on('error', () => undefined);
    this.#terminal.stdin?.write('set-option destroy-unattached on\n');
    this.#terminal.stdout?.on('data', () => this.#onChange());
    this.#ended = once(this.#terminal, 'close').catch(() => undefined);
  }

  /** Types a line, a command or a message, in the window that is open. */
  async type(line: string): Promise<void> {
    await this.#run('send-keys', '-l', '--', line);
    await this.#run('send-keys', 'Enter');
  }

  /** What the screen shows, without colours. */
  async screen(): Promise<string> {
    return (await this.#screen()).replaceAll(escapes, '');
  }

  /** Waits until the screen shows that. */
  sees(pattern: RegExp, timeoutMs?: number): Promise<void> {
    return this.#until(pattern, (screen) => pattern.test(screen.replaceAll(escapes, '')), timeoutMs);
  }

  /** Waits until that message is red, as what it sent and no receipt came for, or is no longer. */
  seesPending(text: string, pending: boolean, timeoutMs?: number): Promise<void> {
    const what = `${text}, ${pending ? 'red' : 'not red'}`;
    return this.#until(what, (screen) => colourOf(screen, text)?.includes('31') === pending, timeoutMs);
  }

  /** The avatar that `/avatar get` has saved. */
  avatarOf(jid: string): Buffer {
    return readFileSync(`${this.home}/data/profanity/avatars/${jid.replace('@', '_at_')}.png`);
  }

  async close(): Promise<void> {
    await this.type('/quit').catch(() => undefined);
    const timer = setTimeout(() => this.#terminal.stdin?.end(), 3000);
    await this.#ended;
    clearTimeout(timer);
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  get #tmux(): string[] {
    return ['-S', `${this.home}/tmux`, '-f', '/dev/null'];
  }

  /** Its account, as `/account add` and `/account set` would write it; no TLS, for the server here has none. */
  #configure(server: XmppServer, user: string): void {
    const [config, data] = [`${this.home}/config/profanity`, `${this.home}/data/profanity`];
    for (const folder of [config, data]) mkdirSync(folder, { recursive: true });
    const where = `server=127.0.0.1\nport=${server.c2sPort}\ntls.policy=disable`;
    const account = `enabled=true\njid=${this.bareJid}\npassword=${server.password}\nresource=terminal\n${where}`;
    writeFileSync(`${data}/accounts`, `[${user}]\n${account}\n`);
    writeFileSync(`${config}/profrc`, `[connection]\naccount=${user}\n`);
  }

  async #until(what: RegExp | string, holds: (screen: string) => boolean, timeoutMs = 10_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutMs);
    });
    const over = this.#ended.then(() => 'over' as const);
    try {
      for (;;) {
        const change = new Promise<'change'>((resolve) => {
          this.#onChange = () => resolve('change');
        });
        // The first look may come before there is a terminal.
        const screen = await this.#screen().catch(() => '');
        if (holds(screen)) return;
        const went = await Promise.race([change, late, over]);
        if (went !== 'change') throw new Error(`${went}, and the screen had no ${what}:\n${screen}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #screen(): Promise<string> {
    return this.#run('capture-pane', '-p', '-e');
  }

  async #run(...command: string[]): Promise<string> {
    return (await execute('/usr/bin/tmux', [...this.#tmux, ...command], { timeout: 5000 })).stdout;
  }
}

/** The colour of what its user has said, by the last escape before it; not of the line that it was typed in. */
function colourOf(screen: string, text: string): string | undefined {
  const lines = screen.split('\n');
  const at = lines.findLastIndex((line) => line.replaceAll(escapes, '').includes(`me: ${text}`));
  if (at < 0) return undefined;
  const before = [...lines.slice(0, at), lines[at]?.split(text)[0]].join('\n');
  return before.match(escapes)?.at(-1) ?? '';
}
