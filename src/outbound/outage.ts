/** One line when the backend goes and one when it is back, however much fails meanwhile. */
import type { Logger } from '../log.ts';

/** Call it with why a try failed, or without where one succeeded. */
export function failureLog(log: Logger): (failure?: string) => void {
  let down = false;
  return (cause) => {
    if (cause !== undefined && !down) {
      log.error({ event: 'webhook_failing', cause }, `webhooks.url does not take what it is sent: ${cause}`);
    }
    if (cause === undefined && down) {
      log.info({ event: 'webhook_recovered' }, 'webhooks.url takes what it is sent again');
    }
    down = cause !== undefined;
  };
}
