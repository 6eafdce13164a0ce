/** What a run costs: CPU time of the gateway, the server and the load generator, and of whatever else disturbs it. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMicros } from '../test/support/servers/process-tree.ts';

export interface Processes {
  /** Absent: its CPU time is not of interest. */
  readonly gateway?: number;
  readonly server: number;
}

/** CPU time in microseconds. */
export interface Cost {
  gateway: number;
  server: number;
  generator: number;
  /** Of all other processes of the machine. */
  others: number;
}

/** The process that all others descend from. */
const init = 1;

/** Starts a measurement; the function that it returns ends it. */
export function meter(processes: Processes): () => Cost {
  const before = read(processes);
  return () => {
    const after = read(processes);
    const gateway = after.gateway - before.gateway;
    const server = after.server - before.server;
    const generator = after.generator - before.generator;
    const others = after.machine - before.machine - gateway - server - generator;
    return { gateway, server, generator, others: Math.max(0, others) };
  };
}

function read({ gateway, server }: Processes) {
  const { user, system } = process.cpuUsage();
  return {
    gateway: gateway === undefined ? 0 : cpuMicros(gateway),
    server: cpuMicros(server),
    generator: user + system,
    machine: cpuMicros(init),
  };
}

/** Cores that the rest of the machine may use before figures are doubted. */
export const quiet = 0.15;

/** The time that may go into waiting for a quiet machine, and into repeating what was disturbed; over a whole benchmark. */
export class Patience {
  #leftMs: number;

  constructor(ms: number) {
    this.#leftMs = ms;
  }

  get ended(): boolean {
    return this.#leftMs <= 0;
  }

  /** Resolves when the other processes are quiet for a second, or when it is at its end. */
  async untilQuiet(processes: Processes): Promise<void> {
    while (!this.ended) {
      const stop = meter(processes);
      await this.spend(() => delay(1000));
      if (stop().others < quiet * 1e6) return;
    }
  }

  async spend<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#leftMs -= performance.now() - start;
    }
  }
}
