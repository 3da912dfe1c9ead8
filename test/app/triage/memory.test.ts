import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forget, keepWithin, leftOutOf, sizesOf } from "../../../src/app/triage/forget.ts";
import {
  createMemory,
  factsOf,
  know,
  membersOf,
  remember,
  type TriageMemory,
} from "../../../src/app/triage/memory.ts";
import type { Movement, Report } from "../../../src/app/triage/movement.ts";
import type { Alert } from "../../../src/domain/alert.ts";
import { createCorrelator } from "../../../src/domain/clustering.ts";
import { incidentFacts } from "../../../src/domain/incident/facts.ts";
import { openIncident } from "../../../src/domain/incident.ts";
import type { Silence } from "../../../src/domain/suppression/silence.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { at, buildAlert, buildIncident, buildTracked } from "../../domain/build.ts";
import { passTime, takeReports } from "../take.ts";

const topology = {
  edges: [
    ["web", "api"],
    ["api", "db"],
  ],
  services: [],
} as const;

function newMemory(): TriageMemory {
  const memory = createMemory(createCorrelator({ weights: shippedWeights }));
  memory.correlator.observe([{ kind: "topology", topology }], at(-1));
  return memory;
}

function take(memory: TriageMemory, alerts: readonly Alert[], silences: readonly Silence[] = []): Movement {
  const reports = alerts.map((alert): Report => ({ alert, receivedAt: alert.endsAt ?? alert.startsAt }));
  return takeReports(memory, reports, { observations: [], settings: { silences, windows: [] }, now: at(10) });
}

const firing = buildAlert({ service: "api", startsAt: at(0) });
const ended = buildAlert({ service: "api", startsAt: at(0), status: "resolved", endsAt: at(4) });
const again = buildAlert({ service: "api", startsAt: at(6) });

