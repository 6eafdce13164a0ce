/** What befalls the gateway from outside in a chaos run: its network, its disk, its clock, its processor. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from './incidents.ts';
import { until } from './until.ts';

const hour = 3_600_000;
/** Until a connection that says nothing is given up: the keepalive, then the fence. */
const unheardMs = 60_000;

export async function cutLink(scene: Scene): Promise<undefined> {
  const { gateway } = scene;
  gateway.network.cut();
  await lasts(scene, 100, 5000);
  gateway.network.mend();
  await gateway.ready();
}

/** What both sides write is lost, and neither is told; the gateway has to find out. */
export async function halfOpenLink(scene: Scene): Promise<undefined> {
  const { gateway, ledger } = scene;
  const began = performance.now();
  const gone = gateway.network.swallow();
  await until(() => gone(), unheardMs, 'the end of a connection that says nothing');
  ledger.count('half-open links: seconds until the gateway noticed', Math.round((performance.now() - began) / 1000));
  await lasts(scene, 0, 500);
  await gateway.ready();
}

export async function fullDisk(scene: Scene): Promise<undefined> {
  const { gateway } = scene;
  gateway.disk.fill();
  await lasts(scene, 500, 5000);
  gateway.disk.empty();
}

/** There and, later, back. */
export async function clockJump(scene: Scene): Promise<undefined> {
  const { gateway, random } = scene;
  await gateway.live({ shiftMs: Math.round(random.between(-2 * hour, 2 * hour)) });
  await lasts(scene, 2000, 8000);
  await gateway.live({ shiftMs: 0 });
}

/** Longer, at times, than its clients' patience with it. */
export async function stall(scene: Scene): Promise<undefined> {
  const { gateway } = scene;
  gateway.signal('SIGSTOP');
  await lasts(scene, 500, 14_000);
  gateway.signal('SIGCONT');
  await gateway.ready();
}

export async function slowStore(scene: Scene): Promise<undefined> {
  const { gateway, random } = scene;
  await gateway.live({ slowMs: Math.round(random.between(5, 80)) });
  await lasts(scene, 2000, 8000);
  await gateway.live({ slowMs: 0 });
  await gateway.ready();
}

function lasts({ random, longest }: Scene, fromMs: number, toMs: number): Promise<void> {
  return delay(random.between(fromMs, Math.max(fromMs, Math.min(toMs, 1000 * longest))));
}
