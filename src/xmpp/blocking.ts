/** What a list of blocked addresses covers, and how whoever writes to one of them is refused (XEP-0191 1.3). */
import { StanzaError } from '../protocol/errors.ts';
import type { Jid } from './jid.ts';
import { ns } from './namespaces.ts';

/** JID Matching: an address itself, all resources of a bare JID, everything at a domain. */
export function covers(list: ReadonlySet<string>, jid: Jid): boolean {
  if (list.size === 0) return false;
  if (list.has(jid.full) || list.has(jid.bare) || list.has(jid.domain)) return true;
  return jid.resource !== '' && list.has(`${jid.domain}/${jid.resource}`);
}

/** User Sends Stanza to Blocked Contact. */
export function blockedError(): StanzaError {
  return new StanzaError('not-acceptable', 'The account has blocked this address', {
    type: 'cancel',
    app: { name: 'blocked', attrs: { xmlns: ns.blockingErrors } },
  });
}
