/** What checks tokens is made of the settings, and so is made anew when a reload changes them. */
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { type Authenticator, createAuth } from './auth.ts';
import { keySets } from './jwks.ts';
import type { SignedPost } from './webhook.ts';

export interface LiveAuth extends Authenticator {
  /** @throws Error naming the setting that makes no sense: the last ones stay in force */
  configure(config: Pick<Config, 'auth'>): void;
}

export interface AuthParts {
  /** What guests' tokens are signed with. */
  readonly key: Uint8Array;
  /** How the operator's backend is asked. */
  readonly post: SignedPost;
  readonly log: Logger;
}

/** @throws Error naming the setting that makes no sense */
export function liveAuth(config: Pick<Config, 'auth'>, { key, post, log }: AuthParts): LiveAuth {
  const known = keySets(log);
  const make = ({ auth: { jwt, webhook, guest } }: Pick<Config, 'auth'>): Authenticator => {
    const { url, secret, ...rest } = webhook;
    const asked = url !== undefined && secret ? { webhook: { ...rest, url, secret, post } } : {};
    return createAuth({ ...(jwt ? { jwt } : {}), ...asked, guest: { ...guest, key }, log, keySets: known });
  };
  let auth = make(config);
  return {
    method: (token) => auth.method(token),
    authenticate: (token) => auth.authenticate(token),
    configure: (next) => {
      auth = make(next);
    },
  };
}
