/** How long a backtracking engine may try a pattern: repeats within repeats can take exponential time. */

export type PatternPiece =
  | { readonly kind: "atom" | "open" | "close" | "or" | "flags"; readonly text: string }
  /** `max` is Infinity where there is no end. */
  | { readonly kind: "repeat"; readonly text: string; readonly min: number; readonly max: number };

/** What one part of a pattern may cost. */
interface Cost {
  /** Repeats without an end that follow each other. */
  readonly loops: number;
  /** In how many ways its counted repeats can share out a text. */
  readonly ways: number;
}

interface Group {
  /** The worst of the branches before the current one. */
  worst: Cost;
  branch: Cost;
  /** What a repeat that comes now repeats. */
  last: Cost;
}

const single: Cost = { loops: 0, ways: 1 };
/** What a group may hold when it is written out as often as it is repeated. */
const most = { loops: 4, ways: 100_000 } as const;

/** Says which repeat may take too long; null when none does. */
export function checkRepeats(pieces: readonly PatternPiece[]): string | null {
  const groups: Group[] = [newGroup()];
  for (const piece of pieces) {
    const group = groups.at(-1);
    // More is closed than was opened: the engine says so better.
    if (group === undefined) return null;
    if (piece.kind === "repeat") {
      const cost = repeated(group.last, piece.min, piece.max);
      if (cost === null) return `its pattern repeats by ${piece.text} what holds a repeat itself`;
      group.last = cost;
    } else if (piece.kind === "open") groups.push(newGroup());
    else if (piece.kind === "or") endBranch(group);
    else if (piece.kind === "close") {
      endBranch(group);
      groups.pop();
      addTo(groups.at(-1), group.worst);
    } else addTo(group, single);
  }
  return null;
}

function newGroup(): Group {
  return { worst: single, branch: single, last: single };
}

function addTo(group: Group | undefined, next: Cost): void {
  if (group === undefined) return;
  group.branch = inTurn(group);
  group.last = next;
}

function endBranch(group: Group): void {
  const branch = inTurn(group);
  group.worst = {
    loops: Math.max(group.worst.loops, branch.loops),
    ways: Math.max(group.worst.ways, branch.ways),
  };
  group.branch = single;
  group.last = single;
}

function inTurn({ branch, last }: Group): Cost {
  return { loops: branch.loops + last.loops, ways: branch.ways * last.ways };
}

/** Null when it may take too long. */
function repeated(cost: Cost, min: number, max: number): Cost | null {
  if (max <= 1) return cost;
  const isPlain = cost.loops === 0 && cost.ways === 1;
  if (max === Infinity) return isPlain ? { loops: 1, ways: 1 } : null;
  const all = { loops: cost.loops * max, ways: cost.ways ** max * Math.max(1, max - min + 1) };
  return isPlain || (all.loops <= most.loops && all.ways <= most.ways) ? all : null;
}
