/**
 * Guests: users without a login, named by the gateway, known again by a token that it signs with a key of its own. Their
 * names start with a prefix that no token of the operator's may use.
 */
import { randomBytes } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import type { Claim, GuestOptions } from './auth.ts';
import { toDate } from './jwt.ts';

const issuer = 'stanzawire:guest';
const algorithm = 'HS256';
/** RFC 4648 §6 in lower case: 5 bits a character, and nothing that an address would fold or escape. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const nameLength = 12;
const noScopes: ReadonlySet<string> = new Set();

export interface Guests {
  /** A new guest, and the token for its later connects. */
  create(now: Date): Promise<Claim>;
  /** Does the token say that we issued it? Nothing is verified yet. */
  claims(token: string): boolean;
  /** One of our tokens → the same guest as before. */
  verify(token: string, now: Date): Promise<Claim>;
  /** May only a guest be called this? */
  reserves(user: string): boolean;
}

export function createGuests({ prefix, ttl, key }: GuestOptions): Guests {
  const folded = fold(prefix);
  if (folded === '') throw new Error('auth.guest.prefix is empty: guests could take any name; write one, e.g. guest-');

  return {
    async create(now) {
      const user = prefix + randomName();
      const expires = Math.floor((now.getTime() + ttl) / 1000);
      const token = await new SignJWT({ sub: user, iss: issuer, exp: expires })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .sign(key);
      return { user, scopes: noScopes, expiresAt: toDate(expires), guest: { token } };
    },
    claims: (token) => issuerOf(token) === issuer,
    async verify(token, now) {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        issuer,
        currentDate: now,
        requiredClaims: ['sub', 'exp'],
      });
      const { sub, exp = 0 }: { sub?: unknown; exp?: number } = payload;
      // After a change of prefix, old guests would have names that are everybody's again.
      if (typeof sub !== 'string' || !sub.startsWith(prefix)) {
        throw new errors.JWTClaimValidationFailed('another prefix', payload, 'sub', 'invalid');
      }
      return { user: sub, scopes: noScopes, expiresAt: toDate(exp), guest: {} };
    },
    reserves: (user) => fold(user).startsWith(folded),
  };
}

/** Undefined for what is no JWT. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Names that any server takes for equal are equal here: RFC 3454 maps to nothing what cannot be seen, then folds. */
function fold(text: string): string {
  return text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim();
}

function randomName(): string {
  return Array.from(randomBytes(nameLength), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}
