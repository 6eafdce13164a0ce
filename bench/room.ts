/** One room full of web users: what joining costs, what a message to all costs, and what an occupant takes in memory. */
import { setTimeout as delay } from 'node:timers/promises';
import type { XmppServer } from '../test/support/servers/index.ts';
import { rssBytes } from '../test/support/servers/process-tree.ts';
import { type BenchGateway, startGateway } from './gateway.ts';
import { now } from './load/clock.ts';
import { FanOut } from './load/fan-out.ts';
import { WebUser } from './load/web-user.ts';
import { meter } from './meter.ts';
import { median } from './numbers.ts';

export interface RoomPlan {
  readonly occupants: number;
  /** Frames that one run delivers, over all occupants. */
  readonly frames: number;
  readonly rounds: number;
  /** What the process gets to calm down before its memory is read. */
  readonly settleMs: number;
  /** Arguments for the gateway's Node. */
  readonly node: string[];
}

export interface RoomRow {
  server: string;
  occupants: number;
  /** From the first join to the last answer. */
  joinSeconds: number;
  /** CPU microseconds of one join, all presences that come of it included. */
  joinGateway: number;
  joinServer: number;
  /** Bytes that the gateway grew by, per occupant, its session apart. */
  rss: number;
  heap: number;
  /** Messages that came back from the room, and frames that reached somebody, per second. */
  reflected: number;
  delivered: number;
  /** CPU microseconds of the gateway per delivered frame, and of the server per stanza that it took or gave. */
  gateway: number;
  stanza: number;
  /** Of the load generator, per frame. */
  generator: number;
  /** How many cores other processes of the machine used meanwhile. */
  disturbance: number;
}

type Run = Pick<RoomRow, 'reflected' | 'delivered' | 'gateway' | 'stanza' | 'generator' | 'disturbance'>;

/** How many connect, or join, at once. */
const crowd = 20;
/** How many of the occupants speak, and how many messages may be unconfirmed. */
const speakers = 20;
const window = 20;
const joinMs = 120_000;

export async function benchRoom(server: XmppServer, plan: RoomPlan): Promise<RoomRow> {
  const gateway = await startGateway(server, 'memory:', plan.node, { STANZAWIRE_XMPP_PACE: '1000000' });
  const users: WebUser[] = [];
  try {
    await warmUp(gateway, server);
    await connect(gateway, users, plan.occupants, 'member');
    const before = await memory(gateway, plan.settleMs);
    const room = `hall@${server.rooms}`;
    const processes = { gateway: gateway.pid, server: server.pid };
    const stop = meter(processes);
    const start = now();
    await join(users, room);
    const joinSeconds = (now() - start) / 1000;
    const after = await memory(gateway, plan.settleMs);
    const joining = stop();
    return {
      server: server.name,
      occupants: plan.occupants,
      joinSeconds,
      joinGateway: joining.gateway / plan.occupants,
      joinServer: joining.server / plan.occupants,
      rss: (after.rss - before.rss) / plan.occupants,
      heap: (after.heap - before.heap) / plan.occupants,
      ...(await speak(users, room, processes, plan)),
    };
  } finally {
    for (const { wire } of users) wire.close();
    await gateway.stop();
  }
}

/** The process has seen what a room is, so that what it learns once does not count as an occupant's. */
async function warmUp(gateway: BenchGateway, server: XmppServer): Promise<void> {
  const users: WebUser[] = [];
  await connect(gateway, users, crowd, 'early');
  const room = `cellar@${server.rooms}`;
  await join(users, room);
  const load = new FanOut();
  for (const user of users) user.listen(load);
  await load.run(users, room, users.length, 500, window);
  for (const { wire } of users) wire.close();
}

async function memory(gateway: BenchGateway, settleMs: number): Promise<{ rss: number; heap: number }> {
  await delay(settleMs);
  return { rss: rssBytes(gateway.pid), heap: await gateway.metric('nodejs_heap_size_used_bytes') };
}

async function connect(gateway: BenchGateway, users: WebUser[], count: number, name: string): Promise<void> {
  for (let first = 0; first < count; first += crowd) {
    const names = Array.from({ length: Math.min(crowd, count - first) }, (_, index) => `${name}${first + index}`);
    users.push(
      ...(await Promise.all(names.map(async (name) => WebUser.connect(gateway.port, await gateway.token(name))))),
    );
  }
}

async function join(users: readonly WebUser[], room: string): Promise<void> {
  const [founder, ...others] = users;
  await founder?.request('room.create', { room, nick: 'n0' }, joinMs);
  for (let first = 0; first < others.length; first += crowd) {
    const some = others.slice(first, first + crowd);
    await Promise.all(
      some.map((user, index) => user.request('room.join', { room, nick: `n${first + index + 1}` }, joinMs)),
    );
  }
}

async function speak(
  users: readonly WebUser[],
  room: string,
  processes: { gateway: number; server: number },
  { occupants, frames, rounds }: RoomPlan,
) {
  const load = new FanOut();
  for (const user of users) user.listen(load);
  const count = Math.max(window, Math.ceil(frames / occupants));
  const senders = users.slice(0, speakers);
  await load.run(senders, room, occupants, Math.ceil(count / 4), window);
  const all: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    const stop = meter(processes);
    const seconds = await load.run(senders, room, occupants, count, window);
    const { gateway, server, generator, others } = stop();
    all.push({
      reflected: count / seconds,
      delivered: (count * occupants) / seconds,
      gateway: gateway / count / occupants,
      // one in, and one to each
      stanza: server / count / (occupants + 1),
      generator: generator / count / occupants,
      disturbance: others / seconds / 1e6,
    });
  }
  const of = (key: keyof Run): number => median(all.map((run) => run[key]));
  return {
    reflected: of('reflected'),
    delivered: of('delivered'),
    gateway: of('gateway'),
    stanza: of('stanza'),
    generator: of('generator'),
    disturbance: of('disturbance'),
  };
}
