/**
 * The log: pino lines as JSON on stdout. The values of keys that hold credentials are blanked, so that an object logged
 * whole by mistake gives nothing away.
 */
import { pino } from 'pino';

export type Logger = pino.Logger;

// On the finished line, which every depth and every child logger comes through. pino's own redaction wants a path for
// each key at each depth, skips what it has no path for, and takes 30 µs a line for them; this takes one.
const string = String.raw`"(?:[^"\\]|\\.)*"`;
const list = String.raw`\[(?:[^"\[\]]|${string})*\]`;
const object = String.raw`\{(?:[^"{}]|${string})*\}`;
const secretPair = new RegExp(
  `"(token|secret|authorization|password|(?:set-)?cookie)":(?:${string}|${list}|${object}|[\\d.]+)`,
  'gi',
);

/** Those whose lines have a `part`, and a level of their own where the operator wants one. */
const parts = ['xmpp', 'websocket', 'auth', 'core', 'store', 'http', 'outbound'] as const;
export type LogPart = (typeof parts)[number];
export type PartLogs = Readonly<Record<LogPart, Logger>>;
export type PartLevels = { readonly [P in LogPart]?: string | undefined };

export function partLogs(log: Logger, levels: PartLevels = {}): PartLogs {
  const made = parts.map((part) => [part, log.child({ part }, { level: levels[part] ?? log.level })]);
  return Object.fromEntries(made);
}

/** Other levels, from now on. */
export function setLevels(log: Logger, logs: PartLogs, level: string, levels: PartLevels = {}): void {
  log.level = level;
  for (const part of parts) logs[part].level = levels[part] ?? level;
}

// JSON leaves these as they are: the other control characters, which move a terminal's cursor, the other ends of lines, and
// what turns the direction of text.
const unsafe = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** What somebody else wrote must not look like more, or other, than one entry. */
function onOneLine(line: string): string {
  return line.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A logger of that level ('silent' included), to stdout unless told otherwise. */
export function createLogger(level: string, destination?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => onOneLine(line.replace(secretPair, '"$1":"[redacted]"')) },
  };
  return destination ? pino(options, destination) : pino(options);
}
