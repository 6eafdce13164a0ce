/** Small things that several parts share: waits with full jitter (PROTOCOL.md §7), and what holds only so much. */

/** A random time below 1 s, doubling to 30 s. */
export function jitter(attempt: number): number {
  return Math.random() * Math.min(30_000, 1000 * 2 ** attempt);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Adds an entry; above `max` the oldest one goes. */
export function remember<V>(all: Map<string, V>, key: string, value: V, max: number): void {
  all.set(key, value);
  if (all.size > max) for (const oldest of all.keys()) if (all.delete(oldest)) break;
}
