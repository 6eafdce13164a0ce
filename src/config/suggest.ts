/** "Did you mean": the known name nearest to a wrong one. */

/** Undefined where nothing is near enough to be a slip. Names are dotted paths, or words in capitals. */
export function suggest(wrong: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, distance: editDistance(plain(wrong), plain(name)) }));
  const [best] = scored.sort((a, b) => a.distance - b.distance);
  if (best && best.distance <= Math.max(2, Math.floor(wrong.length / 8))) return best.name;
  // The right key in the wrong section.
  const last = wrong.split('.').at(-1);
  return known.find((name) => name.includes('.') && plain(name.split('.').at(-1) ?? '') === plain(last ?? ''));
}

/** `resume-window`, `resume_window` and `resumeWindow` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const at = (line: number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY;
      const changed = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? at(older, column - 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(previous, column) + 1, at(current, column - 1) + 1, changed, swap));
    }
    older = previous;
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
