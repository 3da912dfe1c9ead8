import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { incidentFacts } from "../../../src/domain/incident/facts.ts";
import { incidentView } from "../../../src/domain/incident/view.ts";
import {
  assignIncident,
  maxRelated,
  relateIncidents,
  setSeverity,
  snoozeIncident,
  unrelateIncidents,
  wakeIncident,
} from "../../../src/domain/incident/work.ts";
import { advanceIncident, mergeIncident, splitIncident } from "../../../src/domain/incident.ts";
import { textOf } from "../../../src/domain/view.ts";
import { at, buildIncident, buildTracked } from "../build.ts";

const warning = incidentFacts([buildTracked({ severity: "warning" })]);
const critical = incidentFacts([buildTracked({ severity: "critical" })]);

describe("a severity that a person set", () => {
  test("stands whatever the alerts say, and is no news", () => {
    const before = setSeverity(buildIncident({ ...warning }), "info", "oncall");
    const step = advanceIncident(before, critical, { startedFiring: true, now: at(1) });
    expect(step.incident.severity).toBe("info");
    expect(step.events).toEqual([]);
  });
});

describe("an incident that sleeps", () => {
  const asleep = snoozeIncident(buildIncident({ ...warning }), at(60));

  test("wakes when it gets worse, and when it is over", () => {
    const worse = advanceIncident(asleep, critical, { startedFiring: true, now: at(1) });
    expect(worse.incident.snoozedUntil).toBeNull();
    const over = incidentFacts([buildTracked({ status: "resolved", endsAt: at(2) })]);
    expect(
      advanceIncident(asleep, over, { startedFiring: false, now: at(2) }).incident.snoozedUntil,
    ).toBeNull();
    expect(mergeIncident(asleep, 7, at(2)).incident.snoozedUntil).toBeNull();
  });

  test("sleeps on when more of the same joins", () => {
    const more = { ...warning, alertCount: 4, firingCount: 4 };
    expect(advanceIncident(asleep, more, { startedFiring: true, now: at(1) }).incident.snoozedUntil).toEqual(
      at(60),
    );
  });

  test.each([
    ["before its time", at(59), null],
    ["at its time", at(60), "awake"],
    ["when it was resolved meanwhile", at(61), null],
  ])("is woken %s", (name, now, expected) => {
    const state = name.includes("resolved") ? ("resolved" as const) : ("open" as const);
    expect(wakeIncident({ ...asleep, state }, now) === null).toBe(expected === null);
  });
});

test("what is split off stays with whoever had the whole", () => {
  const parent = assignIncident(buildIncident({ id: 1 }), { to: "ml", by: "oncall", now: at(1) });
  expect(splitIncident(buildIncident({ id: 2 }), parent)).toMatchObject({ assignedTo: "ml", parentId: 1 });
});

test("relations are mutual, bounded, and undone as they were made", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 60 }), (others) => {
      let a = buildIncident({ id: 1 });
      for (const id of others) {
        const pair = relateIncidents(a, buildIncident({ id }));
        if (pair === null) continue;
        expect(pair[1].related).toEqual([1]);
        const undone = unrelateIncidents(pair[0], pair[1]);
        expect(undone?.[0].related).toEqual(a.related);
        a = pair[0];
      }
      expect(new Set(a.related).size).toBe(a.related.length);
      expect(a.related.length).toBeLessThanOrEqual(maxRelated);
    }),
  );
});

test("the card says who has it, until when it is quiet, and what it is related to", () => {
  const given = assignIncident(buildIncident(), { to: "ml", by: "oncall", now: at(2) });
  const incident = { ...snoozeIncident(given, at(30)), related: [14] };
  const view = incidentView({ incident, alerts: [], explanation: null, nameOf: () => "Mika Lehtonen" });
  const [fields] = view.blocks;
  if (fields?.kind !== "fields") throw new Error("the card begins with its fields");
  const shown = fields.fields.map(({ label, value }) => `${label}: ${textOf(value)}`);
  expect(shown).toEqual(
    expect.arrayContaining([
      "Who has it: Mika Lehtonen, who has not acknowledged it; since 2026-03-01 10:02 UTC",
      "Quiet until: 2026-03-01 10:30 UTC",
      "Related: #14",
    ]),
  );
  expect(view.summary).toContain("Mika Lehtonen has it.");
});
