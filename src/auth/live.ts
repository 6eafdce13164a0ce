/** What checks tokens is made of the settings, and so is made anew when a reload changes them. */
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { type Authenticator, createAuth } from './auth.ts';
import { keySets } from './jwks.ts';

export interface LiveAuth extends Authenticator {
  /** @throws Error naming the setting that makes no sense: the last ones stay in force */
  configure(config: Pick<Config, 'auth'>): void;
}

/** `key` is what guests' tokens are signed with. @throws Error naming the setting that makes no sense */
export function liveAuth(config: Pick<Config, 'auth'>, { key, log }: { key: Uint8Array; log: Logger }): LiveAuth {
  const known = keySets(log);
  const make = ({ auth: { jwt, guest } }: Pick<Config, 'auth'>): Authenticator =>
    createAuth({ ...(jwt ? { jwt } : {}), guest: { ...guest, key }, log, keySets: known });
  let auth = make(config);
  return {
    authenticate: (token) => auth.authenticate(token),
    configure: (next) => {
      auth = make(next);
    },
  };
}
