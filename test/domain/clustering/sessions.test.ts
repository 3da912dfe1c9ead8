import fc from "fast-check";
import { expect, test } from "vitest";
import { isBefore } from "../../../src/domain/clustering/pair-scores.ts";
import {
  type Cell,
  createCell,
  createLiveAlert,
  insertMember,
  type LiveAlert,
  maxKeptMembers,
  pausesFor,
  recut,
  trim,
  weighedOf,
} from "../../../src/domain/clustering/sessions.ts";
import { seen } from "../../contracts/signal.ts";

const template = seen({ service: "web-a", at: 0 });

function liveAlert(key: string, at: number, reach: number): LiveAlert {
  const pauses = { gapMs: reach - at, firingGapMs: reach - at };
  return createLiveAlert({ ...template, key, at }, { type: "any", standing: 0, pauses });
}

/** Runs without a pause, all worked out at once. */
function runsOf(members: readonly LiveAlert[]): { readonly keys: string[]; readonly reach: number }[] {
  const runs: { keys: string[]; reach: number }[] = [];
  for (const { key, at, reach } of [...members].sort((a, b) => (isBefore(a, b) ? -1 : 1))) {
    const last = runs.at(-1);
    if (last === undefined || at > last.reach) runs.push({ keys: [key], reach });
    else {
      last.keys.push(key);
      last.reach = Math.max(last.reach, reach);
    }
  }
  return runs;
}

function sessionsOf(cell: Cell) {
  return cell.sessions.map(({ members, reach }) => ({ keys: members.map(({ key }) => key), reach }));
}

const arrivals = fc.array(
  fc.record({ at: fc.integer({ min: 0, max: 200 }), lasts: fc.integer({ min: 1, max: 30 }) }),
  { minLength: 1, maxLength: 30 },
);

test("alerts that arrive in any order make the same sessions as all at once", () => {
  fc.assert(
    fc.property(arrivals, (list) => {
      const cell = createCell("part", "a");
      const members = list.map(({ at, lasts }, index) => liveAlert(`alert ${index}`, at, at + lasts));
      for (const member of members) insertMember(cell, member);
      expect(sessionsOf(cell)).toEqual(runsOf(members));
      for (const member of members) expect(member.session?.members).toContain(member);
    }),
    { numRuns: 300 },
  );
});

test("so do alerts whose end becomes known, earlier or later than was thought", () => {
  const ends = fc.array(
    fc.record({ which: fc.integer({ min: 0, max: 29 }), lasts: fc.integer({ min: 1, max: 60 }) }),
    { maxLength: 10 },
  );
  fc.assert(
    fc.property(arrivals, ends, (list, updates) => {
      const cell = createCell("part", "a");
      const members = list.map(({ at, lasts }, index) => liveAlert(`alert ${index}`, at, at + lasts));
      for (const member of members) insertMember(cell, member);
      for (const { which, lasts } of updates) {
        const member = members[which];
        if (member === undefined || member.session === null) continue;
        member.reach = member.at + lasts;
        recut(member.session);
      }
      expect(sessionsOf(cell)).toEqual(runsOf(members));
    }),
    { numRuns: 300 },
  );
});

test("a session in a storm weighs its newest alerts, lets go of the oldest, and still lasts as long as they did", () => {
  const cell = createCell("part", "a");
  const first = liveAlert("first", 0, 5_000);
  insertMember(cell, first);
  for (let at = 1; at <= maxKeptMembers; at += 1) insertMember(cell, liveAlert(`alert ${at}`, at, at + 10));
  const [session] = cell.sessions;
  if (session === undefined) throw new Error("no session");
  expect(weighedOf(session).at(-1)?.at).toBe(maxKeptMembers);
  expect(weighedOf(session).length).toBeLessThan(session.members.length);
  expect(trim(session).map(({ key }) => key)).toEqual(["first"]);
  recut(session);
  expect(session.reach).toBe(5_000);
});

test("where alerts come all the time, half the usual pause ends a session, firing or not", () => {
  const weights = { gapMs: 120_000, firingGapMs: 360_000 };
  expect(pausesFor(Number.POSITIVE_INFINITY, weights)).toEqual(weights);
  expect(pausesFor(240_000, weights)).toEqual(weights);
  expect(pausesFor(60_000, weights)).toEqual({ gapMs: 30_000, firingGapMs: 30_000 });
  expect(pausesFor(1, weights)).toEqual({ gapMs: 5_000, firingGapMs: 5_000 });
});
