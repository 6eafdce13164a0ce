/** Errors that a socket does not survive (PROTOCOL.md §7). */
import { Disconnect } from '../protocol/close.ts';
import { StanzaError } from '../protocol/errors.ts';

/** The account may not be used by anybody, whatever the token says. */
export class AccountDisabled extends StanzaError {
  constructor(reason: string | undefined) {
    super('forbidden', `This account is disabled${reason === undefined ? '' : `: ${reason}`}`);
  }
}

/** What the socket is closed with, after the error was told. */
export function endOf(error: StanzaError): Disconnect | undefined {
  if (error instanceof AccountDisabled) return new Disconnect('forbidden', error.message);
  const { code } = error;
  return code === 'token-invalid' || code === 'token-expired' ? new Disconnect(code) : undefined;
}
