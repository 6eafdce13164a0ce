/** Messages on one server: throughput and CPU, then latency at half load, with the gateway and without it in turn. */
import type { XmppServer } from '../test/support/servers/index.ts';
import type { BenchGateway } from './gateway.ts';
import { now } from './load/clock.ts';
import { BareComponent } from './load/component.ts';
import { closedLoop, Load, openLoop, type Traffic } from './load/loops.ts';
import { type Crowd, throughBare, throughGateway, type Users, type Way } from './load/traffic.ts';
import { WebUser } from './load/web-user.ts';
import { XmppUser } from './load/xmpp-user.ts';
import { type Cost, meter, type Patience, quiet } from './meter.ts';
import { median, quantile } from './numbers.ts';

export interface Plan {
  /** Messages of one run. */
  readonly messages: number;
  /** How often each run is repeated; what is reported is the median. */
  readonly rounds: number;
  /** Of each run at half load. */
  readonly seconds: number;
}

/** One kind of run; costs are CPU microseconds per message. */
interface Run extends Cost {
  perSecond: number;
  /** How many cores other processes of the machine used meanwhile. */
  disturbance: number;
}

interface Timed extends Run {
  p50: number;
  p99: number;
}

/** One row of the tables. Ratios and differences are taken within a round; `bare` is absent where nobody is in between. */
export interface Row<R extends Run> {
  way: Way;
  pairs: number;
  gateway: R;
  bare?: R;
}

export interface Throughput extends Row<Run> {
  /** Of the messages per second. */
  ratio?: number;
}

export interface Latency extends Row<Timed> {
  /** Milliseconds that the gateway adds to the median. */
  added?: number;
}

export interface Messages {
  throughput: Throughput[];
  latency: Latency[];
}

export const bareDomain = 'raw.example.test';
/** How many users there are on each side. */
export const crowdSize = 20;
export const accounts = Array.from({ length: crowdSize }, (_, index) => `xmpp${index}`);
/** Messages without an answer yet, over all senders. */
const inFlight = 500;

const ways: readonly { way: Way; pairs: number }[] = [
  { way: 'web → XMPP', pairs: crowdSize },
  { way: 'web → XMPP', pairs: 1 },
  { way: 'XMPP → web', pairs: crowdSize },
  { way: 'web → web', pairs: crowdSize },
];

export async function benchMessages(
  server: XmppServer,
  gateway: BenchGateway,
  plan: Plan,
  patience: Patience,
): Promise<Messages> {
  const load = new Load();
  const crowd = await gather(server, gateway, load);
  const bench = new Bench(load, crowd, { gateway: gateway.pid, server: server.pid }, plan, patience);
  try {
    await bench.checkLoads();
    for (const { way, pairs } of ways) await bench.warmUp(way, pairs);
    const throughput: Throughput[] = [];
    for (const { way, pairs } of ways) throughput.push(await bench.throughput(way, pairs));
    const latency: Latency[] = [];
    for (const row of throughput) if (row.pairs === crowdSize) latency.push(await bench.latency(row));
    return { throughput, latency };
  } finally {
    for (const { wire } of [...crowd.web, ...crowd.xmpp, crowd.bare]) wire.close();
  }
}

async function gather(server: XmppServer, gateway: BenchGateway, load: Load): Promise<Crowd> {
  const users = await login(server, gateway, load);
  const bare = await BareComponent.connect(server, bareDomain);
  bare.listen(load);
  return { ...users, bare };
}

/** Those who write to each other, on either side. */
export async function login(server: XmppServer, gateway: BenchGateway, load: Load): Promise<Users> {
  const xmpp = await Promise.all(accounts.map((account) => XmppUser.login(server, account)));
  const names = accounts.map((_, index) => `web${index}`);
  const web = await Promise.all(names.map(async (name) => WebUser.connect(gateway.port, await gateway.token(name))));
  for (const one of [...xmpp, ...web]) one.listen(load);
  return { web, xmpp };
}

class Bench {
  readonly #load: Load;
  readonly #crowd: Crowd;
  readonly #processes: { gateway: number; server: number };
  readonly #plan: Plan;
  readonly #patience: Patience;

  constructor(
    load: Load,
    crowd: Crowd,
    processes: { gateway: number; server: number },
    plan: Plan,
    patience: Patience,
  ) {
    this.#load = load;
    this.#crowd = crowd;
    this.#processes = processes;
    this.#plan = plan;
    this.#patience = patience;
  }

