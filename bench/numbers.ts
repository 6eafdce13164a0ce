/** The statistics of the tables. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that is not below that share of all of them. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
