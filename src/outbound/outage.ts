/** One line when what is outside goes and one when it is back, however much fails meanwhile. */
import type { Logger } from '../log.ts';

/** Call it with why a try failed, or without where one succeeded. `event` begins the names of the log's events. */
export function failureLog(log: Logger, { event, what }: { event: string; what: string }): (failure?: string) => void {
  let down = false;
  return (failure) => {
    if (failure !== undefined && !down) {
      log.error({ event: `${event}_failing`, cause: failure }, `${what} does not take what it is sent: ${failure}`);
    }
    if (failure === undefined && down) log.info({ event: `${event}_recovered` }, `${what} takes what it is sent again`);
    down = failure !== undefined;
  };
}
