/** Text counted in Unicode code points, as XEP-0426 has it; JavaScript counts UTF-16 units. */

export interface Range {
  readonly start: number;
  /** Behind the last one. */
  readonly end: number;
}

const surrogate = /[\ud800-\udbff][\udc00-\udfff]/;

export function pointsIn(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

/** The text outside of the ranges, and the text inside of them; the ranges are sorted and apart. */
export function cutOut(text: string, ranges: readonly Range[]): { left: string; cut: string } {
  const points = surrogate.test(text) ? Array.from(text) : undefined;
  const slice = (from: number, to?: number) => (points ? points.slice(from, to).join('') : text.slice(from, to));
  let [left, cut, at] = ['', '', 0];
  for (const { start, end } of ranges) {
    left += slice(at, start);
    cut += slice(start, end);
    at = end;
  }
  return { left: left + slice(at), cut };
}

/** The first so many. */
export function firstPoints(text: string, count: number): string {
  return surrogate.test(text) ? Array.from(text).slice(0, count).join('') : text.slice(0, count);
}

/** Sorted, without overlaps. */
export function joined(ranges: readonly Range[]): Range[] {
  const all: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end });
  }
  return all;
}

/** Where that place is once the ranges are cut out; undefined inside of one. */
export function shifted(place: number, ranges: readonly Range[]): number | undefined {
  let gone = 0;
  for (const { start, end } of ranges) {
    if (place <= start) break;
    if (place < end) return undefined;
    gone += end - start;
  }
  return place - gone;
}
