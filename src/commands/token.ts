/** `stanzawire token`: a token as the operator's own service would sign it. */
import { signerOf } from '../auth/jwt.ts';
import { type Config, ConfigError, parseDuration } from '../config.ts';
import { UsageError } from './arguments.ts';

/**
 * @throws UsageError for a ttl that is no duration
 * @throws ConfigError where no shared key is configured
 */
export function token(config: Config, request: { user: string; ttl: string; scopes: string[] }): Promise<string> {
  const { user, ttl, scopes } = request;
  const ttlMs = parseDuration(ttl);
  if (!ttlMs)
    throw new UsageError(`token: --ttl ${JSON.stringify(ttl)} is not a duration; write one like 30s, 1h or 7d`);
  return signed(config, { user, ttlMs, scopes });
}

/**
 * A token with the shared key; one whose time is negative has ended.
 * @throws ConfigError where no shared key is configured
 */
export function signed(config: Config, request: { user: string; ttlMs: number; scopes: string[] }): Promise<string> {
  const sign = signerOf(config.auth.jwt);
  if (!sign) {
    throw new ConfigError(
      'auth.jwt.secret: missing, so no token can be signed here; set it, or take tokens from the service behind auth.jwt.jwksUrl',
    );
  }
  return sign(request);
}
