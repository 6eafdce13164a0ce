/**
 * `npm run bench:steady`: an hour at half of what the machine can carry, in all directions, with clients that come and go.
 * What the process uses is noted every few seconds; memory must not grow.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { testServers } from '../test/support/servers/index.ts';
import { type BenchGateway, startGateway } from './gateway.ts';
import { closedLoop, Load, openLoop } from './load/loops.ts';
import { throughGateway, type Users, type Way } from './load/traffic.ts';
import { WebUser } from './load/web-user.ts';
import { accounts, login } from './messages.ts';
import { median, quantile } from './numbers.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'prosody-0.12' },
    minutes: { type: 'string', default: '60' },
    /** Messages a second; half of what is measured in the beginning, unless it is given. */
    rate: { type: 'string' },
  },
});

const MiB = 2 ** 20;
const ways: readonly Way[] = ['web → XMPP', 'XMPP → web', 'web → web'];
/** Of one way, before the next has its turn. */
const sliceSeconds = 5;
/** Clients that come and go with each slice. */
const visitors = 20;
/** What memory may grow by over the second half, of what it is. */
const flat = 0.05;

interface Sample {
  minute: number;
  rss: number;
  heap: number;
  files: number;
  p99: number;
}

process.exitCode = await main(Number(values.minutes));

async function main(minutes: number): Promise<number> {
  const installed = testServers().find(({ name }) => name === values.server);
  if (!installed) throw new Error(`there is no server ${values.server}`);
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-steady-'));
  const file = join(folder, 'stanzawire.db');
  const server = await installed.start({ accounts });
  try {
    // The store must not grow either: as with a retention that a running gateway has reached.
    const gateway = await startGateway(server, `sqlite:${file}`, [], {
      STANZAWIRE_STORE_RETENTION_PER_CHAT: '1000',
      STANZAWIRE_SESSIONS_RESUME_WINDOW: '10s',
    });
    try {
      const load = new Load();
      const crowd = await login(server, gateway, load);
      const rate = Number(values.rate ?? (await capacity(load, crowd)) / 2);
      console.log(
        `${values.server}, ${minutes} min, ${Math.round(rate)} messages a second, ${visitors} visitors every ${sliceSeconds} s`,
      );
      const samples = await hold(gateway, load, crowd, { minutes, rate });
      for (const { wire } of [...crowd.web, ...crowd.xmpp]) wire.close();
      console.log(`store: ${Math.round(statSync(file).size / MiB)} MiB`);
      return verdict(samples);
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Messages a second, web → XMPP, once the compilers are warm. */
async function capacity(load: Load, crowd: Users): Promise<number> {
  const traffic = throughGateway(crowd, 'web → XMPP', crowd.web.length);
  await closedLoop(load, traffic, 5000, 500);
  return 10_000 / (await closedLoop(load, traffic, 10_000, 500));
}

async function hold(
  gateway: BenchGateway,
  load: Load,
  crowd: Users,
  { minutes, rate }: { minutes: number; rate: number },
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 60_000;
  let shown = -1;
  for (let slice = 0; elapsed() < minutes; slice++) {
    const way = ways[slice % ways.length] ?? 'web → web';
    const visits = Promise.all(Array.from({ length: visitors }, (_, i) => visit(gateway, slice, i)));
    const latencies = await openLoop(
      load,
      throughGateway(crowd, way, crowd.web.length),
      Math.round(rate * sliceSeconds),
      rate,
    );
    await visits;
    const sample = {
      minute: elapsed(),
      rss: (await gateway.metric('process_resident_memory_bytes')) / MiB,
      heap: (await gateway.metric('nodejs_heap_size_used_bytes')) / MiB,
      files: await gateway.metric('process_open_fds'),
      p99: quantile(latencies, 0.99),
    };
    samples.push(sample);
    if (Math.floor(sample.minute / 5) > shown) {
      shown = Math.floor(sample.minute / 5);
      show(samples.slice(-12));
    }
  }
  return samples;
}

/** A client that comes, and goes without a word; every other one has been here before. */
async function visit(gateway: BenchGateway, slice: number, index: number): Promise<void> {
  const name = index % 2 === 0 ? `visitor${index}` : `visitor${index}x${slice}`;
  const user = await WebUser.connect(gateway.port, await gateway.token(name));
  await user.request('chat.list', {});
  user.wire.close();
}

function show(samples: readonly Sample[]): void {
  const last = samples.at(-1);
  if (!last) return;
  const lowest = Math.min(...samples.map(({ heap }) => heap));
  const figures = [
    `${last.minute.toFixed(0).padStart(4)} min`,
    `RSS ${last.rss.toFixed(0)} MiB`,
    `heap, lowest ${lowest.toFixed(0)} MiB`,
    `${last.files} files`,
    `p99 ${median(samples.map(({ p99 }) => p99)).toFixed(1)} ms`,
  ];
  console.log(figures.join(' · '));
}

/** Compares the third quarter with the fourth: what was in use then is what leaks would have made of it. */
function verdict(samples: readonly Sample[]): number {
  show(samples.slice(-12));
  const quarter = Math.floor(samples.length / 4);
  const [third, fourth] = [samples.slice(-2 * quarter, -quarter), samples.slice(-quarter)];
  let worst = 0;
  for (const what of ['rss', 'heap', 'files'] as const) {
    // Between two collections the heap is anything; its lows are what is in use.
    const low = (some: readonly Sample[]) =>
      quantile(
        some.map((one) => one[what]),
        0.1,
      );
    const growth = low(fourth) / low(third) - 1;
    console.log(`${what}: ${low(third).toFixed(1)} → ${low(fourth).toFixed(1)}, ${(100 * growth).toFixed(1)} %`);
    worst = Math.max(worst, growth);
  }
  console.log(worst <= flat ? '✓ flat' : `✗ grows by more than ${100 * flat} %`);
  return worst <= flat ? 0 : 1;
}
