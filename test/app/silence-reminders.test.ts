import { describe, expect, test } from "vitest";
import { dueReminders, shippedReminders } from "../../src/app/silence-reminders.ts";
import type { Mute } from "../../src/domain/suppression/mute.ts";
import type { Silence } from "../../src/domain/suppression/silence.ts";
import { silenceReminderView } from "../../src/domain/suppression/silence-view.ts";
import { at, buildTracked } from "../domain/build.ts";

const day = 1_440;

function silence(given: Partial<Silence> = {}): Silence {
  return {
    id: 12,
    matchers: [{ name: "service", op: "=", value: "web" }],
    reason: "load test",
    createdBy: "oncall",
    createdIn: "slack:C1",
    startsAt: at(0),
    endsAt: at(120),
    createdAt: at(0),
    matchedAt: null,
    ...given,
  };
}

function firing(mutedBy: Mute | null) {
  return buildTracked({ service: "web" }, { mutedBy });
}

const bySilence = firing({ by: "silence", id: 12, because: "" });

function due(minute: number, silences: readonly Silence[], alerts = [bySilence]): string[] {
  return dueReminders(silences, alerts, at(minute), shippedReminders).due.map(({ kind }) => kind);
}

describe("a reminder of a silence that ends", () => {
  test("is due in its last quarter of an hour", () => {
    expect(due(104, [silence()])).toEqual([]);
    expect(due(105, [silence()])).toEqual(["silence_ending"]);
    expect(due(120, [silence()])).toEqual([]);
  });

  test("is not due when its end would let no alert notify", () => {
    expect(due(110, [silence()], [])).toEqual([]);
    expect(due(110, [silence()], [firing(null)])).toEqual([]);
    // Another silence lasts longer, and is the one that is named.
    expect(due(110, [silence()], [firing({ by: "silence", id: 13, because: "" })])).toEqual([]);
    expect(due(110, [silence()], [firing({ by: "inhibition", id: 12, because: "" })])).toEqual([]);
  });

  test("is not due for one that was made for no longer than that", () => {
    expect(due(5, [silence({ endsAt: at(15) })])).toEqual([]);
  });

  test("can be switched off", () => {
    const off = { leadMs: 0, idleMs: 0 };
    expect(dueReminders([silence()], [bySilence], at(119.9), off).due).toEqual([]);
    expect(dueReminders([silence({ endsAt: at(20 * day) })], [], at(10 * day), off).due).toEqual([]);
  });
});

describe("a reminder of a silence that matches nothing", () => {
  const long = silence({ endsAt: at(30 * day) });

  test("is due a week after it was made, or last matched", () => {
    expect(due(7 * day - 1, [long], [])).toEqual([]);
    expect(due(7 * day, [long], [])).toEqual(["silence_idle"]);
    expect(due(7 * day, [{ ...long, matchedAt: at(day) }], [])).toEqual([]);
    expect(due(8 * day, [{ ...long, matchedAt: at(day) }], [])).toEqual(["silence_idle"]);
  });

  test("is not due while an alert fires that it matches, by whatever that is muted; which is noted", () => {
    const round = dueReminders(
      [long],
      [firing({ by: "silence", id: 9, because: "" })],
      at(8 * day),
      shippedReminders,
    );
    expect(round).toEqual({ due: [], matched: [12] });
  });
});

describe("what it says", () => {
  const nameOf = (person: string) => (person === "oncall" ? "On call" : person);

  test("who made it and why, when it ends, what it mutes, and how to make it last", () => {
    const view = silenceReminderView({
      kind: "ending",
      silence: silence(),
      muted: { count: 5, names: ["Slow on web", "Down on web", "Dark on web"] },
      nameOf,
      now: at(105),
    });
    expect(view.summary).toBe(
      "Silence 12 by On call (load test) ends 2026-03-01 12:00 UTC. It mutes what fires now: Slow on web, Down on web, Dark on web and 2 more.",
    );
    expect(view.actions.map(({ command }) => command)).toEqual([
      "silence --extend 12 --for 2h",
      "silence --end 12",
    ]);
  });

  test("that it has ended, when it comes too late", () => {
    const view = silenceReminderView({
      kind: "ending",
      silence: silence(),
      muted: { count: 0, names: [] },
      nameOf,
      now: at(130),
    });
    expect(view.summary).toContain("ended 2026-03-01 12:00 UTC.");
    expect(view.actions).toEqual([]);
  });

  test("since when nothing matches", () => {
    const quiet = { kind: "idle", muted: { count: 0, names: [] }, nameOf, now: at(7 * day) } as const;
    expect(silenceReminderView({ ...quiet, silence: silence({ endsAt: at(30 * day) }) }).summary).toContain(
      "has matched no alert since it was made, 2026-03-01 10:00 UTC; it lasts until",
    );
  });
});
