import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agglomerate, fitOf, type Group } from "../../../src/domain/clustering/agglomeration.ts";
import { rootsOf } from "../../../src/domain/clustering/root-votes.ts";

const weights = { threshold: -0.5, rivalRoots: -1.25, sharedRoot: 0.5, bulk: -0.15 };

/** Members with votes for a few of six services, and a score for every pair. */
const cases = fc.integer({ min: 2, max: 14 }).chain((size) =>
  fc.record({
    votes: fc.array(fc.array(fc.double({ min: -2, max: 4, noNaN: true }), { minLength: 1, maxLength: 6 }), {
      minLength: size,
      maxLength: size,
    }),
    // Few different scores, so that many fits are equal.
    scores: fc.array(fc.integer({ min: -6, max: 6 }), { minLength: size * size, maxLength: size * size }),
    bars: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: size * size, maxLength: size * size }),
  }),
);

function groupsOf(votes: readonly (readonly number[])[]): Group[] {
  return votes.map((list, index) => {
    const roots = rootsOf({ services: list.map((_vote, service) => service), votes: list });
    return { members: [index], parts: [roots], roots };
  });
}

/** Everything worked out anew at every step. */
function joinNaively(
  start: readonly Group[],
  scoreOf: (a: number, b: number) => number,
  isBarred: (a: number, b: number) => boolean,
): readonly Group[] {
  const groups = [...start];
  for (;;) {
    let best: { fit: number; i: number; j: number } | null = null;
    for (let i = 0; i < groups.length; i += 1)
      for (let j = i + 1; j < groups.length; j += 1) {
        const [a, b] = [groups[i], groups[j]];
        if (a === undefined || b === undefined) continue;
        const pairs = a.members.flatMap((left) => b.members.map((right) => [left, right] as const));
        if (pairs.some(([left, right]) => isBarred(left, right))) continue;
        const sum = pairs.reduce((total, [left, right]) => total + scoreOf(left, right), 0);
        const { mean, bulk, sharedRoot, rivalRoots } = fitOf(a, b, sum, weights);
        const fit = mean + bulk + rivalRoots + sharedRoot;
        if (fit > (best?.fit ?? weights.threshold)) best = { fit, i, j };
      }
    const [a, b] = best === null ? [] : [groups[best.i], groups[best.j]];
    if (best === null || a === undefined || b === undefined) return groups;
    groups[best.i] = {
      members: [...a.members, ...b.members],
      parts: [a.roots ?? rootsOf(a.parts[0] ?? noVotes), b.roots ?? rootsOf(b.parts[0] ?? noVotes)],
      roots: null,
    };
    groups.splice(best.j, 1);
  }
}

const noVotes = { services: [], votes: [] };

function namesOf(groups: readonly Group[]): string[] {
  return groups.map(({ members }) => [...members].sort((a, b) => a - b).join(" ")).sort();
}

function square(size: number, of: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => of(Math.floor(at / size), at % size));
}

describe("joining the best of two groups until none fit", () => {
  test("comes to the same with bounds as without", () => {
    fc.assert(
      fc.property(cases, ({ votes, scores }) => {
        const size = votes.length;
        const scoreOf = (a: number, b: number) => scores[Math.min(a, b) * size + Math.max(a, b)] ?? 0;
        const quick = agglomerate(groupsOf(votes), square(size, scoreOf), weights, null);
        expect(namesOf(quick)).toEqual(namesOf(joinNaively(groupsOf(votes), scoreOf, () => false)));
      }),
      { numRuns: 400 },
    );
  });

  test("never joins what people hold apart, whatever it scores", () => {
    fc.assert(
      fc.property(cases, ({ votes, scores, bars }) => {
        const size = votes.length;
        const scoreOf = (a: number, b: number) => scores[Math.min(a, b) * size + Math.max(a, b)] ?? 0;
        const isBarred = (a: number, b: number) => bars[Math.min(a, b) * size + Math.max(a, b)] === 0;
        const barred = Uint8Array.from(square(size, (a, b) => (isBarred(a, b) ? 1 : 0)));
        const quick = agglomerate(groupsOf(votes), square(size, scoreOf), weights, barred);
        for (const { members } of quick)
          for (const a of members) for (const b of members) if (a < b) expect(isBarred(a, b)).toBe(false);
        expect(namesOf(quick)).toEqual(namesOf(joinNaively(groupsOf(votes), scoreOf, isBarred)));
      }),
      { numRuns: 400 },
    );
  });
});
