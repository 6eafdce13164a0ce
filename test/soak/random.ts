/** Chance that a seed repeats. */

export interface Random {
  /** A whole number from 0 to below `sides`. */
  roll(sides: number): number;
  /** One of them. @throws RangeError for an empty list */
  pick<T>(from: readonly T[]): T;
  /** A number from `low` to below `high`. */
  between(low: number, high: number): number;
  /** One of the keys, each as likely as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (sides: number): number => Math.floor(next() * sides);
  const pick = <T>(from: readonly T[]): T => {
    const one = from[roll(from.length)];
    if (one === undefined) throw new RangeError('nothing to pick from');
    return one;
  };
  const weighted = <K extends string>(weights: Readonly<Record<K, number>>): K => {
    const keys = Object.keys(weights) as K[];
    let left = next() * keys.reduce((sum, key) => sum + weights[key], 0);
    for (const key of keys) {
      left -= weights[key];
      if (left < 0) return key;
    }
    return pick(keys);
  };
  return { roll, pick, weighted, between: (low, high) => low + next() * (high - low) };
}