  /** @throws Error if the bare component's stanzas are not, byte by byte, those of the gateway. */
  async checkLoads(): Promise<void> {
    const { xmpp } = this.#crowd;
    const received: string[] = [];
    for (const through of [throughGateway, throughBare]) {
      const traffic = through(this.#crowd, 'web → XMPP', 1);
      if (traffic) await closedLoop(this.#load, traffic, 1, 1);
      const text = xmpp[0]?.wire.last ?? '';
      received.push(
        text
          .replace(/\d{8,}/g, '#')
          .replaceAll(bareDomain, 'web.example.test')
          .replaceAll("'", '"'),
      );
    }
    if (received[0] !== received[1]) throw new Error(`the loads differ:\n${received.join('\n')}`);
  }

  /** Lets the compilers of both sides see each way before it counts. */
  async warmUp(way: Way, pairs: number): Promise<void> {
    for (const traffic of this.#both(way, pairs)) {
      await closedLoop(this.#load, traffic, Math.ceil(this.#plan.messages / 3), inFlight);
    }
  }

  async throughput(way: Way, pairs: number): Promise<Throughput> {
    const rounds = await this.#rounds(this.#both(way, pairs), (traffic) => this.#atFullLoad(traffic));
    return { ...row(way, pairs, rounds), ...compared('ratio', rounds, (one, bare) => one.perSecond / bare.perSecond) };
  }

  /** At half of what both could carry. */
  async latency({ way, pairs, gateway, bare }: Throughput): Promise<Latency> {
    const perSecond = Math.min(gateway.perSecond, bare?.perSecond ?? Number.POSITIVE_INFINITY) / 2;
    const rounds = await this.#rounds(this.#both(way, pairs), (traffic) => this.#atHalfLoad(traffic, perSecond));
    return { ...row(way, pairs, rounds), ...compared('added', rounds, (one, other) => one.p50 - other.p50) };
  }

  #both(way: Way, pairs: number): Traffic[] {
    return [throughGateway(this.#crowd, way, pairs), throughBare(this.#crowd, way, pairs)].filter((one) => !!one);
  }

  async #rounds<R extends Run>(both: Traffic[], run: (traffic: Traffic) => Promise<R>): Promise<R[][]> {
    const rounds: R[][] = [];
    for (let number = 0; number < this.#plan.rounds; number++) rounds.push(await this.#round(both, run));
    return rounds;
  }

  /** A run with the gateway, then one without it; again if other processes disturbed them, while patience lasts. */
  async #round<R extends Run>(both: Traffic[], run: (traffic: Traffic) => Promise<R>): Promise<R[]> {
    const one = async (): Promise<R[]> => {
      const runs: R[] = [];
      for (const traffic of both) runs.push(await run(traffic));
      return runs;
    };
    let best = await one();
    while (disturbanceOf(best) > quiet && !this.#patience.ended) {
      await this.#patience.untilQuiet(this.#processes);
      const again = await this.#patience.spend(one);
      if (disturbanceOf(again) < disturbanceOf(best)) best = again;
    }
    return best;
  }

  async #atFullLoad(traffic: Traffic): Promise<Run> {
    const { messages } = this.#plan;
    const stop = meter(this.#processes);
    const seconds = await closedLoop(this.#load, traffic, messages, inFlight);
    return perMessage(stop(), messages, seconds);
  }

  async #atHalfLoad(traffic: Traffic, perSecond: number): Promise<Timed> {
    const count = Math.ceil(perSecond * this.#plan.seconds);
    const stop = meter(this.#processes);
    const start = now();
    const latencies = await openLoop(this.#load, traffic, count, perSecond);
    const cost = perMessage(stop(), count, (now() - start) / 1000);
    return { ...cost, perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  }
}

function perMessage({ gateway, server, generator, others }: Cost, count: number, seconds: number): Run {
  return {
    perSecond: count / seconds,
    gateway: gateway / count,
    server: server / count,
    generator: generator / count,
    others: others / count,
    disturbance: others / seconds / 1e6,
  };
}

function disturbanceOf(runs: readonly Run[]): number {
  return Math.max(...runs.map((run) => run.disturbance));
}

function row<R extends Run>(way: Way, pairs: number, rounds: readonly R[][]): Row<R> {
  const bare = medians(rounds.flatMap((runs) => runs.slice(1, 2)));
  const gateway = medians(rounds.flatMap((runs) => runs.slice(0, 1)));
  if (!gateway) throw new Error('there was no round');
  return { way, pairs, gateway, ...(bare ? { bare } : {}) };
}

/** The median of each number by itself. */
function medians<R extends object>(runs: readonly R[]): R | undefined {
  const [first] = runs;
  if (!first) return undefined;
  const keys = Object.keys(first) as (keyof R)[];
  const entries = keys.map((key) => [key, median(runs.map((run) => Number(run[key])))]);
  return Object.fromEntries(entries) as R;
}

function compared<K extends string, R>(name: K, rounds: readonly R[][], compare: (gateway: R, bare: R) => number) {
  const values = rounds.flatMap(([gateway, bare]) => (gateway && bare ? [compare(gateway, bare)] : []));
  return (values.length === 0 ? {} : { [name]: median(values) }) as { [N in K]?: number };
}
