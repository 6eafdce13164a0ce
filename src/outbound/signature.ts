/**
 * Signed requests to the operator's backend: Standard Webhooks 1.0.0. HMAC-SHA256 over id, time and body, so that nobody
 * else can make one, and nobody can send an old one again.
 */
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** Key by key: more than one while they are changed, so that the backend may know either. */
export function keysOf(secret: string): Buffer[] {
  const texts = secret.split(/\s+/).filter((text) => text !== '');
  return texts.map((text) => Buffer.from(text.startsWith(prefix) ? text.slice(prefix.length) : text, 'base64'));
}

/** The three headers. `now` in epoch ms. */
export function signed(secret: string, id: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = (key: Buffer): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keysOf(secret).map(signature).join(' '),
  };
}
