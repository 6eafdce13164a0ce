/**
 * Who is it? Tokens become claims here: signed tokens of the operator's own (JWT) and the gateway's guests. Core makes
 * the account's address of a claim.
 */
import type { Logger } from '../log.ts';

/** What a token proved. */
export interface Claim {
  /** Not empty, at most 1023 characters; not yet an address. */
  user: string;
  scopes: ReadonlySet<string>;
  /** Absent: the token never expires. */
  expiresAt?: Date;
  /** Only when this is a new guest: the token for its later connects. */
  guest?: { token: string };
}

export interface Authenticator {
  /**
   * @throws StanzaError `token-expired`; `token-invalid`, with one text for every cause; `resource-constraint` (retryable)
   * when the token cannot be checked now, because the keys cannot be had.
   */
  authenticate(token: string | undefined): Promise<Claim>;
}

export interface JwtOptions {
  /** The shared key of HS256, HS384 and HS512; asked for at every use, so that it may be rotated. */
  secret?: () => string;
  /** Where the public keys of all other algorithms are published (RFC 7517 §5). */
  jwksUrl?: string;
  issuer?: string;
  audience?: string;
  /** The only algorithms that are accepted, whatever a token says of itself. */
  algorithms: string[];
  userClaim: string;
  /** A space-separated string (RFC 8693 §4.2) or an array. */
  scopeClaim: string;
}

export interface GuestOptions {
  enabled: boolean;
  prefix: string;
  /** Milliseconds. */
  ttl: number;
  /** What guest tokens are signed with. */
  key: Uint8Array;
}

export interface AuthOptions {
  jwt?: JwtOptions;
  guest: GuestOptions;
  log: Logger;
  /** Epoch milliseconds; for tests. */
  now?: () => number;
}
