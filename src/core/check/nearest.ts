/** Finds the known name most like a written one, for "did you mean". */

/** How far apart names may be, as a share of the longer one's length. */
const MAX_DISTANCE = 0.4;

/** @returns undefined when no name is near */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const lower = written.toLowerCase();
  const near = known
    .filter((name) => Math.abs(name.length - written.length) <= MAX_DISTANCE * Math.max(name.length, written.length))
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= MAX_DISTANCE * Math.max(name.length, written.length))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** Counts the insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let [beforeLast, last]: [readonly number[], readonly number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, i) => i),
  ];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const [above = 0, left = 0, diagonal = 0] = [last[j], row[j - 1], last[j - 1]];
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(above + 1, left + 1, diagonal + (isSame ? 0 : 1), swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
