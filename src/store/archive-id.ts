/**
 * Archive ids: 10 characters of milliseconds and 6 of a counter within them, in Crockford's base 32, so that they sort as
 * text in the order of events. In the database one is a whole number: milliseconds × 1024 + counter.
 */

/** Numbers stay exact until the year 2248. */
const perMs = 1024;
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const shape = /^[0-9A-HJKMNP-TV-Z]{16}$/;

export function formatArchiveId(number: number): string {
  return digitsOf(Math.floor(number / perMs), 10) + digitsOf(number % perMs, 6);
}

/** The number of an archive id; undefined for what cannot be one. */
export function parseArchiveId(id: string): number | undefined {
  if (!shape.test(id)) return undefined;
  const count = numberOf(id.slice(10));
  const number = numberOf(id.slice(0, 10)) * perMs + count;
  return count < perMs && Number.isSafeInteger(number) ? number : undefined;
}

/** The first number of a millisecond. */
export function firstNumber(ms: number): number {
  return ms * perMs;
}

export function timeOf(number: number): number {
  return Math.floor(number / perMs);
}

/** Gives out numbers that only grow, even if the time goes back. */
export class ArchiveClock {
  /** The newest number that was given out. */
  last: number;

  constructor(last: number) {
    this.last = last;
  }

  next(ms = 0): number {
    this.last = Math.max(this.last + 1, firstNumber(ms));
    return this.last;
  }
}

function digitsOf(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = `${digits[rest % 32]}${text}`;
  return text;
}

function numberOf(text: string): number {
  let value = 0;
  for (const digit of text) value = value * 32 + digits.indexOf(digit);
  return value;
}
