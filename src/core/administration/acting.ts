/** What a backend does as an account, or as the domain: the requests of the protocol, on the way that a client's take. */

import { StanzaError } from '../../protocol/errors.ts';
import type { RequestResult } from '../../protocol/frames.ts';
import { parseFrame } from '../../protocol/parse.ts';
import { tryParse } from '../../xmpp/jid.ts';
import type { Account } from '../account.ts';
import type { Administered, Part } from '../administration.ts';
import { BackendSession } from '../backend-session.ts';
import type { VirtualServer } from '../server.ts';
import { accountOf } from './who.ts';

export function actingOperations({ server }: Administered) {
  return {
    sendMessage: async ({ body: { from, ...data } }) => {
      const sender = await senderOf(server, from);
      return (await carryOut(server, sender, { type: 'message.send', data })) as RequestResult<'message.send'>;
    },
    request: async ({ params, body }) => {
      const data = await carryOut(server, await accountOf(server, params.account), body);
      return data === undefined ? {} : { data };
    },
  } satisfies Part;
}

function senderOf(server: VirtualServer, from: string | undefined): Promise<Account> {
  const isDomain = from === undefined || tryParse(from)?.full === server.domain;
  return isDomain ? server.accounts.asDomain() : accountOf(server, from, 'from');
}

/** @throws StanzaError what would be the `error` frame */
export async function carryOut(
  server: VirtualServer,
  account: Account,
  frame: { type: string; data?: object },
): Promise<unknown> {
  const { type, data } = parseFrame(frame);
  const request = server.registry.request(type);
  if (!request) throw new StanzaError('unknown-type', `There is no request of type ${type.slice(0, 64)}`);
  const { handle } = request;
  if (!handle) throw new StanzaError('unknown-type', `${type} is for a client's own session`, { field: 'type' });
  const checked = request.check(data);
  // It is used now, and stays in memory until the answer is made.
  account.idleSince = server.now();
  return server.pending.track(Promise.resolve().then(() => handle(new BackendSession(account), checked as never)));
}
