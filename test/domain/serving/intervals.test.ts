import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  intervalAt,
  type ServedVersion,
  type ServingAccounts,
  servingIntervals,
} from "../../../src/domain/serving/intervals.ts";
import type { ServingRecord } from "../../../src/domain/serving.ts";

const day = 86_400_000;
const start = Date.parse("2026-11-01T00:00:00Z");
const at = (days: number) => new Date(start + days * day);
const now = at(100);

/** "3 from day 10, unseen between 9 and 10". */
function record(version: string | null, since: number, over: Partial<ServingRecord> = {}): ServingRecord {
  return {
    id: since + 1,
    model: "scorer",
    environment: "production",
    part: "serving",
    version,
    after: at(since - 1),
    since: at(since),
    seenAt: now,
    by: "ml",
    cause: "rollout",
    rolloutId: since,
    auditSeq: null,
    previousId: 0,
    ...over,
  };
}

function accounts(over: Partial<ServingAccounts>): ServingAccounts {
  return { records: [], history: [], live: undefined, now, freshMs: day, ...over };
}

/** "0..9 2" for what served from day 0 to day 9; "?" for unknown; "2/5" for a conflict. */
function said(given: Partial<ServingAccounts>): string[] {
  const days = (moment: Date | null, open: string) =>
    moment === null ? open : String((moment.getTime() - start) / day);
  return servingIntervals(accounts(given)).map(({ from, to, state, version, otherVersion }) => {
    const shown = version ?? "nothing";
    const what =
      state === "known" ? shown : state === "unknown" ? "?" : `${shown}/${otherVersion ?? "nothing"}`;
    return `${days(from, "")}..${days(to, "")} ${what}`;
  });
}

const served = (version: string, from: number, replaced?: string | null): ServedVersion => ({
  ...{ version, from: at(from), by: null },
  ...(replaced === undefined ? {} : { replaced }),
});

describe("out of the bot's records", () => {
  test.each([
    ["nothing is known of nothing", [], [".. ?"]],
    [
      "before the first record nothing is known, and between two looks it may have been either",
      [record("2", 0, { after: null, cause: "first" }), record("3", 10)],
      ["..0 ?", "0..9 2", "9..10 ?", "10.. 3"],
    ],
    [
      "what was not looked at for long is unknown from then on",
      [record("2", 0, { after: null, seenAt: at(40) })],
      ["..0 ?", "0..40 2", "40.. ?"],
    ],
    ["that nothing serves is known", [record(null, 5)], ["..5 ?", "5.. nothing"]],
    [
      "a time without looks is a gap, though the same served on both sides",
      [record("2", 0), record("2", 50, { after: at(20), cause: "again", rolloutId: 0 })],
      ["..0 ?", "0..20 2", "20..50 ?", "50.. 2"],
    ],
  ])("%s", (_name, records, intervals) => {
    expect(said({ records })).toEqual(intervals);
  });
});

describe("out of the backend's history", () => {
  test("each version serves until the next", () => {
    expect(said({ history: [served("3", 10), served("2", 0)], live: "3" })).toEqual([
      "..0 ?",
      "0..10 2",
      "10.. 3",
    ]);
  });

  test("the newest counts only while it is what is live", () => {
    expect(said({ history: [served("3", 10), served("2", 0)], live: "4" })).toEqual([
      "..0 ?",
      "0..10 2",
      "10.. ?",
    ]);
  });

  test("an entry that replaced something else says that the one before ended unseen", () => {
    const history = [served("4", 20, "9"), served("2", 0, "1")];
    expect(said({ history, live: "4" })).toEqual(["..20 ?", "20.. 4"]);
  });
});

describe("out of both", () => {
  const records = [record("2", 0, { after: null }), record("3", 10)];

  test("the backend fills what the bot did not see", () => {
    const history = [served("3", 9.5), served("2", -30), served("1", -60)];
    expect(said({ records, history, live: "3" })).toEqual(["..-60 ?", "-60..-30 1", "-30..9.5 2", "9.5.. 3"]);
  });

  test("where they disagree both are shown", () => {
    expect(said({ records, history: [served("5", 20)], live: "5" })).toEqual([
      "..0 ?",
      "0..9 2",
      "9..10 ?",
      "10..20 3",
      "20.. 3/5",
    ]);
  });

  test("who brought it is told by the bot's record, since when by whoever knows it best", () => {
    const [, last] = servingIntervals(
      accounts({ records: [record("3", 10)], history: [served("3", 9.5)], live: "3" }),
    );
    expect(last).toMatchObject({
      from: at(9.5),
      to: null,
      rolloutId: 10,
      by: "ml",
      sources: ["bot", "backend"],
    });
  });
});

describe("a moment", () => {
  const intervals = servingIntervals(accounts({ records: [record("2", 0), record("3", 10)] }));
  test.each([
    [0, "2"],
    [8.9, "2"],
    [10, "3"],
    [100, "3"],
  ])("day %d is answered by version %s", (days, version) => {
    expect(intervalAt(intervals, at(days), now)).toMatchObject({ state: "known", version });
  });
  test("that has not come has no answer", () => {
    expect(intervalAt(intervals, at(101), now)).toBeNull();
  });
});

test("intervals follow one another without gap or overlap, whatever the accounts say", () => {
  const anAccount = fc.record({
    version: fc.constantFrom("1", "2", "3"),
    on: fc.integer({ min: 0, max: 99 }),
    lag: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(
      fc.array(anAccount, { maxLength: 12 }),
      fc.array(anAccount, { maxLength: 12 }),
      (ours, theirs) => {
        const intervals = servingIntervals(
          accounts({
            records: ours.map(({ version, on, lag }, index) =>
              record(version, on, { id: index, after: at(on - lag), seenAt: at(on) }),
            ),
            history: theirs.map(({ version, on }) => served(version, on)),
            live: "1",
          }),
        );
        expect(intervals[0]?.from).toBeNull();
        expect(intervals.at(-1)?.to).toBeNull();
        for (const [index, { from }] of intervals.entries()) {
          if (index > 0) expect(from).toEqual(intervals[index - 1]?.to);
          expect(
            intervals[index]?.to === null ||
              (from?.getTime() ?? -Infinity) < (intervals[index]?.to?.getTime() ?? 0),
          ).toBe(true);
        }
      },
    ),
  );
});
