/** The results as Markdown that can be read on a terminal as well. */
import type { Latency, Messages, Throughput } from './messages.ts';
import { quiet } from './meter.ts';
import type { Results } from './run.ts';
import type { Sessions } from './sessions.ts';
import { type Cell, table } from './table.ts';

/** What has to hold: the first targets of the project. */
export interface Target {
  what: string;
  limit: string;
  value: string;
  met: boolean;
}

export function report(results: Results): string {
  const { machine, date, plan } = results;
  return [
    '# Results of the benchmark',
    `\`npm run bench -- --write\` on ${date}; README.md beside this file says how it is measured.`,
    table(
      ['machine', ''],
      [
        ['CPU', machine.cpu],
        ['memory', machine.memory],
        ['system', machine.system],
        ['Node', machine.node],
        ['load before the start', machine.load],
        ['plan', `${plan.rounds} rounds of ${plan.messages} messages, and of ${plan.seconds} s at half load`],
      ],
    ),
    ...disturbance(results),
    ...results.servers.flatMap(({ title, ...messages }) => [`## ${title}`, ...ofMessages(messages)]),
    '## Sessions',
    ofSessions(results.sessions),
    '## Targets',
    ofTargets(targets(results)),
  ].join('\n\n');
}

function ofMessages({ throughput, latency }: Messages): string[] {
  return [
    'At full load: messages per second, and CPU microseconds per message. "Bare" is the same load without the gateway.',
    table(
      // biome-ignore format: as the rows are
      ['way', 'pairs', 'messages/s', 'bare', 'ratio', 'gateway CPU', 'server CPU', 'server CPU, bare', 'gateway ÷ server', 'generator CPU', 'bare', 'other cores'],
      throughput.map(fullLoad),
    ),
    'At half load: milliseconds from the moment a message was meant to be sent to its arrival.',
    table(
      // biome-ignore format: as the rows are
      ['way', 'messages/s', 'p50', 'bare p50', 'added p50', 'p99', 'bare p99', 'gateway CPU', 'server CPU', 'server CPU, bare', 'gateway ÷ server', 'generator CPU', 'other cores'],
      latency.map(halfLoad),
    ),
  ];
}

function fullLoad({ way, pairs, gateway, bare, ratio }: Throughput): Cell[] {
  return [
    way,
    pairs,
    round(gateway.perSecond),
    round(bare?.perSecond),
    ratio?.toFixed(2),
    round(gateway.gateway),
    round(gateway.server),
    round(bare?.server),
    share(gateway, bare),
    round(gateway.generator),
    round(bare?.generator),
    gateway.disturbance.toFixed(2),
  ];
}

function halfLoad({ way, gateway, bare, added }: Latency): Cell[] {
  return [
    way,
    round(gateway.perSecond),
    gateway.p50.toFixed(2),
    bare?.p50.toFixed(2),
    added?.toFixed(2),
    gateway.p99.toFixed(2),
    bare?.p99.toFixed(2),
    round(gateway.gateway),
    round(gateway.server),
    round(bare?.server),
    share(gateway, bare),
    round(gateway.generator),
    gateway.disturbance.toFixed(2),
  ];
}

/** Of the gateway's CPU time in the server's, where there is a server in between. */
function share({ gateway, server }: Throughput['gateway'], bare: object | undefined): string | undefined {
  return bare && (gateway / server).toFixed(2);
}

/** Words of warning where other processes had a part of the cores. */
function disturbance({ servers }: Results): string[] {
  const rows = servers.flatMap(({ throughput, latency }) => [...throughput, ...latency]);
  const most = Math.max(0, ...rows.flatMap(({ gateway, bare }) => [gateway.disturbance, bare?.disturbance ?? 0]));
  if (most <= quiet) return [];
  return [
    `**Disturbed:** other processes used up to ${most.toFixed(2)} cores meanwhile; run it again on a quiet machine.`,
  ];
}

function ofSessions(sessions: readonly Sessions[]): string {
  const rows = sessions.map((one) => [
    `\`${one.store}\``,
    one.sessions,
    kib(one.rss),
    kib(one.heap),
    round(one.cpu),
    one.single50.toFixed(2),
    one.single99.toFixed(2),
    `${one.burst50.toFixed(0)} / ${one.burst99.toFixed(0)} of ${one.burst}`,
  ]);
  // biome-ignore format: as the rows are
  const head = ['store', 'sessions', 'RSS KiB each', 'heap KiB each', 'CPU µs per connect', 'ready p50 ms', 'p99 ms', 'in a burst: p50 / p99 ms'];
  return table(head, rows);
}

export function targets({ servers, sessions }: Results): Target[] {
  const prosody = servers.find(({ title }) => title.startsWith('Prosody'));
  const send = prosody?.throughput.find(({ way, pairs }) => way === 'web → XMPP' && pairs > 1);
  const added = (prosody?.latency ?? []).flatMap((one) => one.added ?? []);
  const share = send ? send.gateway.gateway / send.gateway.server : Number.NaN;
  const rss = sessions.length > 0 ? Math.max(...sessions.map((one) => one.rss)) / 1024 : undefined;
  const all = [
    target("gateway's CPU per message web → XMPP, archive included, of Prosody's", '≤ 0.50', share, share <= 1 / 2),
    target(
      "messages/s web → XMPP, of the bare component's on Prosody",
      '≥ 0.90',
      send?.ratio,
      (send?.ratio ?? 0) >= 0.9,
    ),
    target(
      'added p50 on Prosody, ms',
      '≤ 1',
      added.length > 0 ? Math.max(...added) : undefined,
      Math.max(...added) <= 1,
    ),
    target('RSS per idle session, KiB', '≤ 30', rss, (rss ?? 99) <= 30),
  ];
  return prosody ? all : all.slice(-1);
}

function target(what: string, limit: string, value: number | undefined, met: boolean): Target {
  return { what, limit, value: value?.toFixed(2) ?? 'not measured', met: met && value !== undefined };
}

function ofTargets(all: readonly Target[]): string {
  return table(
    ['target', 'limit', 'measured', ''],
    all.map(({ what, limit, value, met }) => [what, limit, value, met ? 'met' : 'missed']),
  );
}

function round(value: number | undefined): string | undefined {
  return value?.toFixed(0);
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
