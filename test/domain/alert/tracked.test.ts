import { describe, expect, test } from "vitest";
import { isTimedOut, mergeAlert, supersede, timeOut } from "../../../src/domain/alert/tracked.ts";
import { at, buildAlert, buildTracked } from "../build.ts";

const resolved = buildAlert({ status: "resolved", endsAt: at(5) });

describe("merging a report into what is remembered", () => {
  test("a repeat only counts", () => {
    const merged = mergeAlert(buildTracked(), buildAlert(), at(1));
    expect(merged).toMatchObject({
      outcome: "repeated",
      tracked: { seenCount: 2, seenAt: at(1), endedBy: null },
    });
  });

  test("an end is taken over", () => {
    const merged = mergeAlert(buildTracked(), resolved, at(6));
    expect(merged).toMatchObject({
      outcome: "resolved",
      tracked: { endedBy: "source", alert: { status: "resolved", endsAt: at(5) } },
    });
  });

  test("an end without a time ends at its receipt", () => {
    const merged = mergeAlert(buildTracked(), buildAlert({ status: "resolved" }), at(7));
    expect(merged.tracked.alert.endsAt).toEqual(at(7));
  });

  test("a firing report after the end is late and changes nothing", () => {
    const ended = mergeAlert(buildTracked(), resolved, at(6)).tracked;
    expect(mergeAlert(ended, buildAlert(), at(6.1))).toMatchObject({
      outcome: "late",
      tracked: { endedBy: "source", alert: { status: "resolved" } },
    });
  });

  test("an alert that timed out fires again when it is heard of", () => {
    const merged = mergeAlert(timeOut(buildTracked()), buildAlert(), at(900));
    expect(merged).toMatchObject({
      outcome: "revived",
      tracked: { endedBy: null, alert: { status: "firing", endsAt: null } },
    });
  });

  test("an end that the source gives replaces a timeout", () => {
    expect(mergeAlert(timeOut(buildTracked()), resolved, at(900))).toMatchObject({
      outcome: "resolved",
      tracked: { endedBy: "source" },
    });
  });

  test("reports that arrive out of order never move the time of hearing back", () => {
    const merged = mergeAlert(buildTracked({}, { seenAt: at(9) }), buildAlert(), at(3));
    expect(merged.tracked.seenAt).toEqual(at(9));
  });
});

test("an alert times out after exactly the given silence", () => {
  const tracked = buildTracked({}, { seenAt: at(0) });
  expect(isTimedOut(tracked, at(9.99), 600_000)).toBe(false);
  expect(isTimedOut(tracked, at(10), 600_000)).toBe(true);
  expect(isTimedOut(timeOut(tracked), at(99), 600_000)).toBe(false);
  expect(timeOut(tracked).alert.endsAt).toEqual(at(0));
});

test("a newer firing ends the older one", () => {
  expect(supersede(buildTracked(), at(4))).toMatchObject({
    endedBy: "source",
    alert: { status: "resolved", endsAt: at(4) },
  });
});
