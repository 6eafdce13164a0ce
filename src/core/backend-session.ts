/**
 * What carries out a backend's requests as an account: a session that has no client, so nothing is pushed to it and nobody
 * sees it. It is not one of the account's sessions.
 */
import type { Account, AnyEvent, Gateway, Session, Want } from '../extension.ts';
import { StanzaError } from '../protocol/errors.ts';
import type { OwnPresence } from '../protocol/objects.ts';

/** The key of the API grants everything. */
class EveryScope extends Set<string> {
  override has(_scope: string): boolean {
    return true;
  }
}

export class BackendSession implements Session {
  readonly id = 'backend';
  readonly account: Account;
  readonly scopes: ReadonlySet<string> = new EveryScope();
  readonly wants: ReadonlySet<Want> = new Set();
  readonly claims: ReadonlySet<string> = new Set();
  readonly presenceAt = 0;
  readonly binary = false;
  readonly frameBytes: number;

  constructor(account: Account) {
    this.account = account;
    this.frameBytes = account.gateway.limits.frame;
  }

  get gateway(): Gateway {
    return this.account.gateway;
  }

  get presence(): OwnPresence | false {
    return false;
  }

  set presence(_presence: OwnPresence | false) {
    throw needsClient();
  }

  push(_event: AnyEvent): void {
    // Nobody listens.
  }

  openStream(): number {
    throw needsClient();
  }

  closeStream(): void {
    // There is none.
  }
}

function needsClient(): StanzaError {
  return new StanzaError('not-allowed', 'This is for a connected client, over its WebSocket');
}
