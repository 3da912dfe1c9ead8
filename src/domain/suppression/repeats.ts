/** How long a backtracking engine may try a pattern: repeats within repeats can take exponential time. */

export type PatternPiece =
  | { readonly kind: "atom" | "open" | "close" | "or" | "flags"; readonly text: string }
  /** `max` is Infinity where there is no end. */
  | { readonly kind: "repeat"; readonly text: string; readonly min: number; readonly max: number };

/** Each in how many ways its repeats can share out a text: 1 without any, Infinity with one that has no end. */
interface Group {
  /** The worst of the branches before the current one. */
  worst: number;
  branch: number;
  /** What a repeat that comes now repeats. */
  last: number;
}

/** So many ways are tried within milliseconds. */
const mostWays = 100_000;

/** Says which repeat may take too long; null when none does. */
export function checkRepeats(pieces: readonly PatternPiece[]): string | null {
  const groups: Group[] = [newGroup()];
  for (const piece of pieces) {
    const group = groups.at(-1);
    // More is closed than was opened: the engine says so better.
    if (group === undefined) return null;
    if (piece.kind === "repeat") {
      const ways = repeated(group.last, piece.min, piece.max);
      if (ways === null) return `its pattern repeats by ${piece.text} what holds a repeat itself`;
      group.last = ways;
    } else if (piece.kind === "open") groups.push(newGroup());
    else if (piece.kind === "or") endBranch(group);
    else if (piece.kind === "close") {
      endBranch(group);
      groups.pop();
      addTo(groups.at(-1), group.worst);
    } else addTo(group, 1);
  }
  return null;
}

function newGroup(): Group {
  return { worst: 1, branch: 1, last: 1 };
}

function addTo(group: Group | undefined, ways: number): void {
  if (group === undefined) return;
  group.branch *= group.last;
  group.last = ways;
}

function endBranch(group: Group): void {
  group.worst = Math.max(group.worst, group.branch * group.last);
  group.branch = 1;
  group.last = 1;
}

/** Null when it may take too long. */
function repeated(ways: number, min: number, max: number): number | null {
  if (max <= 1) return ways;
  const lengths = Math.max(1, max - min + 1);
  if (ways === 1) return lengths;
  const all = ways ** max * lengths;
  return all <= mostWays ? all : null;
}
