/** Who takes part in a soak: the clients of every web account, the XMPP users, and who is whose contact. */
import type { XmppServer } from '../support/servers/index.ts';
import type { SoakGateway } from './gateway.ts';
import type { Ledger } from './ledger.ts';
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
  for (let first = 0; first < size.accounts; first += group) {
    const indices = Array.from({ length: Math.min(group, size.accounts - first) }, (_, i) => first + i);
    const some = await Promise.all(indices.map((i) => account(i, size.sessions, users, gateway, ledger)));
    await until(() => some.every(({ clients }) => clients.every(({ settled }) => settled)), onlineMs, 'the crowd');
    await Promise.all(some.flatMap(({ jid, contacts }) => contacts.map((contact) => contact.subscribe(jid))));
    accounts.push(...some);
  }
  return { accounts, users };
}

async function account(
  index: number,
  sessions: number,
  users: readonly XmppUser[],
  gateway: SoakGateway,
  ledger: Ledger,
): Promise<WebAccount> {
  const token = await gateway.token(`w${index}`);
  const clients = Array.from({ length: sessions }, (_, i) => {
    const name = `w${index}.${i}`;
    return new WebClient({ name, url: gateway.url, token, acks: i % 3 !== 2, approves: i === 0, ledger });
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
