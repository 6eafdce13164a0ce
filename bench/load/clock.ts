/** The one clock of the load generator, the same in all its threads. */

/** Milliseconds with fractions, monotonic. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
