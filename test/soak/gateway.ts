/** The gateway as a process of its own, which can be killed and comes back on the same ports with the same store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mintToken } from '../../src/auth/jwt.ts';
import { Program } from '../support/process.ts';
import type { XmppServer } from '../support/servers/index.ts';
import { freePorts } from '../support/servers/ports.ts';

const tokenSecret = 'a secret of thirty-two bytes, or more';
const readyMs = 30_000;

/** So long the gateway tries to send a message. */
export const sendTimeoutMs = 8000;

/** Small windows, so that all that can happen to a session happens within minutes. */
const settings = {
  STANZAWIRE_SESSIONS_RESUME_WINDOW: '6s',
  STANZAWIRE_SESSIONS_MAX_EVENTS: '4',
  STANZAWIRE_SESSIONS_HEARTBEAT: '5s',
  STANZAWIRE_LIMITS_SEND_TIMEOUT: `${sendTimeoutMs}ms`,
  STANZAWIRE_DRAIN_TIME: '2s',
  STANZAWIRE_LOG_LEVEL: 'info',
};

export class SoakGateway {
  readonly url: string;
  /** Log lines that should not be there. */
  readonly complaints: string[] = [];
  readonly #env: Record<string, string>;
  readonly #internalUrl: string;
  readonly #folder: string;
  readonly #atExit = (): void => void this.#program?.child.kill('SIGKILL');
  #program: Program | undefined;

  static async start(server: XmppServer, env: Record<string, string> = {}): Promise<SoakGateway> {
    const [publicPort = 0, free = 0] = await freePorts(2);
    const internalPort = Number(env.STANZAWIRE_HTTP_INTERNAL_PORT ?? free);
    const gateway = new SoakGateway(server, { publicPort, internalPort }, env);
    await gateway.run();
    return gateway;
  }

  private constructor(
    server: XmppServer,
    { publicPort, internalPort }: { publicPort: number; internalPort: number },
    env: Record<string, string>,
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), 'stanzawire-soak-'));
    this.url = `ws://127.0.0.1:${publicPort}/ws`;
    this.#internalUrl = `http://127.0.0.1:${internalPort}`;
    this.#env = {
      STANZAWIRE_XMPP_SERVICE: server.service,
      STANZAWIRE_XMPP_DOMAIN: server.componentDomain,
      STANZAWIRE_XMPP_SERVER: server.host,
      STANZAWIRE_XMPP_SECRET: server.secret,
      STANZAWIRE_AUTH_JWT_SECRET: tokenSecret,
      STANZAWIRE_STORE_URL: `sqlite:${join(this.#folder, 'stanzawire.db')}`,
      STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
      STANZAWIRE_HTTP_PUBLIC_PORT: `${publicPort}`,
      STANZAWIRE_HTTP_INTERNAL_PORT: `${internalPort}`,
      ...settings,
      ...env,
    };
    process.once('exit', this.#atExit);
  }

  /** Starts the process; resolves when it listens. */
  async run(): Promise<void> {
    this.#program = new Program([], this.#env);
    await this.#program.event('started');
  }

  /** Resolves when the process has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const program = this.#program;
    if (!program) return;
    program.child.kill(signal);
    const { code, stdout, stderr } = await program.ended;
    const bad = stdout.split('\n').filter((line) => /"level":(?:"(?:error|fatal)"|[56]0)/.test(line));
    this.complaints.push(...bad, ...stderr.split('\n').filter((line) => line !== ''));
    if (signal === 'SIGTERM' && code !== 0) this.complaints.push(`it ended with ${code} after SIGTERM`);
  }

  /** Resolves when its link is up. */
  async ready(): Promise<void> {
    const deadline = performance.now() + readyMs;
    while (!(await isOk(`${this.#internalUrl}/readyz`))) {
      if (performance.now() > deadline) throw new Error('the gateway is not ready');
      await delay(50);
    }
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.#internalUrl}/metrics`)).text();
  }

  token(user: string): Promise<string> {
    return mintToken({ secret: tokenSecret, user, ttlMs: 24 * 3_600_000, userClaim: 'sub', scopeClaim: 'scope' });
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    process.removeListener('exit', this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isOk(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
