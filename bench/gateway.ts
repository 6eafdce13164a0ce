/** The gateway as a process of its own, with the limits that load would meet out of the way. */
import { setTimeout as delay } from 'node:timers/promises';
import { mintToken } from '../src/auth/jwt.ts';
import { gatewayEnv, tokenSecret, type Upstream } from '../test/support/gateway.ts';
import { Program } from '../test/support/process.ts';

export interface BenchGateway {
  readonly pid: number;
  readonly port: number;
  token(user: string): Promise<string>;
  /** A value of /metrics. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

const startMs = 20_000;

const limits = {
  STANZAWIRE_LIMITS_RATE: '1000000',
  STANZAWIRE_LIMITS_BURST: '1000000',
  STANZAWIRE_LIMITS_IN_FLIGHT: '100000',
  // Who only receives would be asked for a sign of life, and the load generator has no ear for that.
  STANZAWIRE_SESSIONS_HEARTBEAT: '1h',
};

/** Resolves when the link is up. `node` are arguments for Node itself; `more` is configuration. */
export async function startGateway(
  server: Upstream,
  store = 'memory:',
  node: string[] = [],
  more: Record<string, string> = {},
): Promise<BenchGateway> {
  const env = {
    ...gatewayEnv(server),
    STANZAWIRE_STORE_URL: store,
    ...limits,
    ...more,
  };
  const program = new Program([], env, node);
  const { child } = program;
  const atExit = (): void => void child.kill('SIGKILL');
  process.once('exit', atExit);
  const started = await program.event('started');
  const url = `http://127.0.0.1:${Number(started.internalPort)}`;
  const deadline = Date.now() + startMs;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (Date.now() > deadline) throw new Error('the gateway is not ready');
    await delay(20);
  }
  return {
    pid: child.pid ?? 0,
    port: Number(started.publicPort),
    token: (user) =>
      mintToken({ secret: tokenSecret, user, ttlMs: 24 * 3_600_000, userClaim: 'sub', scopeClaim: 'scope' }),
    metric: async (name) => {
      const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.slice(name.length));
    },
    stop: async () => {
      child.kill('SIGTERM');
      await program.ended;
      process.removeListener('exit', atExit);
    },
  };
}
