import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMemory, remember, type TriageMemory } from "../../src/app/triage/memory.ts";
import type { Movement, Report } from "../../src/app/triage/movement.ts";
import type { TrackedAlert } from "../../src/domain/alert/tracked.ts";
import type { Alert } from "../../src/domain/alert.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { incidentFacts } from "../../src/domain/incident/facts.ts";
import { advanceIncident, type Incident, openIncident } from "../../src/domain/incident.ts";
import { flappingText } from "../../src/domain/suppression/flapping.ts";
import type { InhibitionRule } from "../../src/domain/suppression/inhibition.ts";
import type { MuteSettings } from "../../src/domain/suppression.ts";
import { at, buildAlert } from "../domain/build.ts";
import { passTime, takeReports } from "./take.ts";

const noSettings: MuteSettings = { silences: [], windows: [] };

function newMemory(inhibition: readonly InhibitionRule[] = []): TriageMemory {
  const flapping = { firings: 3, windowMs: 1_800_000, quietMs: 900_000 };
  return createMemory(createCorrelator(), { inhibition, flapping });
}

function take(memory: TriageMemory, ...alerts: readonly Alert[]): Movement {
  const reports = alerts.map((alert): Report => ({ alert, receivedAt: alert.endsAt ?? alert.startsAt }));
  const now = reports.reduce((latest, { receivedAt }) => (receivedAt > latest ? receivedAt : latest), at(0));
  return takeReports(memory, reports, { observations: [], settings: noSettings, now });
}

function pass(memory: TriageMemory, minute: number): Movement {
  return passTime(memory, { settings: noSettings, now: at(minute), timeoutMs: () => 12 * 3_600_000 });
}

function fires(minute: number, over: Partial<Alert> = {}): Alert {
  return buildAlert({ service: "api", startsAt: at(minute), ...over });
}

function ends(startMinute: number, minute: number, over: Partial<Alert> = {}): Alert {
  return fires(startMinute, { status: "resolved", endsAt: at(minute), ...over });
}

/** Fires at each of these minutes and ends half a minute later, each report on its own. */
function flaps(memory: TriageMemory, ...minutes: readonly number[]): Movement[] {
  return minutes.flatMap((minute) => [take(memory, fires(minute)), take(memory, ends(minute, minute + 0.5))]);
}

function only(memory: TriageMemory): TrackedAlert {
  const held = [...memory.held].map((key) => memory.alerts.get(key));
  const [tracked] = held;
  if (tracked === undefined || held.length > 1) throw new Error(`${held.length} alerts are held open`);
  return tracked;
}

/** Lines told in threads by kind. */
function told(...movements: readonly Movement[]): string[] {
  return movements.flatMap((movement) => [...movement.told.values()].flat().map(({ kind }) => kind));
}

/** What becomes of the incident with this number, one step per movement. */
function follow(memory: TriageMemory, movements: readonly (() => Movement)[]): Incident | null {
  let incident: Incident | null = null;
  for (const move of movements) {
    const movement = move();
    for (const id of movement.touched) {
      const facts = incidentFacts(
        [...(memory.members.get(id) ?? [])].flatMap((key) => memory.alerts.get(key) ?? []),
      );
      incident =
        incident === null
          ? openIncident(id, facts, at(0))
          : advanceIncident(incident, facts, { startedFiring: movement.kindled.has(id), now: at(0) })
              .incident;
    }
  }
  return incident;
}

