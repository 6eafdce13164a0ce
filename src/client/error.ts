/** The one error of the client library: what the gateway said (PROTOCOL.md §7), or the same words for what failed here. */
import type { ErrorCode, ErrorObject } from '../protocol/errors.ts';

export class ClientError extends Error {
  override name = 'ClientError';
  /** A program decides by it. */
  readonly code: ErrorCode;
  /** May the same be tried again, unchanged? */
  readonly retry: boolean;
  /** Everything that was said: `field`, `by`, `retryAfterMs`, … */
  readonly details: ErrorObject;
  /** The code that the socket was closed with, where that is why. */
  readonly closeCode: number | undefined;

  constructor(details: ErrorObject, closeCode?: number) {
    super(details.message);
    this.code = details.code;
    this.retry = details.retry;
    this.details = details;
    this.closeCode = closeCode;
  }
}

/** A bound of the client's own is reached. */
export const tooMany = (): ClientError => failure('resource-constraint', 'Too many wait', true);

export function failure(code: ErrorCode, message: string, retry = false): ClientError {
  return new ClientError({ code, message, retry });
}
