/**
 * `npm run bench:resume`: a storm of resumes. Every socket of many sessions is dropped at the same moment and every client
 * comes back: at once, and as good clients do, after a random time below a second. Each account has a contact, and the
 * XMPP server is a scripted one, which counts every stanza: nothing may happen that a contact can see.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStore } from '../src/store/open.ts';
import { upstreamOf } from '../test/support/gateway.ts';
import { ScriptedServer } from '../test/support/scripted-server.ts';
import { cpuMicros } from '../test/support/servers/process-tree.ts';
import { type BenchGateway, startGateway } from './gateway.ts';
import { now } from './load/clock.ts';
import { WebUser } from './load/web-user.ts';
import { quantile } from './numbers.ts';

const usage = `usage: npm run bench:resume -- [OPTION …]
  --sessions N    sessions (default 5000)
  --accounts N    accounts that they belong to (default: one each)
  --rounds N      storms of each kind (default 3)`;

const domain = 'web.example.test';
const contact = 'romeo@example.test';
/** How many connect at once in the beginning. */
const crowd = 50;
const quietMs = 1000;

interface Options {
  readonly sessions: number;
  readonly accounts: number;
  readonly rounds: number;
}

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '5000' },
    accounts: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(usage);
else process.exitCode = await main(readOptions());

function readOptions(): Options {
  const sessions = Number(values.sessions);
  return { sessions, accounts: Number(values.accounts ?? sessions), rounds: Number(values.rounds) };
}

async function main(options: Options): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-bench-'));
  const url = `sqlite:${join(folder, 'bench.db')}`;
  const server = await ScriptedServer.start({ domain, server: 'example.test' });
  try {
    await makeAccounts(url, options.accounts);
    const gateway = await startGateway(upstreamOf(server), url, [], {
      STANZAWIRE_XMPP_PACE: '1000000',
      STANZAWIRE_SESSIONS_RESUME_WINDOW: '1h',
    });
    try {
      return await measure(gateway, server, options);
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each with a contact that sees its presence. */
async function makeAccounts(url: string, count: number): Promise<void> {
  const store = await openStore(url);
  const names = Array.from({ length: count }, (_, i) => `user${i}@${domain}`);
  await Promise.all(
    names.flatMap((name) => [
      store.openAccount(name, true),
      store.saveRosterItem(name, { jid: contact, groups: [], subscription: 'both' }),
    ]),
  );
  await store.close();
}

async function measure(gateway: BenchGateway, server: ScriptedServer, options: Options): Promise<number> {
  const { sessions, accounts, rounds } = options;
  const tokens = await Promise.all(Array.from({ length: sessions }, (_, i) => gateway.token(`user${i % accounts}`)));
  let users: WebUser[] = [];
  for (let first = 0; first < sessions; first += crowd) {
    const some = tokens.slice(first, first + crowd);
    users.push(...(await Promise.all(some.map((token) => WebUser.connect(gateway.port, token)))));
  }
  await quiet(server);
  const shown = server.received.filter(({ name, attrs }) => name === 'presence' && attrs.to === contact && !attrs.type);
  console.log(`${sessions} sessions of ${accounts} accounts; ${shown.length} presences to their contact`);
  let failures = shown.length === accounts ? 0 : 1;
  for (const kind of ['at once', 'after a random time below 1 s'] as const) {
    for (let round = 0; round < rounds; round++) {
      const { line, back, seen } = await storm(gateway, server, { users, tokens }, kind === 'at once' ? 0 : 1000);
      users = back;
      if (seen > 0) failures++;
      console.log(`back ${kind}: ${line}; stanzas that the XMPP server saw: ${seen}`);
    }
  }
  for (const { wire } of users) wire.close();
  return failures === 0 ? 0 : 1;
}

interface Crowd {
  readonly users: readonly WebUser[];
  readonly tokens: readonly string[];
}

/** Drops every socket and lets every client come back within that time. */
async function storm(gateway: BenchGateway, server: ScriptedServer, { users, tokens }: Crowd, withinMs: number) {
  const before = server.received.length;
  const cpu = cpuMicros(gateway.pid);
  const start = now();
  for (const { wire } of users) wire.close();
  const times = new Float64Array(users.length);
  const comeBack = async (user: WebUser, index: number): Promise<WebUser> => {
    await delay(Math.random() * withinMs);
    const from = now();
    const back = await WebUser.connect(gateway.port, tokens[index] ?? '', { session: user.session, seq: 0 });
    times[index] = now() - from;
    if (back.session !== user.session) throw new Error(`${back.jid} has a new session`);
    return back;
  };
  const back = await Promise.all(users.map(comeBack));
  const whole = now() - start;
  const used = (cpuMicros(gateway.pid) - cpu) / 1000;
  await quiet(server);
  const line =
    `all ${back.length} resumed in ${(whole / 1000).toFixed(2)} s; to ready p50 ${quantile(times, 0.5).toFixed(0)} ms, ` +
    `p99 ${quantile(times, 0.99).toFixed(0)} ms, longest ${quantile(times, 1).toFixed(0)} ms; ` +
    `CPU of the gateway ${used.toFixed(0)} ms, ${((1000 * used) / back.length).toFixed(0)} µs each`;
  return { line, back, seen: server.received.length - before };
}

/** Until nothing has come to the XMPP server for a while. */
async function quiet(server: ScriptedServer): Promise<void> {
  for (let last = -1; last !== server.received.length; ) {
    last = server.received.length;
    await delay(quietMs);
  }
}
