/** The key pair by which push services know the gateway (RFC 8292), from the operator's private key or from 32 random bytes. */
import { createECDH, createHash } from 'node:crypto';

/** In base64url. */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** The same pair for the same bytes. */
export function vapidKeys(seed: Uint8Array): VapidKeys {
  for (let key = Buffer.from(seed); ; key = createHash('sha256').update(key).digest()) {
    const pair = pairOf(key);
    // One in 2^32 is no key of the curve.
    if (pair) return pair;
  }
}

/** @throws Error naming the setting */
export function configuredVapidKeys(privateKey: string): VapidKeys {
  const key = Buffer.from(privateKey.trim(), 'base64url');
  const pair = key.length === 32 ? pairOf(key) : undefined;
  if (pair) return pair;
  throw new Error('push.privateKey: not a private key on P-256; write 32 bytes in base64url, or leave it out');
}

function pairOf(key: Buffer): VapidKeys | undefined {
  const ecdh = createECDH('prime256v1');
  try {
    ecdh.setPrivateKey(key);
  } catch {
    return undefined;
  }
  return { publicKey: ecdh.getPublicKey('base64url'), privateKey: key.toString('base64url') };
}
