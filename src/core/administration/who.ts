/** The accounts that the API names, by user name or by JID. */
import { badRequest, StanzaError } from '../../protocol/errors.ts';
import { escapeLocal, type Jid, make, tryParse, unescapeLocal } from '../../xmpp/jid.ts';
import type { Account } from '../account.ts';
import type { VirtualServer } from '../server.ts';

/** A JID of our domain is one; anything else is a user name, as a token has it. @throws StanzaError bad-request */
export function jidOf({ domain }: VirtualServer, name: string, field = 'account'): Jid {
  const jid = tryParse(name);
  const isOurs = jid !== undefined && jid.domain === domain && jid.local !== '' && jid.resource === '';
  const local = escapeLocal(isOurs ? unescapeLocal(jid.local) : name);
  if (local === undefined) throw badRequest(field, `${field} is no user name that a JID can carry`);
  return make(local, domain);
}

/** @throws StanzaError bad-request, item-not-found */
export async function accountOf(server: VirtualServer, name: string, field = 'account'): Promise<Account> {
  const account = await server.accounts.load(jidOf(server, name, field));
  if (account) return account;
  throw new StanzaError('item-not-found', 'There is no such account; createAccount or its first login makes it', {
    field,
  });
}
