import { expect, test } from "vitest";
import { newRollout } from "../../../src/domain/rollout.ts";
import { anAlert, anIncident, aStoredAlert, at, freshStore } from "./fixture.ts";

const run = { name: "daily", slot: at(3600), from: at(0), to: at(3600), channel: "slack:C1" };

test("a slot is claimed once per channel", async () => {
  const { store, another } = await freshStore();
  const other = await another();
  const claims = await Promise.all(
    [store, other, store, other].map((each) => each.digests.claim(run, at(3600))),
  );
  const id = claims.find((claim) => claim !== null);
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  expect(await store.digests.claim({ ...run, channel: "slack:C2" }, at(3600))).not.toBeNull();
  expect(await store.digests.find(id ?? 0)).toEqual({ ...run, id, facts: null });
  expect(await store.digests.lastSlot("daily", "slack:C1")).toEqual(at(3600));
  expect(await store.digests.lastSlot("weekly", "slack:C1")).toBeNull();
  expect(await store.digests.lastSlot(null, "slack:C1")).toEqual(at(3600));
});

test("the numbers of a window count what happened in it and nothing else", async () => {
  const { store } = await freshStore();
  await store.incidents.save([
    anIncident(1, {
      openedAt: at(10),
      acknowledgedAt: at(70),
      acknowledgedBy: "oncall",
      state: "resolved",
      resolvedAt: at(310),
    }),
    anIncident(2, {
      openedAt: at(20),
      acknowledgedAt: at(40),
      acknowledgedBy: "oncall",
      state: "acknowledged",
      severity: "critical",
    }),
    anIncident(3, { openedAt: at(-50), state: "resolved", resolvedAt: at(50) }),
    anIncident(4, { openedAt: at(-60) }),
    anIncident(5, { openedAt: at(30), isMuted: true }),
    anIncident(6, { openedAt: at(30), mergedInto: 1 }),
    anIncident(7, { openedAt: at(3600) }),
  ]);
  const alert = (name: string, instance: string, seconds: number, incidentId: number, isMuted = false) =>
    aStoredAlert(anAlert(name, { labels: { name, instance }, startsAt: at(seconds) }), {
      incidentId,
      mutedBy: isMuted ? { by: "silence", id: 1, because: "planned work" } : null,
    });
  await store.incidents.saveAlerts([
    alert("Disk", "a", 10, 1),
    alert("Disk", "b", 700, 2),
    alert("Cpu", "a", 20, 2),
    alert("Cpu", "b", 30, 5, true),
    alert("Disk", "late", 3600, 7),
    alert("Disk", "early", -1, 4),
  ]);
  await store.rollouts.insert(
    newRollout({
      operationId: "op",
      plan: {
        kind: "deploy",
        model: "fraud-scorer",
        environment: "production",
        from: "3",
        to: "4",
        digest: null,
        metrics: [],
        steps: [],
        notes: [],
        inverse: null,
        reason: "",
        incidentId: null,
        expectedMs: null,
      },
      requestedBy: "ml-engineer",
      requestedIn: null,
      approvalRules: [{ rule: "r", count: 1, roles: [] }],
      expiresAt: at(9999),
      now: at(100),
    }),
  );
  const facts = await store.digests.facts(at(0), at(3600));
  expect(facts).toMatchObject({
    from: at(0).toISOString(),
    to: at(3600).toISOString(),
    opened: [
      { id: 2, title: "incident 2", severity: "critical" },
      { id: 1, title: "incident 1", severity: "warning" },
    ],
    resolved: [{ id: 1 }, { id: 3 }],
    stillOpen: 2,
    acknowledgeMs: 40_000,
    resolveMs: 200_000,
    alertCount: 4,
    noisiest: [
      { name: "Cpu", count: 2, incidents: 2 },
      { name: "Disk", count: 2, incidents: 2 },
    ],
    muted: [{ because: "planned work", count: 1 }],
    rollouts: [{ title: "deploy fraud-scorer 3 → 4 in production", state: "pending" }],
    pendingApprovals: [{ requestedBy: "ml-engineer" }],
  });
  expect(facts.series).toHaveLength(12);
  expect(facts.series[0]).toEqual({ at: at(0).toISOString(), alerts: 3, incidents: 2 });
  expect(facts.series[2]).toEqual({ at: at(600).toISOString(), alerts: 1, incidents: 0 });
  const id = await store.digests.claim(run, at(3600));
  await store.digests.saveFacts(id ?? 0, facts);
  expect((await store.digests.find(id ?? 0))?.facts).toEqual(facts);
});

