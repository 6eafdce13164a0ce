/** Requests to the operator's backend: an address goes with a key, and a key is one of Standard Webhooks. */
import type { Secret } from './kinds.ts';
import { ConfigError } from './values.ts';

interface Signed {
  readonly url?: string;
  readonly secret?: Secret;
}

/** `section` is where both stand. @throws ConfigError, which never shows the secret */
export function checkSigning(section: string, { url, secret }: Signed): void {
  if (url === undefined && !secret) return;
  if (url === undefined) {
    throw new ConfigError(`${section}.secret: there is no ${section}.url that it signs for; set that, or remove it`);
  }
  if (!secret) {
    throw new ConfigError(
      `${section}.secret: missing; requests to ${section}.url are signed; set it or ${section}.secretFile, as \`echo whsec_$(openssl rand -base64 32)\` gives it`,
    );
  }
  const keys = secret().trim().split(/\s+/);
  if (keys.every(isKey)) return;
  throw new ConfigError(
    `${section}.secret: not whsec_ and 24 to 64 bytes in base64; take what \`echo whsec_$(openssl rand -base64 32)\` gives`,
  );
}

function isKey(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  const { length } = Buffer.from(text.slice('whsec_'.length), 'base64');
  return length >= 24 && length <= 64;
}
