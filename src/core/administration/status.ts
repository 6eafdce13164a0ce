/** How the gateway is, at a glance. */
import type { Status } from '../../protocol/api-objects.ts';
import type { LinkState } from '../../xmpp/link.ts';
import type { Administered } from '../administration.ts';

export async function statusOf({ server, store, storeKind, process }: Administered): Promise<Status> {
  const { accounts, sessions, now, startedAt } = server;
  const { accounts: stored, ...stats } = await store.accounts.stats();
  return {
    version: server.version,
    node: process.node,
    domain: server.domain,
    server: server.server,
    startedAt: new Date(startedAt).toISOString(),
    uptimeMs: Math.max(0, now() - startedAt),
    ...process.ready(),
    link: linkOf(process.link()),
    sockets: process.sockets(),
    sessions: { attached: sessions.attached, detached: sessions.detached },
    accounts: { open: accounts.size, stored },
    store: { kind: storeKind, ...stats },
    memory: process.memory(),
  };
}

function linkOf({ link, since, reason, retryAt }: LinkState): Status['link'] {
  return {
    state: link,
    since: since.toISOString(),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAt === undefined ? {} : { retryAt: retryAt.toISOString() }),
  };
}