describe("an alert that flaps", () => {
  test("is one alert that is held open, with a count", () => {
    const memory = newMemory();
    flaps(memory, 0, 2, 4, 6, 8, 10, 12);
    const held = only(memory);
    expect(held).toMatchObject({ endedBy: null, alert: { status: "firing", endsAt: null } });
    expect(held.flapping && flappingText(held.flapping)).toBe("flapping: 7 times in 30 min");
    // The first firing, and the one that is held.
    expect(memory.alerts.size).toBe(2);
  });

  test("says so once when it begins and once when it settles", () => {
    const memory = newMemory();
    const flapping = flaps(memory, 0, 2, 4, 6, 8, 10, 12);
    expect(told(...flapping)).toEqual(["flapping"]);
    expect(told(pass(memory, 20), pass(memory, 27.4))).toEqual([]);
    expect(told(pass(memory, 27.5), pass(memory, 28))).toEqual(["settled"]);
  });

  test("moves its incident no more: it reopens once, when it is held, and resolves when it has settled", () => {
    const memory = newMemory();
    const steps = [0, 2, 4, 6, 8, 10, 12].flatMap((minute) => [
      () => take(memory, fires(minute)),
      () => take(memory, ends(minute, minute + 0.5)),
    ]);
    // Two firings ended before it was known to flap.
    expect(follow(memory, steps)).toMatchObject({ state: "open", reopenedCount: 2, firingCount: 1 });
    pass(memory, 40);
    expect(memory.held.size).toBe(0);
    expect([...memory.alerts.values()].map(({ endedBy }) => endedBy)).toEqual(["source", "source"]);
    expect([...memory.alerts.values()].at(-1)?.alert.endsAt).toEqual(at(12.5));
  });

  test("keeps every firing for the record, as a part of the one that is held, with its own end", () => {
    const memory = newMemory();
    const movements = flaps(memory, 0, 2, 4, 6);
    movements.push(take(memory, fires(8)), take(memory, fires(9)), take(memory, ends(9, 10)));
    const stored = new Map(movements.flatMap((movement) => [...movement.alerts]));
    const parts = [...stored.values()].filter(({ partOf }) => partOf !== undefined);
    expect(new Set(parts.map(({ partOf }) => partOf))).toEqual(new Set([only(memory).key]));
    expect(parts.map(({ alert }) => [alert.startsAt, alert.endsAt])).toEqual([
      [at(4), at(4.5)],
      [at(6), at(6.5)],
      [at(8), at(9)],
      [at(9), at(10)],
    ]);
    expect(parts.every(({ endedBy, incidentId }) => endedBy === "source" && incidentId > 0)).toBe(true);
  });

  test("that fires steadily in the end is an ordinary alert again, and ends when its source says so", () => {
    const memory = newMemory();
    flaps(memory, 0, 2, 4);
    take(memory, fires(6));
    expect(told(pass(memory, 21))).toEqual(["settled"]);
    const steady = [...memory.alerts.values()].at(-1);
    expect(steady).toMatchObject({ endedBy: null, flapping: { since: null } });
    const movement = take(memory, ends(6, 90));
    expect(memory.firing.size).toBe(0);
    expect(movement.touched.size).toBe(1);
    const part = [...movement.alerts.values()].find(({ partOf }) => partOf === steady?.key);
    expect(part?.alert).toMatchObject({ startsAt: at(6), endsAt: at(90) });
  });

  test("of a sender that names no start is held as well", () => {
    const memory = newMemory();
    const guessed = { isStartGuessed: true } as const;
    for (const minute of [0, 2, 4, 6, 8]) {
      take(memory, fires(minute, guessed));
      take(memory, fires(minute + 0.2, guessed));
      take(memory, fires(minute + 0.5, { ...guessed, status: "resolved", endsAt: at(minute + 0.5) }));
    }
    expect(only(memory).flapping).toMatchObject({ count: 5, endedAt: at(8.5) });
  });

  test("settles by what was reported, also when nobody looked in between", () => {
    const memory = newMemory();
    flaps(memory, 0, 2, 4);
    const movement = take(memory, fires(60));
    expect(told(movement)).toEqual(["settled"]);
    expect(memory.held.size).toBe(0);
    expect([...memory.firing]).toHaveLength(1);
  });

  test("goes on as before after a restart", () => {
    const memory = newMemory();
    const stored = new Map(flaps(memory, 0, 2, 4, 6).flatMap((movement) => [...movement.alerts]));
    const heir = newMemory();
    // As the store hands them over: what JSON makes of them, with moments again, and without parts.
    for (const tracked of stored.values()) if (tracked.partOf === undefined) remember(heir, tracked);
    flaps(heir, 8);
    expect(only(heir).flapping).toMatchObject({ count: 5, endedAt: at(8.5) });
    expect(told(pass(heir, 30))).toEqual(["settled"]);
    expect(heir.firing.size).toBe(0);
  });

  test("that falls silent while it fires times out", () => {
    const memory = newMemory();
    flaps(memory, 0, 2);
    take(memory, fires(4));
    const movement = passTime(memory, { settings: noSettings, now: at(9), timeoutMs: () => 300_000 });
    expect(told(movement)).toEqual(["settled"]);
    expect([...memory.alerts.values()].at(-1)?.endedBy).toBe("timeout");
  });

  test("is held the same however the reports are cut into batches", () => {
    const reports = [0, 1, 2, 3, 4, 5].flatMap((minute) => [fires(minute), ends(minute, minute + 0.5)]);
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, (cuts) => {
        const memory = newMemory();
        let rest: readonly Alert[] = reports;
        for (const size of cuts) {
          if (rest.length > 0) take(memory, ...rest.slice(0, size));
          rest = rest.slice(size);
        }
        if (rest.length > 0) take(memory, ...rest);
        expect(memory.alerts.size).toBe(2);
        expect(only(memory).flapping).toMatchObject({ count: 6, endedAt: at(5.5) });
      }),
      { numRuns: 50 },
    );
  });

  test("keeps to one incident, also when its firings are minutes apart", () => {
    for (const apart of [1, 3, 7, 12]) {
      const memory = newMemory();
      flaps(memory, 0, apart, 2 * apart, 3 * apart);
      expect(new Set([...memory.alerts.values()].map(({ incidentId }) => incidentId))).toEqual(new Set([1]));
      expect([...memory.alerts.values()].at(-1)?.reasons).toMatchObject(
        apart > 1 ? [{ signal: "again" }] : [{}],
      );
    }
  });

  test("goes with others that join the incident which it would have had to itself", () => {
    const memory = newMemory();
    memory.correlator.observe(
      [{ kind: "topology", topology: { edges: [["web", "api"]], services: [] } }],
      at(-1),
    );
    flaps(memory, 0);
    take(memory, fires(10));
    expect([...memory.members.keys()]).toEqual([1]);
    take(
      memory,
      fires(10.1, { service: "web", name: "Slow" }),
      fires(10.2, { service: "web", name: "Errors" }),
      fires(10.2, { service: "api", name: "Saturated" }),
    );
    const places = [...memory.alerts.values()].map(({ alert, incidentId }) => [alert.name, incidentId]);
    const [first, second] = [places[0]?.[1], places[1]?.[1]];
    expect(first).not.toBe(second);
    expect(new Set(places.slice(1).map(([, incidentId]) => incidentId))).toEqual(new Set([second]));
    expect(memory.guests.size).toBe(0);
  });

  test("takes bounded memory, however long it goes on", () => {
    const memory = newMemory();
    flaps(memory, ...Array.from({ length: 2_000 }, (_, index) => index));
    expect(memory.alerts.size).toBe(2);
    expect(only(memory).flapping?.starts.length).toBeLessThanOrEqual(30);
    expect(only(memory).flapping?.count).toBe(2_000);
  });
});

