/** The HTTP status of an error: by its range a client knows what to do, as by PROTOCOL.md's `retry`. */
import type { ErrorCode, StanzaError } from '../protocol/errors.ts';

/** Codes that are not here are 422: understood, and refused for good. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'jid-malformed': 400,
  'unknown-type': 400,
  forbidden: 403,
  'not-allowed': 403,
  'policy-violation': 403,
  'registration-required': 403,
  'subscription-required': 403,
  'item-not-found': 404,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'rate-limited': 429,
  'internal-server-error': 500,
  'link-down': 503,
  'recipient-unavailable': 503,
  'resource-constraint': 503,
  'remote-server-timeout': 504,
  timeout: 504,
  unconfirmed: 504,
};

export function statusOf(error: StanzaError): number {
  // Whatever the condition: what may be tried again unchanged is no fault of the client.
  return statuses[error.code] ?? (error.retry ? 503 : 422);
}
