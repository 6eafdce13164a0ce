/** What befalls the gateway from outside in a chaos run: its network, its disk, its clock, its processor. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from './incidents.ts';
import { until } from './until.ts';

const hour = 3_600_000;
/** Until a connection that says nothing is given up: the keepalive, then the fence. */
const unheardMs = 60_000;

export async function cutLink({ gateway, random }: Scene): Promise<undefined> {
  gateway.network.cut();
  await delay(random.between(100, 5000));
  gateway.network.mend();
  await gateway.ready();
}

/** What both sides write is lost, and neither is told; the gateway has to find out. */
export async function halfOpenLink({ gateway, ledger, random }: Scene): Promise<undefined> {
  const began = performance.now();
  const gone = gateway.network.swallow();
  await until(() => gone(), unheardMs, 'the end of a connection that says nothing');
  ledger.count('half-open links: seconds until the gateway noticed', Math.round((performance.now() - began) / 1000));
  await delay(random.between(0, 500));
  await gateway.ready();
}

export async function fullDisk({ gateway, random }: Scene): Promise<undefined> {
  gateway.disk.fill();
  await delay(random.between(500, 5000));
  gateway.disk.empty();
}

/** There and, later, back. */
export async function clockJump({ gateway, random }: Scene): Promise<undefined> {
  await gateway.live({ shiftMs: Math.round(random.between(-2 * hour, 2 * hour)) });
  await delay(random.between(2000, 8000));
  await gateway.live({ shiftMs: 0 });
}

/** Longer, at times, than its clients' patience with it. */
export async function stall({ gateway, random }: Scene): Promise<undefined> {
  gateway.signal('SIGSTOP');
  await delay(random.between(500, 14_000));
  gateway.signal('SIGCONT');
  await gateway.ready();
}

export async function slowStore({ gateway, random }: Scene): Promise<undefined> {
  await gateway.live({ slowMs: Math.round(random.between(5, 80)) });
  await delay(random.between(2000, 8000));
  await gateway.live({ slowMs: 0 });
  await gateway.ready();
}
