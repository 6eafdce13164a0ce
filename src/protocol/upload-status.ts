/** What an upload service (XEP-0363) answers, in our words: the same for the gateway's own PUT and for the client library's. */
import type { ErrorCode } from './errors.ts';

const uploadConditions: Record<number, ErrorCode> = {
  400: 'bad-request',
  401: 'forbidden',
  403: 'forbidden',
  404: 'item-not-found',
  409: 'conflict',
  410: 'item-not-found',
  413: 'not-acceptable',
  429: 'resource-constraint',
};

/** What an upload service's HTTP status means to who uploads (XEP-0363). */
export function uploadCondition(status: number): ErrorCode {
  return uploadConditions[status] ?? (status >= 500 ? 'resource-constraint' : 'undefined-condition');
}
