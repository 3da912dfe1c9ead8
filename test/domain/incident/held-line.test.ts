import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Severity, severities } from "../../../src/domain/alert.ts";
import {
  heldJoins,
  heldKindOf,
  heldSeverity,
  joinsData,
  recallNews,
} from "../../../src/domain/incident/held-line.ts";
import { dueAfter, noNews, tellJoins, tellSeverity } from "../../../src/domain/incident/thread-news.ts";
import type { TimelineEntry } from "../../../src/domain/incident.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31) + seconds * 1_000);

function line(more: Partial<TimelineEntry>): TimelineEntry {
  const rest = { id: 7, incidentId: 1, at: at(0), actor: "tocsin", text: "", data: {} };
  return { ...rest, kind: "joined", isPosted: false, ...more };
}

/** As it comes back from a database. */
const stored = (entry: TimelineEntry): TimelineEntry => ({
  ...entry,
  data: JSON.parse(JSON.stringify(entry.data)),
});

describe("what the thread has still to be told is read from the history", () => {
  test("alerts that joined in the pause, with the pause itself", () => {
    const first = tellJoins(noNews, ["a"], at(0));
    const keys = fc.array(fc.string(), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 29 }), (joined, seconds) => {
        const { news } = tellJoins(first.news, joined, at(seconds));
        const data = heldJoins(news.untold, dueAfter(news.joinsToldAt));
        expect(recallNews([stored(line({ at: at(seconds), data }))], "high")).toEqual({
          news,
          held: { joined: 7 },
        });
      }),
    );
  });

  test("a severity that got better, unless it is what the thread takes it for again", () => {
    const severity = fc.constantFrom(...severities);
    fc.assert(
      fc.property(severity, severity, severity, (from, to, now) => {
        const news = { ...noNews, believed: from, severityToldAt: at(0) };
        const entry = line({ kind: "severity_changed", data: heldSeverity({ from, to }, news) });
        const recalled = recallNews([stored(entry)], now);
        const isBack = now === from;
        expect(recalled).toEqual({
          news: { ...news, believed: isBack ? null : from },
          held: isBack ? {} : { severity_changed: 7 },
        });
      }),
    );
  });

  test("both at once", () => {
    const news = { ...noNews, believed: "critical", severityToldAt: at(4), joinsToldAt: at(2) } as const;
    const held = line({ data: heldJoins({ keys: ["a"], count: 1 }, at(32)) });
    const changed = line({ id: 8, kind: "severity_changed", data: heldSeverity({}, news) });
    expect(recallNews([held, changed], "high")).toEqual({
      news: { ...news, untold: { keys: ["a"], count: 1 } },
      held: { joined: 7, severity_changed: 8 },
    });
  });
});

test.each([
  { what: "at once", data: joinsData({ keys: ["a"], count: 1 }), toldAt: at(0) },
  { what: "after a pause", data: heldJoins({ keys: ["a"], count: 1 }, at(20)), toldAt: at(20) },
  { what: "by an older version, which kept no count", data: { alerts: ["a"] }, toldAt: at(0) },
])("a line that was told $what is not told again, and the next waits its turn", ({ data, toldAt }) => {
  const recalled = recallNews([stored(line({ data, isPosted: true }))], "high");
  expect(recalled).toEqual({ news: { ...noNews, joinsToldAt: toldAt }, held: {} });
  expect(tellJoins(recalled.news, ["b"], new Date(toldAt.getTime() + 29_999)).told.count).toBe(0);
});

test("a line that says nothing legible is left alone", () => {
  const entry = line({ data: { alerts: 3, heldUntil: "soon" } });
  expect(recallNews([entry], "high")).toEqual({ news: noNews, held: {} });
});

test.each<[Partial<TimelineEntry>, ReturnType<typeof heldKindOf>]>([
  [{ data: { heldUntil: "2026-01-31T00:00:30Z" } }, "joined"],
  [{ kind: "severity_changed", data: { heldUntil: "2026-01-31T00:00:30Z" } }, "severity_changed"],
  [{ data: { heldUntil: "2026-01-31T00:00:30Z" }, isPosted: true }, null],
  // Of alerts that are muted, or while it sleeps: told to nobody, now or later.
  [{ data: { alerts: [] } }, null],
  [{ kind: "note", data: { heldUntil: "2026-01-31T00:00:30Z" } }, null],
])("of %j the kind that is held back is %s", (more, kind) => {
  expect(heldKindOf(line(more))).toBe(kind);
});

test("a change of severity keeps what it said", () => {
  const change = { from: "critical", to: "high" } satisfies Record<string, Severity>;
  const { news } = tellSeverity({ ...noNews, severityToldAt: at(0) }, change, at(3));
  expect(heldSeverity({ ...change, direction: "down" }, news)).toEqual({
    ...change,
    direction: "down",
    believed: "critical",
    heldUntil: at(30).toISOString(),
  });
});
