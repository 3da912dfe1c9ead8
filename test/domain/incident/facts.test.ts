import fc from "fast-check";
import { expect, test } from "vitest";
import { entityOf } from "../../../src/domain/alert/entity.ts";
import type { TrackedAlert } from "../../../src/domain/alert/tracked.ts";
import { severities } from "../../../src/domain/alert.ts";
import { createTally, incidentFacts } from "../../../src/domain/incident/facts.ts";
import { at, buildTracked } from "../build.ts";

const mute = { by: "silence", id: 1, because: "" } as const;
const keys = ["a", "b", "c", "d", "e", "f"];

const state = fc.record({
  severity: fc.constantFrom(...severities),
  service: fc.constantFrom("web", "api", "api-7d9f8b6c5d-x2k4q", null),
  minute: fc.integer({ min: 0, max: 3 }),
  isFiring: fc.boolean(),
  isMuted: fc.boolean(),
});

function tracked(key: string, given: typeof state extends fc.Arbitrary<infer State> ? State : never) {
  const alert = {
    name: `Alert ${key}`,
    severity: given.severity,
    service: given.service,
    labels: { alertname: key, ...(given.service?.startsWith("api-") ? { pod: given.service } : {}) },
    startsAt: at(given.minute),
  };
  const endedBy = given.isFiring ? null : ("source" as const);
  return buildTracked(alert, { key, endedBy, mutedBy: given.isMuted ? mute : null });
}

test("a tally that is kept up to date says what summing up anew would, whatever comes, changes and goes", () => {
  const step = fc.record({ key: fc.constantFrom(...keys), to: fc.option(state) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.func(fc.boolean()), (steps, looks) => {
      const tally = createTally();
      const members = new Map<string, TrackedAlert>();
      for (const [index, { key, to }] of steps.entries()) {
        const after = to === null ? null : tracked(key, to);
        tally.change(members.get(key) ?? null, after);
        if (after === null) members.delete(key);
        else members.set(key, after);
        // Not after every step, so that more than one change may lie between two looks.
        if (members.size === 0 || !looks(index)) continue;
        expect(tally.facts(() => members.values())).toEqual(incidentFacts([...members.values()]));
        expect(tally.facts(() => members.values())).toEqual(plainly([...members.values()]));
      }
    }),
    { numRuns: 300 },
  );
});

/** The definition, without any cleverness. */
function plainly(members: readonly TrackedAlert[]) {
  const byStart = (a: TrackedAlert, b: TrackedAlert) =>
    a.alert.startsAt.getTime() - b.alert.startsAt.getTime() || (a.key < b.key ? -1 : 1);
  const rank = ({ alert }: TrackedAlert) => severities.indexOf(alert.severity);
  const unmuted = members.filter(({ mutedBy }) => mutedBy === null);
  const heard = unmuted.length === 0 ? members : unmuted;
  const firing = heard.filter(({ endedBy }) => endedBy === null);
  const [worst] = [...(firing.length === 0 ? heard : firing)].sort((a, b) => rank(a) - rank(b));
  const [shown] = [...heard].sort((a, b) => rank(a) - rank(b) || byStart(a, b));
  const count = (service: string) => members.filter(({ alert }) => entityOf(alert) === service).length;
  const services = [...new Set(members.flatMap(({ alert }) => entityOf(alert) ?? []))].sort(
    (a, b) => count(b) - count(a) || (a < b ? -1 : 1),
  );
  const service = shown === undefined ? null : entityOf(shown.alert);
  const others = services.filter((other) => other !== service).length;
  const more = others === 0 ? "" : ` and ${others} more ${others === 1 ? "service" : "services"}`;
  return {
    severity: worst?.alert.severity,
    title: `${shown?.alert.name}${service === null ? "" : ` on ${service}`}${more}`,
    services,
    serviceCount: services.length,
    startedAt: [...members].sort(byStart)[0]?.alert.startsAt,
    alertCount: members.length,
    firingCount: members.filter(({ endedBy }) => endedBy === null).length,
    isMuted: unmuted.length === 0,
  };
}

test("pods and ports of one service are one service (issue 3)", () => {
  const disk = { name: "NodeDiskFull", severity: "warning", service: "db-1:9100" } as const;
  const crash = { name: "KubePodCrashLooping", severity: "critical" } as const;
  const members = [
    buildTracked({
      ...crash,
      service: "checkout-7d9f8b6c5d-x2k4q",
      labels: { pod: "checkout-7d9f8b6c5d-x2k4q" },
    }),
    buildTracked({
      ...crash,
      service: "checkout-7d9f8b6c5d-zz9pl",
      labels: { pod: "checkout-7d9f8b6c5d-zz9pl" },
    }),
    buildTracked({ name: "HighErrorRate", service: "checkout", severity: "high" }),
    buildTracked({ ...disk, labels: { instance: "db-1:9100" } }),
    buildTracked({ ...disk, name: "PgDown", service: "db-1:9187", labels: { instance: "db-1:9187" } }),
  ];
  expect(incidentFacts(members)).toMatchObject({
    title: "KubePodCrashLooping on checkout and 1 more service",
    services: ["checkout", "db-1"],
    serviceCount: 2,
  });
});

test("services beyond those that are listed are counted (issue 3)", () => {
  const members = Array.from({ length: 60 }, (_, index) => buildTracked({ service: `svc-${index}` }));
  const { services, serviceCount } = incidentFacts(members);
  expect([services.length, serviceCount]).toEqual([20, 60]);
});
