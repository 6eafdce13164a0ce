/** What the long commands (soak, chaos, rolling) have in common: numbers from the command line, and the report at the end. */

/** @returns the option's value; ends the process with 64 where it is no number above 0 */
export function positive(name: string, text: string | undefined, usage: string): number {
  const value = Number(text);
  if (value > 0) return value;
  console.error(`--${name} is a number above 0, not ${text}\n${usage}`);
  process.exit(64);
}

/** Prints what happened, all counts and the violations; answers the exit code. */
export function report(
  { counts, violations }: { counts: ReadonlyMap<string, number>; violations: readonly string[] },
  lines: readonly string[],
  seed: number,
): number {
  for (const line of lines) console.log(line);
  for (const what of [...counts.keys()].toSorted()) console.log(`${String(counts.get(what)).padStart(9)}  ${what}`);
  for (const violation of violations.slice(0, 50)) console.error(`✗ ${violation}`);
  console.log(violations.length === 0 ? '✓ no violation' : `${violations.length} violations; seed ${seed}`);
  return violations.length === 0 ? 0 : 1;
}
