/** Pages of answers: how much of a list one reply may carry. */

/**
 * As many items as `bytes` of JSON hold, from the first on, or from the last on backwards; one at least, so that a client
 * that pages comes to the end.
 */
export function fitting<T>(items: readonly T[], bytes: number, from: 'first' | 'last'): readonly T[] {
  let left = bytes;
  const sized = from === 'first' ? items : items.toReversed();
  const end = sized.findIndex((item, i) => {
    left -= Buffer.byteLength(JSON.stringify(item));
    return left < 0 && i > 0;
  });
  if (end < 0) return items;
  return from === 'first' ? items.slice(0, end) : items.slice(items.length - end);
}

/** A page of a list that is sorted by its keys: what comes after a key, at most so many, and no more than a reply holds. */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { max, after }: { readonly max?: number; readonly after?: string },
  limits: { readonly outbound: number },
) {
  // Whoever was the last may have left meanwhile.
  const rest = after === undefined ? all : all.filter((item) => keyOf(item) > after);
  const items = [...fitting(rest.slice(0, max ?? rest.length), pageBytes(limits), 'first')];
  const [first, last] = [items[0], items.at(-1)];
  return {
    items,
    ...(first === undefined || last === undefined ? {} : { first: keyOf(first), last: keyOf(last) }),
    count: all.length,
    complete: items.length === rest.length,
  };
}

/** A reply must leave room in the socket's buffer for what else there is to say. */
export function pageBytes(limits: { readonly outbound: number }): number {
  return limits.outbound / 4;
}
