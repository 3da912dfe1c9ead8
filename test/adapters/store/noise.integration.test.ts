import { describe, expect, test } from "vitest";
import type { StoredAlert } from "../../../src/ports.ts";
import { anAlert, anIncident, aStoredAlert, at, freshStore } from "./fixture.ts";

const [from, to] = [at(0), at(30 * 86_400)];
const senders = { alertmanager: "alertmanager", "alertmanager-eu": "alertmanager", graf: "grafana" } as const;

/** One firing of a rule that began so many minutes after the start and lasted so long; null while it fires. */
function firing(
  name: string,
  minute: number,
  lasted: number | null,
  more: {
    readonly incident: number;
    readonly labels?: Record<string, string>;
    readonly isMuted?: boolean;
    readonly source?: string;
  },
): StoredAlert {
  const labels = { alertname: name, service: "db", ...more.labels };
  const alert = anAlert(name, {
    labels,
    startsAt: at(minute * 60),
    endsAt: lasted === null ? null : at((minute + lasted) * 60),
    status: lasted === null ? "firing" : "resolved",
    ...(more.source === undefined ? {} : { source: more.source }),
  });
  const mutedBy = more.isMuted === true ? ({ by: "silence", id: 1, because: "work" } as const) : null;
  return aStoredAlert(alert, { incidentId: more.incident, mutedBy });
}

describe("counts of rules", () => {
  test("by team, with what was acted on, how long it lasted and how often it returned", async () => {
    const { store } = await freshStore();
    await store.incidents.save([
      anIncident(1),
      anIncident(2, { state: "acknowledged", acknowledgedBy: "oncall", acknowledgedAt: at(60) }),
      anIncident(3),
    ]);
    await store.incidents.saveAlerts([
      firing("Noisy", 0, 1.5, { incident: 1, labels: { team: "payments" } }),
      // Back four minutes after its end, and again an hour later.
      firing("Noisy", 5.5, 20, { incident: 1, labels: { team: "payments" } }),
      firing("Noisy", 90, null, { incident: 2, labels: { team: "payments" } }),
      firing("Noisy", 95, 1, { incident: 1, labels: { team: "payments", pod: "b" }, isMuted: true }),
      firing("Noisy", 10, 1, { incident: 1, labels: { owner: "search" } }),
      firing("Noisy", 11, 1, { incident: 3, labels: { team: "" } }),
      firing("Early", -1, 1, { incident: 1 }),
    ]);
    const card = { platform: "slack", channel: "C1", kind: "incident", subject: 3 } as const;
    await store.posts.want([{ ...card, desiredRevision: 1, threadOf: null }], at(0));
    const { rules, total } = await store.noise.facts(from, to, senders);
    expect(total).toEqual({ firings: 6, notified: 5, mattered: 1 });
    expect(rules.map(({ name, team, teamFrom }) => [name, team, teamFrom])).toEqual(
      expect.arrayContaining([
        ["Noisy", "payments", "team"],
        ["Noisy", "search", "owner"],
        ["Noisy", "slack:C1", "channel"],
      ]),
    );
    expect(rules).toHaveLength(3);
    expect(rules.map(({ matteredOfName }) => matteredOfName)).toEqual([1, 1, 1]);
    expect(rules[0]).toMatchObject({
      team: "payments",
      firings: 4,
      notified: 3,
      mattered: 1,
      alerts: 2,
      incidents: 2,
      returned: 1,
      pauseMs: 240_000,
      endedWithin: { mattered: [0, 0, 0, 0, 0, 0, 0], idle: [0, 1, 1, 1, 1, 2, 2] },
    });
  });

  test.each([
    ["resolved by a person", { state: "resolved", resolvedAt: at(60), resolvedBy: "oncall" }, null],
    ["resolved by itself", { state: "resolved", resolvedAt: at(60), resolvedBy: "tocsin" }, null],
    ["judged", {}, "feedback"],
    ["commented on", {}, "line"],
  ] as const)("an incident that was %s", async (name, over, deed) => {
    const { store } = await freshStore();
    await store.incidents.save([anIncident(1, over)]);
    await store.incidents.saveAlerts([firing("Rule", 1, 1, { incident: 1 })]);
    if (deed === "feedback")
      await store.feedback.add({
        kind: "right_cause",
        incidentId: 1,
        subject: "service:db",
        person: "oncall",
        at: at(9),
        data: {},
      });
    const line = { incidentId: 1, at: at(9), kind: "note", text: "hm", data: {}, isPosted: true } as const;
    await store.incidents.addTimeline([{ ...line, actor: deed === "line" ? "oncall" : "tocsin" }]);
    expect((await store.noise.facts(from, to, senders)).total.mattered).toBe(
      name === "resolved by itself" ? 0 : 1,
    );
  });
});

test("a firing that was held open is a return, and no notification", async () => {
  const { store } = await freshStore();
  await store.incidents.save([anIncident(1)]);
  const first = firing("Flappy", 0, 1, { incident: 1 });
  await store.incidents.saveAlerts([
    first,
    { ...firing("Flappy", 3, 1, { incident: 1 }), partOf: first.key },
    { ...firing("Flappy", 6, 1, { incident: 1 }), partOf: first.key },
  ]);
  const { rules } = await store.noise.facts(from, to, senders);
  expect(rules).toMatchObject([{ firings: 3, notified: 1, returned: 2 }]);
});

