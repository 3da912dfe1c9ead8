/** What someone meant who typed something else. */

/**
 * The candidate a person most likely meant, or null when none is near: at most a third of the letters differ.
 * A candidate that begins with what was typed counts as near.
 */
export function closest(text: string, candidates: readonly string[]): string | null {
  const typed = text.toLowerCase();
  const scored = candidates
    .map((candidate) => ({ candidate, distance: editDistance(typed, candidate.toLowerCase()) }))
    .map((entry) => {
      const isStart = typed.length >= 2 && entry.candidate.toLowerCase().startsWith(typed);
      return isStart ? { ...entry, distance: Math.min(entry.distance, 1) } : entry;
    })
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const best = scored[0];
  if (best === undefined) return null;
  const allowed = Math.max(1, Math.floor(Math.max(typed.length, best.candidate.length) / 3));
  return best.distance <= allowed ? best.candidate : null;
}

/**
 * Damerau-Levenshtein distance in its optimal-string-alignment form: insertions, deletions, substitutions and swaps of
 * neighbours each cost 1. Only the first 64 characters are compared.
 * @see https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
 */
export function editDistance(a: string, b: string): number {
  const left = a.slice(0, 64);
  const right = b.slice(0, 64);
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const isSame = left[i - 1] === right[j - 1];
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const options = [
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwap ? [(beforeLast[j - 2] ?? 0) + 1] : []),
      ];
      row.push(Math.min(...options));
    }
    beforeLast = last;
    last = row;
  }
  return last[right.length] ?? 0;
}
