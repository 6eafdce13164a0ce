/** A soak or chaos run, whole: servers, crowd, load, incidents, the quiet after them, the audit of every archive, the verdict. */

import { JsonClient } from '../support/json-client.ts';
import { testServers, type XmppServer } from '../support/servers/index.ts';
import { leftBehind, missing } from './aftermath.ts';
import { type Crowd, type CrowdSize, gather, userName, type WebAccount } from './crowd.ts';
import { SoakGateway } from './gateway.ts';
import { allKinds, befall, type IncidentKind, killKinds } from './incidents.ts';
import { Ledger } from './ledger.ts';
import { seeded } from './random.ts';
import { Talker, talker } from './room.ts';
import { Traffic, type TrafficPlan } from './traffic.ts';
import { until } from './until.ts';
import { judge } from './verdict.ts';
import { type Seen, seenIn } from './view.ts';

export interface SoakPlan extends CrowdSize, TrafficPlan {
  readonly server: string;
  readonly seed: number;
  /** How long messages flow. */
  readonly seconds: number;
  /** Seconds between incidents, from and to. */
  readonly calm: readonly [number, number];
  /** Configuration of the gateway, over the soak's own. */
  readonly env?: Record<string, string>;
  /** Every kind of fault, or some, beside the kills of a soak; with a room that some accounts are in. */
  readonly chaos?: boolean | readonly IncidentKind[];
  /** Seconds that such a fault lasts at the most. */
  readonly longest?: number;
}

export interface SoakResult {
  readonly counts: ReadonlyMap<string, number>;
  /** What befell the processes, with the second of it. */
  readonly events: readonly string[];
  /** What must not have been, each with the history of the message. */
  readonly violations: readonly string[];
}

/** So long nothing may come before it counts as quiet; and so long that may take. */
const quietMs = 1500;
const settleMs = 90_000;
/** Histories that are shown. */
const shown = 20;

export async function soak(plan: SoakPlan, tell: (what: string) => void): Promise<SoakResult> {
  const installed = testServers().find(({ name }) => name === plan.server);
  if (!installed) throw new Error(`there is no server ${plan.server}`);
  const accounts = Array.from({ length: plan.users }, (_, i) => userName(i));
  const server = await installed.start({ accounts: [...accounts, talker] });
  try {
    const gateway = await SoakGateway.start(server, plan.env, plan.chaos !== undefined);
    try {
      await gateway.ready();
      return await run(plan, server, gateway, tell);
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.stop();
  }
}

async function run(
  plan: SoakPlan,
  server: XmppServer,
  gateway: SoakGateway,
  tell: (what: string) => void,
): Promise<SoakResult> {
  const ledger = new Ledger();
  const random = seeded(plan.seed);
  const crowd = await gather(plan, server, gateway, ledger);
  const inRoom = plan.inRoom ?? 0;
  const talk = inRoom > 0 ? new Talker(server) : undefined;
  try {
    tell(`${plan.accounts} accounts × ${plan.sessions}, ${plan.users} XMPP users, ${plan.seconds} s of messages`);
    const traffic = new Traffic(crowd, ledger, random, plan);
    traffic.start();
    const kinds = kindsOf(plan, gateway, tell);
    const { calm, longest = Number.POSITIVE_INFINITY } = plan;
    const scene = { server, gateway, crowd, ledger, random: seeded(plan.seed + 1), kinds, tell, calm, longest };
    const kills = await befall(scene, performance.now() + 1000 * plan.seconds);
    await traffic.stop();
    tell('the load is over: everybody comes back and catches up');
    await settle(crowd, ledger);
    tell('the audit of every archive');
    const archives = new Map<string, Seen[]>();
    for (const account of crowd.accounts) archives.set(account.jid, await audit(gateway, account));
    const problems = judge({
      ledger,
      crowd,
      archives,
      kills,
      kind: server.kind,
      clockIsSteady: !kinds.includes('jumps of the clock'),
    });
    const remains = plan.chaos === undefined ? [] : await missing(server, gateway, crowd, inRoom);
    if (plan.chaos !== undefined) {
      tell('all log out');
      for (const { clients } of crowd.accounts) for (const client of clients) client.leave();
      remains.push(...(await leftBehind(server, gateway)));
    }
    const history = (key = ''): readonly string[] =>
      (ledger.said.get(key)?.history ?? []).map((step) => `${key} ${step}`);
    const told = problems.map(({ key, what, beside }, i) => {
      const steps = i < shown ? [...history(key), ...history(beside)] : [];
      return [`${key}: ${what}`, ...steps].join('\n    ');
    });
    return {
      counts: ledger.counts,
      events: ledger.events,
      violations: [...ledger.violations, ...told, ...remains, ...gateway.complaints],
    };
  } finally {
    talk?.stop();
    for (const { clients } of crowd.accounts) for (const client of clients) client.stop();
    for (const user of crowd.users) user.stop();
  }
}

function kindsOf({ chaos }: SoakPlan, { disk }: SoakGateway, tell: (what: string) => void): readonly IncidentKind[] {
  if (chaos === undefined || chaos === false) return killKinds;
  const wanted = chaos === true ? allKinds : chaos;
  if (disk.mounted) return wanted;
  tell('no disk is full in this run: only root can mount one for the store');
  return wanted.filter((kind) => kind !== 'full disks');
}

/** Until all are online, nobody waits for an answer, and nothing comes any more. */
async function settle({ accounts, users }: Crowd, ledger: Ledger): Promise<void> {
  const clients = accounts.flatMap((account) => account.clients);
  const idle = (): boolean => clients.every(({ settled }) => settled) && users.every(({ online }) => online);
  for (const client of clients) client.hurry();
  await until(idle, settleMs, 'everybody online and answered');
  // What came in the middle of a login may have been kept for the next.
  await Promise.all(users.map((user) => user.leave(0)));
  await Promise.all(users.map((user) => user.settle()));
  await until(() => idle() && performance.now() - ledger.lastNews > quietMs, settleMs, 'quiet');
}

/** The whole archive of an account, as a client without memory reads it: page by page, from its end. */
async function audit(gateway: SoakGateway, { token }: WebAccount): Promise<Seen[]> {
  const client = await JsonClient.connect(gateway.url, { token, presence: false });
  const items: Seen[] = [];
  for (let before: string | undefined; ; ) {
    const cursor = before === undefined ? {} : { before };
    const page = await client.request('history.get', { view: 'log', max: 100, ...cursor }, 10_000);
    items.unshift(
      ...page.items.map((item) => seenIn(item as Parameters<typeof seenIn>[0])).filter((one) => one !== undefined),
    );
    if (page.complete || page.first === undefined) break;
    before = page.first;
  }
  await client.close();
  return items;
}