test("rules that fire together for a service are paired, with who came first and their labels", async () => {
  const { store } = await freshStore();
  const ids = [1, 2, 3, 4, 5, 6];
  await store.incidents.save(ids.map((id) => anIncident(id)));
  await store.incidents.saveAlerts(
    ids.flatMap((incident) => [
      firing("Disk", 60 * incident, 10, { incident, labels: { n: "1" } }),
      firing("Queries", 60 * incident + 2, 10, { incident, labels: { n: "2" } }),
      // Far from it in time, and elsewhere.
      firing("Late", 60 * incident + 9, 10, { incident }),
    ]),
  );
  const { pairs } = await store.noise.facts(from, to, senders);
  expect(pairs).toHaveLength(1);
  expect(pairs[0]).toMatchObject({
    names: ["Disk", "Queries"],
    counts: [6, 6],
    together: 6,
    leadMs: 120_000,
  });
  expect(pairs[0]?.samples).toHaveLength(5);
  expect(pairs[0]?.samples[0]).toEqual([
    { alertname: "Disk", service: "db", n: "1" },
    { alertname: "Queries", service: "db", n: "2" },
  ]);
});

test("each sender's are counted by themselves, and those of all Alertmanagers together (issue 3)", async () => {
  const { store } = await freshStore();
  await store.incidents.save([anIncident(1), anIncident(2, { acknowledgedBy: "oncall" })]);
  const from20 = (source: string, minute: number, incident = 1) =>
    firing("Quiet", minute, 3, { incident, source, labels: { team: "payments", from: source } });
  await store.incidents.saveAlerts([
    ...[from20("alertmanager", 1), from20("alertmanager-eu", 2), from20("graf", 3)],
    ...[from20("zabbix", 4, 2), from20("zabbix", 5, 2), from20("tocsin", 6)],
  ]);
  const { rules } = await store.noise.facts(from, to, senders);
  expect(rules.map((rule) => [rule.source, rule.sender, rule.notified, rule.mattered])).toEqual([
    ["alertmanager", "alertmanager", 2, 0],
    ["zabbix", "other", 2, 2],
    ["graf", "grafana", 1, 0],
    ["tocsin", "other", 1, 0],
  ]);
  expect(rules.map(({ matteredOfName }) => matteredOfName)).toEqual([2, 2, 2, 2]);
});

test.each([
  ["one Alertmanager", "alertmanager-eu", "alertmanager-eu", "alertmanager"],
  ["two Alertmanagers", "alertmanager", "alertmanager-eu", null],
  ["Grafana", "graf", "graf", "grafana"],
  ["another source", "zabbix", "zabbix", "other"],
  ["two other sources", "zabbix", "nagios", null],
])("a pair from %s says what sent both (issue 3)", async (_name, first, second, sender) => {
  const { store } = await freshStore();
  const ids = [1, 2, 3, 4, 5];
  await store.incidents.save(ids.map((id) => anIncident(id)));
  await store.incidents.saveAlerts(
    ids.flatMap((incident) => [
      firing("Disk", 60 * incident, 10, { incident, source: first }),
      firing("Queries", 60 * incident + 1, 10, { incident, source: second }),
    ]),
  );
  const { pairs } = await store.noise.facts(from, to, senders);
  expect(pairs.map((pair) => [pair.names, pair.together, pair.sender])).toEqual([
    [["Disk", "Queries"], 5, sender],
  ]);
});

test("a hundred thousand alerts are counted within seconds, whatever else the machine does", async () => {
  const { store, url } = await freshStore();
  const { default: postgres } = await import("postgres");
  const sql = postgres(url, { max: 1 });
  await sql`insert into incidents (id, state, severity, title, services, started_at, opened_at, acknowledged_by, updated_at)
    select i, 'resolved', 'warning', 't', '[]', now(), now(), case when i % 5 = 0 then 'oncall' end, now()
    from generate_series(1, 20000) as i`;
  await sql`insert into alerts (key, fingerprint, source, status, labels, annotations, name, service, severity, summary,
      starts_at, ends_at, seen_at, incident_id, reasons)
    select md5(i::text), md5((i % 3000)::text) || md5((i % 3000)::text), 'alertmanager', 'resolved',
      jsonb_build_object('alertname', 'R' || i % 150, 'service', 's' || i % 80, 'team', 'team' || i % 12,
        'instance', 'host-' || i % 3000), '{}', 'R' || i % 150, 's' || i % 80, 'warning', 'summary',
      ${from}::timestamptz + i * interval '25 seconds', ${from}::timestamptz + i * interval '25 seconds' + interval '3 minutes',
      now(), 1 + i / 5, '[]'
    from generate_series(1, 100000) as i`;
  await sql`analyze alerts, incidents`;
  await sql.end();
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now();
    const { rules, total } = await store.noise.facts(from, to, senders);
    times.push(performance.now() - begun);
    expect(total.firings).toBe(100_000);
    expect(rules).toHaveLength(300);
  }
  console.log(`noise: ${times.map((ms) => `${ms.toFixed(0)} ms`).join(", ")} for 100,000 alerts`);
  expect(Math.min(...times)).toBeLessThan(5_000);
});
