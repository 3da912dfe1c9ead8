import { describe, expect, test } from "vitest";
import { createMemory, remember } from "../../../src/app/triage/memory.ts";
import { isTurn, moveIncident } from "../../../src/app/triage/move-incident.ts";
import { newMovement } from "../../../src/app/triage/movement.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { at, buildIncident, buildTracked } from "../../domain/build.ts";

const now = at(10);
const nowhere: ReadonlyMap<number, number> = new Map();

function memoryOf(...alerts: ReturnType<typeof buildTracked>[]) {
  const memory = createMemory(createCorrelator({ weights: shippedWeights }));
  for (const tracked of alerts) remember(memory, tracked);
  return memory;
}

const rows = (...incidents: readonly Incident[]) => new Map(incidents.map((row) => [row.id, row]));

describe("an incident whose alerts moved", () => {
  test("opens where there was none", () => {
    const context = { merges: nowhere, movement: newMovement(), now };
    const moved = moveIncident(memoryOf(buildTracked()), rows(), 1, context);
    expect(moved).toMatchObject({ isNew: true, incident: { id: 1, state: "open", openedAt: now } });
  });

  test("is left alone when its card would say the same", () => {
    const memory = memoryOf(buildTracked());
    const context = { merges: nowhere, movement: newMovement(), now };
    const before = moveIncident(memory, rows(), 1, context)?.incident;
    expect(moveIncident(memory, rows(before ?? buildIncident()), 1, context)).toBeNull();
  });

  test("whose thread is owed a line keeps its card as it is", () => {
    const memory = memoryOf(buildTracked());
    const movement = newMovement();
    const context = { merges: nowhere, movement, now };
    const before = moveIncident(memory, rows(), 1, context)?.incident ?? buildIncident();
    movement.owed.add(1);
    expect(moveIncident(memory, rows(before), 1, context)?.incident).toBe(before);
  });

  test("goes into another with the last of its alerts, once", () => {
    const context = { merges: new Map([[1, 2]]), movement: newMovement(), now };
    const before = buildIncident();
    const moved = moveIncident(memoryOf(), rows(before), 1, context);
    expect(moved?.incident).toMatchObject({ state: "resolved", mergedInto: 2 });
    expect(moved?.events.map(({ kind }) => kind)).toEqual(["merged"]);
    const again = rows(moved?.incident ?? before);
    expect(moveIncident(memoryOf(), again, 1, context)).toBeNull();
  });

  test("without alerts that nobody says went anywhere is left alone", () => {
    const context = { merges: nowhere, movement: newMovement(), now };
    expect(moveIncident(memoryOf(), rows(buildIncident()), 1, context)).toBeNull();
  });

  test("stands on its own again with alerts that a split gave back to it", () => {
    const context = { merges: nowhere, movement: newMovement(), now };
    const merged = buildIncident({ mergedInto: 2, alertCount: 3 });
    expect(moveIncident(memoryOf(buildTracked()), rows(merged), 1, context)?.incident.mergedInto).toBeNull();
  });
});

test.each([
  [{ isNew: true, events: [] }, true],
  [{ isNew: false, events: [] }, false],
  [{ isNew: false, events: [{ kind: "joined", text: "" }] }, false],
  [
    {
      isNew: false,
      events: [
        { kind: "joined", text: "" },
        { kind: "reopened", text: "" },
      ],
    },
    true,
  ],
  [{ isNew: false, events: [{ kind: "severity_changed", text: "" }] }, true],
] as const)("%j may change who has to be told: %s", (moved, expected) => {
  expect(isTurn(moved)).toBe(expected);
});
