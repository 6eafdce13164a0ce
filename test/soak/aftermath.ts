/**
 * What a chaos run leaves behind: while all are online nobody is missing in the room, and no session hangs; when all have
 * logged out no session, no socket, no query and no occupant is left.
 */
import type { XmppServer } from '../support/servers/index.ts';
import type { Crowd } from './crowd.ts';
import type { SoakGateway } from './gateway.ts';
import { occupants } from './room.ts';

const patienceMs = 60_000;
const againMs = 500;

export async function missing(
  server: XmppServer,
  gateway: SoakGateway,
  crowd: Crowd,
  inRoom: number,
): Promise<string[]> {
  const nicks = Array.from({ length: inRoom }, (_, i) => `w${i}`);
  const clients = crowd.accounts.reduce((sum, account) => sum + account.clients.length, 0);
  return lasting(async () => {
    const there = await occupants(server);
    const figures = await counted(gateway, [
      `stanzawire_sessions{state="attached"}`,
      'stanzawire_sockets{state="open"}',
    ]);
    return [
      ...nicks.filter((nick) => !there.includes(nick)).map((nick) => `${nick} is missing in the room`),
      ...there.filter((nick) => nick !== 'talker' && !nicks.includes(nick)).map((nick) => `${nick} is in the room`),
      ...figures.filter(([, value]) => value !== clients).map(([name, value]) => `${name} is ${value}, not ${clients}`),
    ];
  });
}

export async function leftBehind(server: XmppServer, gateway: SoakGateway): Promise<string[]> {
  const names = [
    'stanzawire_sessions{state="attached"}',
    'stanzawire_sessions{state="detached"}',
    'stanzawire_sockets{state="connecting"}',
    'stanzawire_sockets{state="open"}',
    'stanzawire_sockets{state="closing"}',
    'stanzawire_iq_pending',
    'stanzawire_link_queue_bytes',
  ];
  return lasting(async () => {
    const figures = await counted(gateway, names);
    const zombies = (await occupants(server)).filter((nick) => nick !== 'talker');
    return [
      ...figures.filter(([, value]) => value !== 0).map(([name, value]) => `${name} is ${value} when all have left`),
      ...zombies.map((nick) => `${nick} is in the room when all have left`),
    ];
  });
}

/** What is still wrong after that time. */
async function lasting(look: () => Promise<string[]>): Promise<string[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const wrong = await look();
    if (wrong.length === 0 || performance.now() > deadline) return wrong;
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function counted(gateway: SoakGateway, names: readonly string[]): Promise<[name: string, value: number][]> {
  const lines = (await gateway.metrics()).split('\n');
  return names.map((name) => {
    const line = lines.find((one) => one.startsWith(`${name} `));
    return [name, line === undefined ? Number.NaN : Number(line.slice(name.length))];
  });
}