test("what is open at the end comes oldest first, with who has it", async () => {
  const { store } = await freshStore();
  await store.incidents.save([
    anIncident(1, {
      openedAt: at(100),
      acknowledgedAt: at(200),
      acknowledgedBy: "oncall",
      state: "acknowledged",
    }),
    anIncident(2, { openedAt: at(-500), assignedTo: "ml", assignedAt: at(0) }),
    anIncident(3, { openedAt: at(50) }),
    anIncident(4, { openedAt: at(10), state: "resolved", resolvedAt: at(20) }),
    anIncident(5, { openedAt: at(10), state: "resolved", resolvedAt: at(4000) }),
    anIncident(6, { openedAt: at(10), isMuted: true }),
    anIncident(7, { openedAt: at(10), mergedInto: 1 }),
    anIncident(8, { openedAt: at(3600) }),
  ]);
  const { open = [] } = await store.digests.facts(at(0), at(3600));
  expect(open.map(({ id, who }) => [id, who])).toEqual([
    [2, "ml"],
    [5, null],
    [3, null],
    [1, "oncall"],
  ]);
  expect(open[0]).toMatchObject({ since: at(-500).toISOString(), severity: "warning" });
});

test("the time before has medians of its own, of what fell into it", async () => {
  const { store } = await freshStore();
  await store.incidents.save([
    anIncident(1, {
      openedAt: at(-100),
      acknowledgedAt: at(-40),
      acknowledgedBy: "oncall",
      state: "acknowledged",
    }),
    anIncident(2, { openedAt: at(-90), state: "resolved", resolvedAt: at(-60) }),
    anIncident(3, { openedAt: at(-5_000), state: "resolved", resolvedAt: at(-4_000) }),
    anIncident(4, { openedAt: at(0), state: "resolved", resolvedAt: at(10) }),
  ]);
  const { before, resolveMs } = await store.digests.facts(at(0), at(3600));
  expect(before).toEqual({ acknowledgeMs: 60_000, resolveMs: 30_000 });
  expect(resolveMs).toBe(10_000);
});

test("silences about to end are those in force that end within a day, soonest first", async () => {
  const { store } = await freshStore();
  const silence = async (reason: string, startsAt: Date, endsAt: Date) =>
    await store.incidents.saveSilence({
      ...{
        matchers: [{ name: "service", op: "=", value: "db" }],
        reason,
        createdBy: "oncall",
        createdIn: null,
      },
      ...{ startsAt, endsAt, createdAt: startsAt },
    });
  const end = 3600;
  await silence("in a day", at(0), at(end + 86_400));
  await silence("in an hour", at(0), at(end + 3600));
  await silence("later", at(0), at(end + 86_401));
  await silence("over", at(0), at(end));
  await silence("not begun", at(end + 60), at(end + 120));
  const { silencesEnding = [] } = await store.digests.facts(at(0), at(end));
  expect(silencesEnding.map(({ reason }) => reason)).toEqual(["in an hour", "in a day"]);
  expect(silencesEnding[0]).toMatchObject({ createdBy: "oncall", endsAt: at(end + 3600).toISOString() });
});

test("a window without anything is nothing, not an error", async () => {
  const { store } = await freshStore();
  const facts = await store.digests.facts(at(0), at(7 * 86_400));
  expect(facts).toMatchObject({
    opened: [],
    stillOpen: 0,
    acknowledgeMs: null,
    resolveMs: null,
    alertCount: 0,
  });
  expect(facts.series.every((bucket) => bucket.alerts === 0)).toBe(true);
  expect(facts.series.length).toBeGreaterThan(6);
  expect(facts.series.length).toBeLessThanOrEqual(48);
});
