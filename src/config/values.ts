/** How values are written: durations (`30s`), sizes (`64KiB`), and the text of environment variables. */
import { Check } from 'typebox/value';
import type { Key } from './keys.ts';
import type { Kind } from './schema.ts';

/** The configuration cannot be used. The message is one line that names the key, the value and the remedy. */
export class ConfigError extends Error {
  override name = 'ConfigError';

  constructor(message: string) {
    super(message.replace(/\s*[\r\n]+\s*/g, ' '));
  }
}

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `30s` → 30000; undefined where it is no duration. */
export function parseDuration(text: string): number | undefined {
  return parseUnit(text, durationUnits);
}

/** `64KiB` or `65536` → 65536; undefined where it is no size. */
export function parseSize(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : parseUnit(text, sizeUnits);
}

function parseUnit(text: string, units: Record<string, number>): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text) ?? [];
  if (digits === undefined || !Object.hasOwn(units, unit)) return undefined;
  const value = Number(digits) * (units[unit] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A value as it would be written in the file: 60000 → `1m` for a duration. */
export function written(kind: Kind, value: unknown): unknown {
  if (kind === 'secret') return '(set)';
  return typeof value === 'number' ? writtenNumber(kind, value) : value;
}

function writtenNumber(kind: Kind, value: number): string | number {
  const units: Record<string, number> = kind === 'duration' ? durationUnits : kind === 'size' ? sizeUnits : {};
  const fits = Object.entries(units).filter(([, factor]) => value % factor === 0 && value >= factor);
  const [unit, factor] = fits.at(-1) ?? [kind === 'duration' ? 's' : 'B', 1];
  return unit === 'B' ? value : `${value / factor}${unit}`;
}

/** The bounds of a number as they would be written, `1s to 1h`; empty where there are none. */
export function rangeOf({ kind, schema }: Key): string {
  const { minimum, maximum }: { minimum?: unknown; maximum?: unknown } = schema;
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return '';
  return `${writtenNumber(kind, minimum)} to ${writtenNumber(kind, maximum)}`;
}

/**
 * What stands in the file (or, as text, in the environment) → the checked value.
 * @throws ConfigError
 */
export function readValue(key: Key, raw: unknown, source: string): unknown {
  const value = readers[key.kind](raw);
  if (value !== undefined && Check(key.schema, value)) return value;
  const shown = key.kind === 'secret' ? `this ${nameOf(raw)}` : show(raw);
  throw new ConfigError(`${key.key}: ${shown} is not ${expected(key, raw)} (${source})`);
}

const readers: Record<Kind, (raw: unknown) => unknown> = {
  text: (raw) => raw,
  list: (raw) => raw,
  flag: (raw) => (raw === 'true' ? true : raw === 'false' ? false : raw),
  integer: (raw) => (typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw),
  duration: (raw) => (typeof raw === 'string' ? parseDuration(raw) : undefined),
  size: (raw) => (typeof raw === 'string' ? parseSize(raw) : raw),
  secret: (raw) => (typeof raw === 'string' && raw !== '' ? raw : undefined),
  file: (raw) => raw,
};

/** What it should be, worded to follow "is not". */
function expected(key: Key, raw: unknown): string {
  const range = rangeOf(key) && ` from ${rangeOf(key)}`;
  const like = key.default === undefined ? '' : `, like ${String(key.default)}`;
  const quote = typeof raw === 'string' ? '' : ', in quotes';
  const wording: Record<Kind, string> = {
    text: key.write ? `valid; write ${key.write}` : `usable; write text${quote}, not empty`,
    list: `valid; write ${key.write}`,
    flag: 'true or false; write one of the two',
    integer: `a whole number${range}; write one${like}`,
    duration: `a duration${range}; write a number with its unit (ms, s, m, h, d)${like}`,
    size: `a size${range}; write bytes, or a number with its unit (KiB, MiB, GiB)${like}`,
    secret: `usable; write text${quote}, not empty`,
    file: `usable; write the path of a file${quote}`,
  };
  return wording[key.kind];
}

/** An environment variable's text → what the file would hold: lists are split at commas. */
export function fromEnv(key: Key, text: string): unknown {
  if (key.kind !== 'list') return text;
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A value for an error message: one line, not long, without the password of an address. */
export function show(value: unknown): string {
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@\s]*@/g, '//…@');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'section' : typeof value === 'string' ? 'text' : typeof value;
}