describe("taking reports", () => {
  test("a new alert is placed with reasons and kindles its incident", () => {
    const memory = newMemory();
    const movement = take(memory, [firing]);
    const [tracked] = [...movement.alerts.values()];
    expect(tracked?.incidentId).toBeGreaterThan(0);
    expect(tracked?.reasons.length).toBeGreaterThan(0);
    expect([...movement.kindled]).toEqual([tracked?.incidentId]);
  });

  test("a repeat touches no incident, so no card is edited", () => {
    const memory = newMemory();
    take(memory, [firing]);
    const movement = take(memory, [firing]);
    expect([...movement.touched]).toEqual([]);
    expect(memory.alerts.get([...movement.heard.keys()][0] ?? "")?.seenCount).toBe(2);
  });

  test("of a repeat that says nothing new only that it was heard of is stored", () => {
    const memory = newMemory();
    take(memory, [firing]);
    const same = take(memory, [firing]);
    expect([same.heard.size, same.alerts.size]).toEqual([1, 0]);
    const other = take(memory, [{ ...firing, annotations: { summary: "worse" } }, firing]);
    expect([other.heard.size, other.alerts.size]).toEqual([0, 1]);
    expect([...other.alerts.values()][0]?.seenCount).toBe(4);
  });

  test("a firing and its end in one batch leave one ended alert", () => {
    for (const order of [
      [firing, ended],
      [ended, firing],
    ]) {
      const memory = newMemory();
      const movement = take(memory, order);
      expect([...movement.alerts.values()].map((tracked) => tracked.endedBy)).toEqual(["source"]);
    }
  });

  test("a resolved alert does not kindle an incident", () => {
    const movement = take(newMemory(), [ended]);
    expect(movement.kindled.size).toBe(0);
    expect(movement.alerts.size).toBe(1);
  });

  test("a new firing of the same fingerprint ends the old one and is an alert of its own", () => {
    const memory = newMemory();
    take(memory, [firing]);
    const movement = take(memory, [again]);
    const states = [...memory.alerts.values()].map((tracked) => [tracked.alert.startsAt, tracked.endedBy]);
    expect(states).toEqual([
      [at(0), "source"],
      [at(6), null],
    ]);
    expect(movement.alerts.size).toBe(2);
  });

  test("an end that arrives after the new firing began belongs to the old one", () => {
    const memory = newMemory();
    take(memory, [firing, again, ended]);
    expect([...memory.alerts.values()].map((tracked) => tracked.endedBy)).toEqual(["source", null]);
  });

  test("a silenced alert is kept with the silence's reason", () => {
    const silence: Silence = {
      id: 3,
      matchers: [{ name: "service", op: "=", value: "api" }],
      reason: "known",
      createdBy: "oncall",
      createdIn: null,
      matchedAt: null,
      startsAt: at(0),
      endsAt: at(60),
      createdAt: at(0),
    };
    const movement = take(newMemory(), [firing], [silence]);
    expect([...movement.alerts.values()][0]?.mutedBy?.because).toContain("known");
  });

  test("however reports are cut into batches, the incidents are the same", () => {
    const alerts = ["web", "api", "db", "other"].flatMap((service, index) => [
      buildAlert({ service, name: `Alert${index}`, startsAt: at(index / 10) }),
      buildAlert({ service, name: "Latency", startsAt: at(index / 10 + 0.05), severity: "critical" }),
    ]);
    const whole = partitionAfter([alerts]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const batches: Alert[][] = [];
        let rest = [...alerts];
        for (const size of sizes) {
          batches.push(rest.slice(0, size));
          rest = rest.slice(size);
        }
        expect(partitionAfter([...batches, rest])).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});

function partitionAfter(batches: readonly (readonly Alert[])[]): string[] {
  const memory = newMemory();
  for (const batch of batches) if (batch.length > 0) take(memory, batch);
  const groups = new Map<number, string[]>();
  for (const tracked of memory.alerts.values())
    groups.set(tracked.incidentId, [...(groups.get(tracked.incidentId) ?? []), tracked.key]);
  return [...groups.values()].map((keys) => keys.sort().join(" ")).sort();
}

describe("time passing", () => {
  const timeoutMs = () => 3_600_000;

  test("ends alerts that were not heard of", () => {
    const memory = newMemory();
    take(memory, [firing]);
    expect(
      passTime(memory, { settings: { silences: [], windows: [] }, now: at(59), timeoutMs }).alerts.size,
    ).toBe(0);
    const movement = passTime(memory, { settings: { silences: [], windows: [] }, now: at(60), timeoutMs });
    expect([...movement.alerts.values()].map((tracked) => tracked.endedBy)).toEqual(["timeout"]);
    expect(movement.touched.size).toBe(1);
  });

  test("mutes and unmutes firing alerts as silences begin and end", () => {
    const memory = newMemory();
    take(memory, [firing]);
    const silence: Silence = {
      id: 3,
      matchers: [],
      reason: "all",
      createdBy: "oncall",
      createdIn: null,
      matchedAt: null,
      startsAt: at(11),
      endsAt: at(20),
      createdAt: at(11),
    };
    expect(
      [
        ...passTime(memory, {
          settings: { silences: [silence], windows: [] },
          now: at(12),
          timeoutMs,
        }).alerts.values(),
      ][0]?.mutedBy?.id,
    ).toBe(3);
    expect(
      passTime(memory, { settings: { silences: [silence], windows: [] }, now: at(13), timeoutMs }).alerts
        .size,
    ).toBe(0);
    expect(
      [
        ...passTime(memory, {
          settings: { silences: [silence], windows: [] },
          now: at(20),
          timeoutMs,
        }).alerts.values(),
      ][0]?.mutedBy,
    ).toBeNull();
  });

  test("what is long resolved is forgotten, what fires is not", () => {
    const memory = newMemory();
    take(memory, [firing]);
    const id = [...memory.alerts.values()][0]?.incidentId ?? 0;
    know(memory, buildIncident({ id }));
    forget(memory, at(999));
    expect(memory.alerts.size).toBe(1);
    take(memory, [ended]);
    const members = [...memory.alerts.values()];
    know(memory, openIncident(id, incidentFacts(members), at(9)));
    forget(memory, at(999));
    expect([memory.alerts.size, memory.members.size, memory.incidents.size, memory.newest.size]).toEqual([
      0, 0, 0, 0,
    ]);
  });
});

describe("the bound of the memory", () => {
  /** Incidents that end in the order of their numbers, with one alert each; those in `firing` go on. */
  function memoryOf(count: number, firing: readonly number[] = []): TriageMemory {
    const memory = newMemory();
    for (let id = 1; id <= count; id += 1) {
      const isOpen = firing.includes(id);
      const given = { service: `lone-${id}`, ...(isOpen ? {} : ({ status: "resolved" } as const)) };
      const tracked = buildTracked(given, { incidentId: id });
      remember(memory, tracked);
      know(memory, openIncident(id, incidentFacts([tracked]), at(id)));
    }
    return memory;
  }

  const left = (memory: TriageMemory) => [...memory.incidents.keys()].sort((a, b) => a - b);

  test("what ended first goes first, whole, and no more than has to", () => {
    const memory = memoryOf(5);
    remember(memory, buildTracked({ service: "other", status: "resolved" }, { incidentId: 2 }));
    know(memory, buildIncident({ id: 2, state: "resolved", alertCount: 2, firingCount: 0 }));
    expect(keepWithin(memory, 6, at(60))).toEqual([]);
    expect(memory.gone.at).toBeNull();
    expect(keepWithin(memory, 4, at(60))).toEqual([1, 3]);
    // Something came to the second after all others were over.
    expect(left(memory)).toEqual([2, 4, 5]);
    expect(keepWithin(memory, 1, at(61))).toEqual([4, 5, 2]);
    expect([memory.alerts.size, memory.members.size, memory.newest.size, memory.ended.size]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(memory.gone).toMatchObject({ recalled: 0, at: at(61) });
    expect(sizesOf(memory)).toMatchObject({ alerts: 0 });
    expect(leftOutOf(memory)).toEqual({ remembered_alerts: 6, remembered_incidents: 5, guests: 0 });
  });

  test("of more guests than are kept the oldest go, and are counted", () => {
    const memory = memoryOf(1);
    for (let own = 0; own < 10_003; own += 1) memory.guests.set(own, `key ${own}`);
    forget(memory, at(-60));
    expect([memory.guests.size, memory.guests.has(2), memory.guests.has(3)]).toEqual([10_000, false, true]);
    expect(leftOutOf(memory).guests).toBe(3);
  });

  test("what was heard of again goes last", () => {
    const memory = memoryOf(3);
    const [first] = membersOf(memory, 1);
    if (first === undefined) throw new Error("there is none");
    remember(memory, { ...first, seenCount: 2 });
    expect(keepWithin(memory, 1, at(60))).toEqual([2, 3]);
  });

  test("what is open or fires never goes, also where a person called it over", () => {
    const memory = memoryOf(6, [1, 4, 5]);
    know(memory, buildIncident({ id: 4, state: "acknowledged" }));
    know(memory, buildIncident({ id: 5, state: "resolved", resolvedBy: "oncall", firingCount: 1 }));
    keepWithin(memory, 0, at(60));
    forget(memory, at(9_999));
    expect(left(memory)).toEqual([1, 4, 5]);
    expect([...memory.open]).toEqual([1, 4]);
  });

  test("one that opens again stays, and one that went into another is not kept", () => {
    const memory = memoryOf(2);
    know(memory, buildIncident({ id: 1 }));
    const [second] = membersOf(memory, 2);
    if (second === undefined) throw new Error("there is none");
    remember(memory, { ...second, incidentId: 1 });
    know(memory, buildIncident({ id: 2, state: "resolved", mergedInto: 1, firingCount: 0 }));
    expect(keepWithin(memory, 0, at(60))).toEqual([]);
    expect(left(memory)).toEqual([1]);
    expect(factsOf(memory, 1)?.alertCount).toBe(2);
  });

  test("forgetting looks at no more than it forgets, however much is remembered", () => {
    const memory = memoryOf(2_000);
    let looks = 0;
    const get = memory.alerts.get.bind(memory.alerts);
    memory.alerts.get = (key) => {
      looks += 1;
      return get(key);
    };
    forget(memory, at(-60));
    keepWithin(memory, 1_999, at(60));
    expect(looks).toBeLessThan(10);
  });
});
