/** Who is present somewhere has a client: a backend's request for an account without one cannot make it so. */
import type { Account } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';

/** @throws StanzaError not-allowed where the account has no session */
export function mustBeAttended({ sessions }: Account): void {
  if (sessions.size > 0) return;
  throw new StanzaError('not-allowed', 'The account has no session, and so is present nowhere; connect a client first');
}
