/**
 * Who may begin the drain: whoever has the configuration. `stanzawire drain` proves it with a code that both sides make from
 * the component's secret, and that is good for a short time; the secret itself is not sent.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** How far the clock of the one may be from that of the other; they are on one machine. */
const windowMs = 60_000;

/** What stands in `Authorization` behind `Bearer`. */
export function drainProof(secret: string, now: number): string {
  return `${now}.${codeOf(secret, String(now))}`;
}

export function isDrainProof(header: string | undefined, secret: string, now: number): boolean {
  const [, at = '', code = ''] = /^Bearer (\d{1,15})\.([\w-]{43})$/.exec(header ?? '') ?? [];
  if (code === '' || Math.abs(now - Number(at)) > windowMs) return false;
  return timingSafeEqual(Buffer.from(code), Buffer.from(codeOf(secret, at)));
}

function codeOf(secret: string, at: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'stanzawire drain', 32));
  return createHmac('sha256', key).update(at).digest('base64url');
}
