/** Which conversation an address in a request means. */
import type { Account } from '../extension.ts';
import type { Jid } from '../xmpp/jid.ts';

/** The peer's bare JID; of a private chat in a room the occupant's JID, also when the room was left since. */
export async function chatKey(account: Account, jid: Jid): Promise<string> {
  if (jid.resource === '') return jid.bare;
  const service = account.gateway.serving(account, jid);
  if (service) return service.chat ?? jid.bare;
  return (await account.archive.chat(account.jid.bare, jid.full)) ? jid.full : jid.bare;
}
