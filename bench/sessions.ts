/** Idle sessions, each of an account of its own: what one costs in memory, and how long it takes to get one. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMicros, rssBytes } from '../test/support/servers/process-tree.ts';
import type { BenchGateway } from './gateway.ts';
import { now } from './load/clock.ts';
import { WebUser } from './load/web-user.ts';
import { quantile } from './numbers.ts';

export interface SessionsPlan {
  readonly sessions: number;
  /** How many of them come one after the other, and how many all at once. */
  readonly single: number;
  readonly burst: number;
  /** What the process gets to calm down before its memory is read. */
  readonly settleMs: number;
}

export interface Sessions {
  store: string;
  sessions: number;
  burst: number;
  /** Growth of the process per session, bytes. */
  rss: number;
  heap: number;
  /** CPU microseconds of the gateway per connect. */
  cpu: number;
  /** From the beginning of the TCP connection to `ready`, ms: one after the other, and all at once. */
  single50: number;
  single99: number;
  burst50: number;
  burst99: number;
}

const warmUps = 200;
/** How many connect at once while nobody looks. */
const crowd = 50;

export async function benchSessions(gateway: BenchGateway, store: string, plan: SessionsPlan): Promise<Sessions> {
  const { sessions, single, burst, settleMs } = plan;
  const users: WebUser[] = [];
  const tokens = await Promise.all(Array.from({ length: sessions }, (_, index) => gateway.token(`idle${index}`)));
  const connect = async (token: string): Promise<number> => {
    const start = now();
    users.push(await WebUser.connect(gateway.port, token));
    return now() - start;
  };
  try {
    await warmUp(gateway);
    const before = await state(gateway, settleMs);
    const singles: number[] = [];
    for (const token of tokens.splice(0, single)) singles.push(await connect(token));
    const bursts = await Promise.all(tokens.splice(0, burst).map(connect));
    while (tokens.length > 0) await Promise.all(tokens.splice(0, crowd).map(connect));
    const after = await state(gateway, settleMs);
    return {
      store,
      sessions,
      burst,
      rss: (after.rss - before.rss) / sessions,
      heap: (after.heap - before.heap) / sessions,
      cpu: (after.cpu - before.cpu) / sessions,
      single50: quantile(singles, 0.5),
      single99: quantile(singles, 0.99),
      burst50: quantile(bursts, 0.5),
      burst99: quantile(bursts, 0.99),
    };
  } finally {
    for (const { wire } of users) wire.close();
  }
}

/** The process is fresh, so that no memory of earlier load is left for the sessions, but has seen what a session is. */
async function warmUp(gateway: BenchGateway): Promise<void> {
  for (let index = 0; index < warmUps; index++) {
    const user = await WebUser.connect(gateway.port, await gateway.token(`early${index}`));
    user.wire.close();
  }
}

async function state(gateway: BenchGateway, settleMs: number) {
  const cpu = cpuMicros(gateway.pid);
  await delay(settleMs);
  return { cpu, rss: rssBytes(gateway.pid), heap: await gateway.metric('nodejs_heap_size_used_bytes') };
}
