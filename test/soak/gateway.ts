/** The gateway as a process of its own, which can be killed and comes back on the same ports with the same store. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mintToken } from '../../src/auth/jwt.ts';
import { Cuttable } from '../support/cuttable.ts';
import { gatewayEnv, tokenSecret } from '../support/gateway.ts';
import { Program } from '../support/process.ts';
import type { XmppServer } from '../support/servers/index.ts';
import { freePorts } from '../support/servers/ports.ts';
import type { Conditions } from './conditions.ts';
import { Disk } from './disk.ts';

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
  /** Between it and the XMPP server. */
  readonly network: Cuttable;
  /** What its store is on. */
  readonly disk: Disk;
  readonly #env: Record<string, string>;
  readonly #conditions: Conditions = { shiftMs: 0, slowMs: 0 };
  readonly #internalUrl: string;
  readonly #atExit = (): void => {
    this.#program?.child.kill('SIGKILL');
    this.disk.remove();
  };
  #program: Program | undefined;

  static async start(server: XmppServer, env: Record<string, string> = {}, chaos = false): Promise<SoakGateway> {
    const [publicPort = 0, free = 0] = await freePorts(2);
    const internalPort = Number(env.STANZAWIRE_HTTP_INTERNAL_PORT ?? free);
    const network = await Cuttable.to(server.componentPort);
    const gateway = new SoakGateway(server, { publicPort, internalPort, network, disk: new Disk(chaos) }, env);
    await gateway.run();
    return gateway;
  }

  private constructor(
    server: XmppServer,
    parts: { publicPort: number; internalPort: number; network: Cuttable; disk: Disk },
    env: Record<string, string>,
  ) {
    const { publicPort, internalPort, network, disk } = parts;
    this.network = network;
    this.disk = disk;
    this.url = `ws://127.0.0.1:${publicPort}/ws`;
    this.#internalUrl = `http://127.0.0.1:${internalPort}`;
    this.#env = {
      ...gatewayEnv(server),
      STANZAWIRE_XMPP_SERVICE: `xmpp://127.0.0.1:${network.port}`,
      STANZAWIRE_STORE_URL: `sqlite:${join(disk.folder, 'stanzawire.db')}`,
      STANZAWIRE_HTTP_PUBLIC_PORT: `${publicPort}`,
      STANZAWIRE_HTTP_INTERNAL_PORT: `${internalPort}`,
      CONDITIONS: conditionsFile(disk),
      ...settings,
      ...env,
    };
    process.once('exit', this.#atExit);
  }

  /** Starts the process; resolves when it listens. */
  async run(): Promise<void> {
    this.#program = new Program([], this.#env, ['--import', join(import.meta.dirname, 'conditions.ts')]);
    await this.#program.event('started');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.child.kill(signal);
  }

  /** Its clock and its disk are like that from now on. */
  async live(conditions: Partial<Conditions>): Promise<void> {
    Object.assign(this.#conditions, conditions);
    const path = conditionsFile(this.disk);
    await writeFile(`${path}.new`, JSON.stringify(this.#conditions));
    // It must never read half of it.
    await rename(`${path}.new`, path);
    this.#program?.child.kill('SIGWINCH');
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
      if (performance.now() > deadline) throw new Error(`the gateway is not ready\n${this.#program?.tail(30)}`);
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
    this.network.close();
    this.disk.remove();
  }
}

/** Beside the disk, which may be full. */
function conditionsFile({ folder }: Disk): string {
  return `${folder}.conditions`;
}

function isOk(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
