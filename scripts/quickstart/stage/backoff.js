/** Waiting times for reconnects: full jitter, 1 s doubling to 30 s. */
export function backoff(firstMs = 1000, longestMs = 30_000) {
  let limit = firstMs;
  return {
    next() {
      const ms = Math.random() * limit;
      limit = Math.min(limit * 2, longestMs);
      return ms;
    },
    reset() {
      limit = firstMs;
    },
  };
}
