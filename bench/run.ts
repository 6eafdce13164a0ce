/** The whole benchmark: each server in turn, then the sessions, which need one only to be ready. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServers, type ServerName } from '../scripts/servers.mjs';
import { testServers, type XmppServer } from '../test/support/servers/index.ts';
import { startGateway } from './gateway.ts';
import { describeMachine, type Machine } from './machine.ts';
import { accounts, bareDomain, benchMessages, type Messages, type Plan } from './messages.ts';
import { Patience } from './meter.ts';
import { benchSessions, type Sessions, type SessionsPlan } from './sessions.ts';

export interface BenchOptions {
  /** `prosody`, `ejabberd`: the first of that kind that is installed; `all`: both; or one by its name. */
  readonly server: string;
  /** Leaves Nagle's algorithm on in Prosody, as it is by default. */
  readonly nagle: boolean;
  /** How long to wait for a quiet machine, and to repeat what was disturbed, in all. */
  readonly patienceMs: number;
  readonly messages: Plan;
  readonly sessions: SessionsPlan;
}

export interface Results {
  date: string;
  machine: Machine;
  plan: Plan;
  servers: (Messages & { title: string })[];
  sessions: Sessions[];
}

/** @throws Error if a server is missing, or if a message is lost */
export async function runBench(options: BenchOptions, say: (what: string) => void): Promise<Results> {
  const names = chosen(options.server);
  const patience = new Patience(options.patienceMs);
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    plan: options.messages,
    servers: [],
    sessions: [],
  };
  for (const [index, name] of names.entries()) {
    const server = await start(name, options);
    try {
      await patience.untilQuiet({ server: server.pid });
      say(`${titleOf(name)}: messages`);
      results.servers.push({ title: titleOf(name), ...(await messages(server, options.messages, patience)) });
      if (index === 0) {
        say(`${titleOf(name)}: ${options.sessions.sessions} idle sessions`);
        await patience.untilQuiet({ server: server.pid });
        results.sessions.push(...(await sessions(server, options.sessions)));
      }
    } finally {
      await server.stop();
    }
  }
  return results;
}

function chosen(wanted: string): ServerName[] {
  const names = testServers().flatMap(({ name, available }) => (available ? [name] : []));
  const kinds = wanted === 'all' ? ['prosody', 'ejabberd'] : [wanted];
  return kinds.map((kind) => {
    const found = names.find((name) => name === kind || name.startsWith(`${kind}-`));
    if (!found) throw new Error(`there is no server ${kind} here, only: ${names.join(', ') || 'none'}`);
    return found;
  });
}

async function start(name: ServerName, { nagle }: BenchOptions): Promise<XmppServer> {
  const found = testServers().find((one) => one.name === name);
  if (!found) throw new Error(`there is no server ${name}`);
  const server = await found.start({ accounts, components: [bareDomain] });
  if (server.kind === 'prosody' && !nagle) await switchNagleOff(server);
  return server;
}

/**
 * With it, Prosody keeps a stanza back until the last one was acknowledged, which the receiver's kernel may put off for
 * 40 ms: what is measured then are the two kernels' timers, with the gateway and without it.
 */
async function switchNagleOff(server: XmppServer): Promise<void> {
  const file = join(server.dir, 'prosody.cfg.lua');
  writeFileSync(file, `network_settings = { nagle = false }\n${readFileSync(file, 'utf8')}`);
  await server.restart();
}

function titleOf(name: ServerName): string {
  const found = findServers().found.find((one) => one.name === name);
  return `${found?.kind === 'prosody' ? 'Prosody' : 'ejabberd'} ${found?.version ?? ''}`;
}

/** With the archive in a file, as it is run. */
async function messages(server: XmppServer, plan: Plan, patience: Patience): Promise<Messages> {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-bench-'));
  const gateway = await startGateway(server, `sqlite:${join(folder, 'bench.db')}`);
  try {
    return await benchMessages(server, gateway, plan, patience);
  } finally {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On each store, each with a gateway that has done nothing before. */
async function sessions(server: XmppServer, plan: SessionsPlan): Promise<Sessions[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stanzawire-bench-'));
  const stores = { 'memory:': 'memory:', 'sqlite:': `sqlite:${join(folder, 'bench.db')}` };
  const results: Sessions[] = [];
  try {
    for (const [name, url] of Object.entries(stores)) {
      const gateway = await startGateway(server, url);
      try {
        results.push(await benchSessions(gateway, name, plan));
      } finally {
        await gateway.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}
