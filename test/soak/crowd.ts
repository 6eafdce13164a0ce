/** Who takes part in a soak: the clients of every web account, the XMPP users, and who is whose contact. */
import type { XmppServer } from '../support/servers/index.ts';
import type { SoakGateway } from './gateway.ts';
import type { Ledger } from './ledger.ts';
import { roomOf } from './room.ts';
import { until } from './until.ts';
import { WebClient } from './web-client.ts';
import { XmppUser } from './xmpp-user.ts';

export interface WebAccount {
  readonly jid: string;
  readonly token: string;
  readonly clients: readonly WebClient[];
  /** Who sees its presence, and so is told that a message was received. */
  readonly contacts: readonly XmppUser[];
}

export interface Crowd {
  readonly accounts: readonly WebAccount[];
  readonly users: readonly XmppUser[];
}

export interface CrowdSize {
  readonly accounts: number;
  /** Clients of each account. */
  readonly sessions: number;
  readonly users: number;
  /** How many of the accounts are in the room. */
  readonly inRoom?: number;
}

/** How many come online at once: neither side has to be stormed for this. */
const group = 20;
const onlineMs = 30_000;

export const userName = (index: number): string => `x${index}`;

/** Resolves when all are online and know each other. */
export async function gather(
  size: CrowdSize,
  server: XmppServer,
  gateway: SoakGateway,
  ledger: Ledger,
): Promise<Crowd> {
  const users = Array.from({ length: size.users }, (_, i) => new XmppUser(server, userName(i), ledger));
  await Promise.all(users.map((user) => user.start()));
  const accounts: WebAccount[] = [];
  while (accounts.length < size.accounts) {
    // The first makes the room that others come into.
    const count = accounts.length === 0 ? 1 : Math.min(group, size.accounts - accounts.length);
    const indices = Array.from({ length: count }, (_, i) => accounts.length + i);
    const some = await Promise.all(indices.map((i) => account(i, { size, users, server, gateway, ledger })));
    await until(() => some.every(({ clients }) => clients.every(({ settled }) => settled)), onlineMs, 'the crowd');
    await Promise.all(some.flatMap(({ jid, contacts }) => contacts.map((contact) => contact.subscribe(jid))));
    accounts.push(...some);
  }
  return { accounts, users };
}

interface Setting {
  readonly size: CrowdSize;
  readonly users: readonly XmppUser[];
  readonly server: XmppServer;
  readonly gateway: SoakGateway;
  readonly ledger: Ledger;
}

async function account(index: number, { size, users, server, gateway, ledger }: Setting): Promise<WebAccount> {
  const room = { jid: roomOf(server), nick: `w${index}`, isFirst: index === 0 };
  const token = await gateway.token(`w${index}`);
  const clients = Array.from({ length: size.sessions }, (_, i) => {
    const name = `w${index}.${i}`;
    const joins = i === 0 && index < (size.inRoom ?? 0) ? { room } : {};
    return new WebClient({ name, url: gateway.url, token, acks: i % 3 !== 2, approves: i === 0, ledger, ...joins });
  });
  for (const client of clients) client.start();
  const two = [users[index % users.length], users[(7 * index + 3) % users.length]];
  return {
    jid: `w${index}@web.example.test`,
    token,
    clients,
    contacts: [...new Set(two)].filter((one) => one !== undefined),
  };
}
