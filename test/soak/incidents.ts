/**
 * What befalls the processes in a soak: the XMPP server and the gateway are killed and started again, or both at once; in a
 * chaos run the faults of faults.ts too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { XmppServer } from '../support/servers/index.ts';
import type { Crowd } from './crowd.ts';
import { clockJump, cutLink, fullDisk, halfOpenLink, slowStore, stall } from './faults.ts';
import type { SoakGateway } from './gateway.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { until } from './until.ts';

/** The XMPP server's end: what it took in the last second before may be lost. Times of performance.now(). */
export interface Kill {
  readonly at: number;
  readonly deadAt: number;
}

export interface Scene {
  readonly server: XmppServer;
  readonly gateway: SoakGateway;
  readonly crowd: Crowd;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Seconds between incidents, from and to. */
  readonly calm: readonly [number, number];
  readonly kinds: readonly IncidentKind[];
  /** Seconds that a fault lasts at the most, where it has an end of its own. */
  readonly longest: number;
  readonly tell: (what: string) => void;
}

const kills = {
  'kills of the XMPP server': killServer,
  'kills of the gateway': (scene) => restartGateway(scene, 'SIGKILL'),
  'stops of the gateway': (scene) => restartGateway(scene, 'SIGTERM'),
  'kills of both at once': async (scene) => {
    const [kill] = await Promise.all([killServer(scene), restartGateway(scene, 'SIGKILL')]);
    return kill;
  },
} satisfies Record<string, (scene: Scene) => Promise<Kill | undefined>>;

const incidents = {
  ...kills,
  'cuts of the link': cutLink,
  'half-open links': halfOpenLink,
  'full disks': fullDisk,
  'jumps of the clock': clockJump,
  'stalls of the event loop': stall,
  'times of a slow store': slowStore,
} satisfies Record<string, (scene: Scene) => Promise<Kill | undefined>>;

export type IncidentKind = keyof typeof incidents;
export const killKinds = Object.keys(kills) as IncidentKind[];
export const allKinds = Object.keys(incidents) as IncidentKind[];

/** One incident after the other, each kind in its turn, until that time; resolves when all is up again. */
export async function befall(scene: Scene, end: number): Promise<Kill[]> {
  const { ledger, random, calm } = scene;
  const ends: Kill[] = [];
  let kinds: IncidentKind[] = [];
  await delay(1000 * random.between(...calm));
  while (performance.now() < end) {
    if (kinds.length === 0) kinds = shuffled(scene.kinds, random);
    const kind = kinds.pop();
    if (!kind) break;
    ledger.count(kind);
    ledger.events.push(`${ledger.clock()} ${kind}`);
    scene.tell(`${ledger.clock()} ${kind}`);
    const kill = await incidents[kind](scene);
    if (kill) ends.push(kill);
    await delay(1000 * random.between(...calm));
  }
  return ends;
}

async function killServer({ server, gateway, crowd, random }: Scene): Promise<Kill> {
  const at = performance.now();
  await server.kill('SIGKILL');
  const deadAt = performance.now();
  await delay(random.between(0, 2000));
  // On a busy machine ejabberd may take longer than the patience of its door.
  await server.restart().catch(() => server.restart());
  await until(() => crowd.users.every(({ online }) => online), 30_000, 'XMPP users after a restart');
  await gateway.ready();
  return { at, deadAt };
}

async function restartGateway({ gateway, random }: Scene, signal: 'SIGKILL' | 'SIGTERM'): Promise<undefined> {
  await gateway.end(signal);
  await delay(random.between(0, 1000));
  await gateway.run();
  await gateway.ready();
  return undefined;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((one) => ({ one, by: random.between(0, 1) }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ one }) => one);
}
