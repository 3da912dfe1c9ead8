import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timeOut } from "../../src/domain/alert/tracked.ts";
import { incidentFacts } from "../../src/domain/incident/facts.ts";
import { advanceIncident, mergeIncident, openIncident } from "../../src/domain/incident.ts";
import { at, buildIncident, buildTracked } from "./build.ts";

const api = buildTracked({ name: "HighLatency", service: "api", severity: "critical", startsAt: at(1) });
const web = buildTracked({ name: "HighErrorRate", service: "web", severity: "warning", startsAt: at(0) });

describe("facts", () => {
  test("the title names the worst alert, the start is the earliest", () => {
    expect(incidentFacts([web, api])).toMatchObject({
      title: "HighLatency on api and 1 more service",
      severity: "critical",
      startedAt: at(0),
      alertCount: 2,
      firingCount: 2,
      isMuted: false,
    });
  });

  test("only firing alerts set the severity while one fires", () => {
    expect(incidentFacts([web, timeOut(api)]).severity).toBe("warning");
    expect(incidentFacts([timeOut(web), timeOut(api)]).severity).toBe("critical");
  });

  test("the order of members does not matter", () => {
    const members = [api, web, buildTracked({ service: "db" }), buildTracked({ service: null, name: "Odd" })];
    fc.assert(
      fc.property(fc.shuffledSubarray(members, { minLength: members.length }), (shuffled) => {
        expect(incidentFacts(shuffled)).toEqual(incidentFacts(members));
      }),
    );
  });

  test("it is muted only when every alert is", () => {
    const mutedBy = { by: "silence", id: 1, because: "x" } as const;
    expect(incidentFacts([{ ...api, mutedBy }, web]).isMuted).toBe(false);
    expect(
      incidentFacts([
        { ...api, mutedBy },
        { ...web, mutedBy },
      ]).isMuted,
    ).toBe(true);
  });

  test("an incident without alerts is refused", () => {
    expect(() => incidentFacts([])).toThrow(RangeError);
  });
});

describe("an incident", () => {
  const facts = incidentFacts([web]);
  const over = incidentFacts([timeOut(web)]);

  test("of alerts that have all ended is born resolved", () => {
    expect(openIncident(4, over, at(1))).toMatchObject({ id: 4, state: "resolved", resolvedBy: "tocsin" });
    expect(openIncident(4, facts, at(1))).toMatchObject({ state: "open", resolvedAt: null, revision: 1 });
  });

  test("is resolved when its last alert ends", () => {
    const step = advanceIncident(openIncident(1, facts, at(0)), over, { startedFiring: false, now: at(9) });
    expect(step.incident).toMatchObject({
      state: "resolved",
      resolvedAt: at(9),
      resolvedBy: "tocsin",
      revision: 2,
    });
    expect(step.events.map((event) => event.kind)).toEqual(["resolved"]);
  });

  test("is reopened when an alert begins to fire, and nobody has it then", () => {
    const before = buildIncident({
      ...facts,
      state: "resolved",
      resolvedAt: at(3),
      resolvedBy: "oncall",
      acknowledgedAt: at(1),
      acknowledgedBy: "oncall",
    });
    const step = advanceIncident(before, facts, { startedFiring: true, now: at(9) });
    expect(step.incident).toMatchObject({
      state: "open",
      reopenedCount: 1,
      resolvedAt: null,
      acknowledgedBy: null,
    });
  });

  test("that a person resolved stays so while the same alerts go on", () => {
    const before = buildIncident({ ...facts, state: "resolved", resolvedAt: at(3), resolvedBy: "oncall" });
    expect(advanceIncident(before, facts, { startedFiring: false, now: at(9) })).toMatchObject({
      hasChanged: false,
      incident: before,
    });
  });

  test("keeps its acknowledgement when more alerts join, and says when it gets worse", () => {
    const before = buildIncident({
      ...facts,
      state: "acknowledged",
      acknowledgedBy: "oncall",
      acknowledgedAt: at(1),
    });
    const step = advanceIncident(before, incidentFacts([web, api]), { startedFiring: true, now: at(2) });
    expect(step.incident).toMatchObject({
      state: "acknowledged",
      acknowledgedBy: "oncall",
      severity: "critical",
    });
    expect(step.events).toEqual([
      {
        kind: "severity_changed",
        text: "severity up from warning to critical",
        data: { direction: "up", from: "warning", to: "critical" },
      },
    ]);
  });

  test("does not change its revision when nothing that a card shows has changed", () => {
    const before = openIncident(1, facts, at(0));
    expect(advanceIncident(before, facts, { startedFiring: false, now: at(5) }).incident.revision).toBe(1);
  });

  test("that was merged says into which", () => {
    expect(mergeIncident(buildIncident(), 7, at(2)).incident).toMatchObject({
      state: "resolved",
      mergedInto: 7,
      revision: 2,
    });
  });
});
