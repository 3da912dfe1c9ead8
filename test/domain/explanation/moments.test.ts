import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withMoments } from "../../../src/domain/explanation/moments.ts";
import { clock } from "../../../src/domain/explanation/wording.ts";
import { textOf } from "../../../src/domain/view.ts";

const incident = { openedAt: new Date("2026-03-01T10:02:30Z") };

describe("the times in a sentence", () => {
  test.each<[string, string, string[]]>([
    ["today", "checkout is down since 10:02 UTC.", ["2026-03-01T10:02 time"]],
    ["another day", "since 28 Feb 23:58 UTC", ["2026-02-28T23:58 day and time"]],
    ["the last of the year before", "since 31 Dec 23:58 UTC", ["2025-12-31T23:58 day and time"]],
    ["of another year, named (issue 3)", "since 3 Feb 2024 23:58 UTC", ["2024-02-03T23:58 day and time"]],
    [
      "two of which the second names its year (issue 3)",
      "from 10:02 to 2 Jan 2027 09:00 UTC",
      ["2026-03-01T10:02 time", "2027-01-02T09:00 day and time"],
    ],
    ["two with one UTC", "from 10:02 to 10:40 UTC", ["2026-03-01T10:02 time", "2026-03-01T10:40 time"]],
    [
      "two of different days",
      "from 28 Feb 23:58 UTC to 10:40 UTC",
      ["2026-02-28T23:58 day and time", "2026-03-01T10:40 time"],
    ],
    ["none", "rose from 0.2 % to 31 %", []],
    ["another zone, and seconds", "10:02 CET, 10:02:30 UTC, 110:02 UTC", []],
    ["no such time or day", "25:00 UTC, 10:61 UTC, 31 Feb 10:00 UTC", []],
  ])("%s: %s", (_, sentence, expected) => {
    const text = withMoments(sentence, incident);
    const found = text.flatMap(({ at, inSentence }) =>
      at === undefined ? [] : [`${at.toISOString().slice(0, 16)} ${inSentence}`],
    );
    expect(found).toEqual(expected);
    expect(textOf(text)).toBe(sentence);
  });

  test("are those that were written, to the minute, and the words stay as they are", () => {
    const days = fc.date({ min: new Date("2024-02-01"), max: new Date("2027-04-01"), noInvalidDate: true });
    fc.assert(
      fc.property(days, fc.string(), fc.string(), (at, before, after) => {
        const sentence = `${before} ${clock(at, incident)} ${after}`;
        const text = withMoments(sentence, incident);
        expect(textOf(text)).toBe(sentence);
        const minute = new Date(at.getTime() - (at.getTime() % 60_000));
        expect(text.map((span) => span.at?.getTime())).toContain(minute.getTime());
      }),
    );
  });
});
