/**
 * The log: pino lines as JSON on stdout. Keys that hold credentials are blanked at the top and three levels below, so
 * that an object logged whole by mistake gives nothing away.
 */
import { pino } from 'pino';

export type Logger = pino.Logger;

const secretKeys = ['token', 'secret', 'authorization', 'password', 'cookie'];
const levels = ['', '*.', '*.*.', '*.*.*.'];

/** A logger of that level ('silent' included), to stdout unless told otherwise. */
export function createLogger(level: string, destination?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: levels.flatMap((prefix) => secretKeys.map((key) => prefix + key)), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
