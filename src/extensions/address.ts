/** Addresses that clients write into requests. */
import { badRequest } from '../protocol/errors.ts';
import { type Jid, tryParse } from '../xmpp/jid.ts';

/** The JID in a field of a request. @throws StanzaError bad-request naming the field */
export function address(text: string, field: string): Jid {
  const jid = tryParse(text);
  if (!jid) throw badRequest(field, `${field} is not a JID`);
  return jid;
}
