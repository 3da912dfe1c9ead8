import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineKeeper, linesFor, noteHeld, recallLines } from "../../src/app/incident-lines.ts";
import { createMemory, remember, type TriageMemory } from "../../src/app/triage/memory.ts";
import { newMovement } from "../../src/app/triage/movement.ts";
import { type Severity, severities } from "../../src/domain/alert.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { heldKinds } from "../../src/domain/incident/held-line.ts";
import { lineEveryMs } from "../../src/domain/incident/thread-news.ts";
import type { TimelineEntry } from "../../src/domain/incident.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { at, buildIncident, buildTracked } from "../domain/build.ts";

/** What a database keeps of the history of incident 1. */
class History {
  readonly lines: TimelineEntry[] = [];

  write(leader: LineKeeper, { added, revised }: ReturnType<typeof linesFor>): void {
    const ids = added.map((_, index) => this.lines.length + index + 1);
    this.lines.push(...added.map((entry, index) => ({ ...entry, id: ids[index] ?? 0 })));
    for (const { id, isPosted, said } of revised) {
      const before = this.lines[id - 1];
      // A line that was told is never told again, nor changed.
      expect(before?.isPosted).toBe(false);
      if (before !== undefined) this.lines[id - 1] = { ...before, ...said, isPosted };
    }
    noteHeld(leader, added, ids);
  }

  told(kind: TimelineEntry["kind"]): readonly TimelineEntry[] {
    return this.lines.filter((line) => line.isPosted && line.kind === kind);
  }

  /** What the store finds for whoever takes over. */
  threadLines(): readonly TimelineEntry[] {
    return heldKinds.flatMap((held) => {
      const isMeant = ({ kind, isPosted, data }: TimelineEntry) =>
        kind === held && (isPosted || data["heldUntil"] !== undefined);
      const newest = this.lines.findLast(isMeant);
      return newest === undefined ? [] : [JSON.parse(JSON.stringify(newest), revive)];
    });
  }
}

function revive(key: string, value: unknown): unknown {
  return key === "at" && typeof value === "string" ? new Date(value) : value;
}

function takeOver(memory: TriageMemory, history: History): LineKeeper {
  return { memory, ...recallLines(memory, history.threadLines()) };
}

/** One batch, or a look at the clock: what it brings, how long after the one before, and whether the leader dies of it. */
const step = fc.record({
  pauseSeconds: fc.integer({ min: 0, max: 20 }),
  joins: fc.integer({ min: 0, max: 3 }),
  severity: fc.constantFrom(...severities),
  dies: fc.constantFrom("not", "not", "before the commit", "after it"),
});

test("whoever leads, the thread hears of every alert that joins once, and in the end how bad it is", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const memory = createMemory(createCorrelator({ weights: shippedWeights }));
      const history = new History();
      let leader = takeOver(memory, history);
      let [seconds, joinedCount] = [0, 0];
      let severity: Severity = "warning";
      const look = (joined: readonly string[], to: Severity, dies: string) => {
        const incident = buildIncident({ severity: to });
        const movement = newMovement();
        movement.joined.set(1, [...joined]);
        const events =
          to === severity
            ? []
            : [
                {
                  kind: "severity_changed",
                  text: `from ${severity} to ${to}`,
                  data: { from: severity, to },
                } as const,
              ];
        const moved = { incident, events, isNew: false, wasMuted: false };
        const lines = linesFor(leader, moved, movement, at(seconds / 60));
        if (dies === "before the commit") return false;
        history.write(leader, lines);
        memory.incidents.set(1, incident);
        severity = to;
        return dies === "not";
      };
      memory.incidents.set(1, buildIncident({ severity }));
      for (const { pauseSeconds, joins, severity: to, dies } of steps) {
        seconds += pauseSeconds;
        const keys = Array.from({ length: joins }, () => {
          joinedCount += 1;
          const tracked = buildTracked({ name: `Alert${joinedCount}` });
          remember(memory, tracked);
          return tracked.key;
        });
        if (look(keys, to, dies)) continue;
        leader = takeOver(memory, history);
        // What was not committed is done again by whoever leads now.
        if (dies === "before the commit") look(keys, to, "not");
      }
      seconds += lineEveryMs / 1_000;
      look([], severity, "not");

      const told = history.told("joined").map(({ data }) => data["alerts"]);
      expect(told.flat()).toEqual([...memory.alerts.keys()]);
      expect(told.length).toBeLessThanOrEqual(2 + (seconds * 1_000) / lineEveryMs);
      const newest = history.told("severity_changed").at(-1);
      expect(newest === undefined ? "warning" : newest.data["to"]).toBe(severity);
    }),
    { numRuns: 50 },
  );
});

test("asleep an incident is told nothing, and of what was held back before that nothing either", () => {
  const memory = createMemory(createCorrelator({ weights: shippedWeights }));
  const history = new History();
  const leader = takeOver(memory, history);
  const look = (name: string | null, seconds: number, snoozedUntil: Date | null) => {
    const tracked = buildTracked({ name: name ?? "" });
    if (name !== null) remember(memory, tracked);
    const movement = newMovement();
    movement.joined.set(1, name === null ? [] : [tracked.key]);
    const moved = { incident: buildIncident({ snoozedUntil }), events: [], isNew: false, wasMuted: false };
    history.write(leader, linesFor(leader, moved, movement, at(seconds / 60)));
  };
  look("First", 0, null);
  look("Second", 5, null);
  look("Third", 10, at(60));
  look(null, 40, null);
  expect(history.lines.map(({ text, isPosted }) => [text, isPosted])).toEqual([
    ["First on checkout joined", true],
    ["Second on checkout joined", false],
    ["Third on checkout joined", false],
  ]);
});