describe("an inhibition", () => {
  const rule: InhibitionRule = {
    name: "critical first",
    source: [{ name: "severity", op: "=", value: "critical" }],
    target: [{ name: "severity", op: "=", value: "warning" }],
    equal: ["zone"],
  };
  const target = buildAlert({ name: "Slow", service: "web", labels: { alertname: "Slow", zone: "a" } });
  const source = (name: string, over: Partial<Alert> = {}) =>
    buildAlert({
      name,
      service: "db",
      severity: "critical",
      labels: { alertname: name, zone: "a" },
      ...over,
    });
  const muteOf = (memory: TriageMemory) =>
    [...memory.alerts.values()].find(({ alert }) => alert.name === "Slow")?.mutedBy ?? null;

  test("mutes a target that comes with its source or after it, so that it kindles nothing", () => {
    for (const batches of [[[target, source("Down")]], [[source("Down")], [target]]]) {
      const memory = newMemory([rule]);
      const movements = batches.map((batch) => take(memory, ...batch));
      expect(muteOf(memory)).toEqual({
        by: "inhibition",
        id: "critical first",
        because: "inhibition rule critical first: Down on db fires",
      });
      const kindled = movements.flatMap((movement) => [...movement.kindled]);
      const home = [...memory.alerts.values()].find(({ alert }) => alert.name === "Down")?.incidentId;
      expect(kindled).toEqual([home]);
      expect(movements.at(-1)?.muted.get("inhibition")).toBe(1);
    }
  });

  test("ends with the last source, in the batch that says so, and its target is told of", () => {
    const memory = newMemory([rule]);
    take(memory, source("Down"), source("Dark"), target);
    take(memory, source("Down", { status: "resolved", endsAt: at(5) }));
    expect(muteOf(memory)?.because).toContain("Dark on db");
    const movement = take(memory, source("Dark", { status: "resolved", endsAt: at(6) }));
    expect(muteOf(memory)).toBeNull();
    expect([...movement.unmuted.values()].flat()).toHaveLength(1);
    expect(movement.kindled.size).toBe(1);
  });

  test("holds after a restart, and is lifted when the rule is gone", () => {
    const memory = newMemory([rule]);
    take(memory, source("Down"), target);
    const [same, without] = [newMemory([rule]), newMemory()];
    for (const tracked of memory.alerts.values()) {
      remember(same, tracked);
      remember(without, tracked);
    }
    expect([...pass(same, 1).unmuted]).toEqual([]);
    expect(muteOf(same)?.by).toBe("inhibition");
    expect([...pass(without, 1).unmuted.values()].flat()).toHaveLength(1);
    expect(muteOf(without)).toBeNull();
  });

  test("by a source that timed out ends as well", () => {
    const memory = newMemory([rule]);
    take(memory, source("Down"));
    takeReports(memory, [{ alert: target, receivedAt: at(50) }], {
      observations: [],
      settings: noSettings,
      now: at(50),
    });
    const movement = passTime(memory, { settings: noSettings, now: at(61), timeoutMs: () => 3_600_000 });
    expect([...movement.unmuted.values()].flat()).toHaveLength(1);
  });
});
