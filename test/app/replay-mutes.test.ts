import { expect, test } from "vitest";
import { notifying, type ReplayedMutes } from "../../src/app/replay-mutes.ts";
import type { InhibitionRule } from "../../src/domain/suppression/inhibition.ts";
import type { MaintenanceWindow } from "../../src/domain/suppression/maintenance.ts";
import type { Matcher } from "../../src/domain/suppression/matcher.ts";
import { type AlertSketch, noon, sketchAlert } from "../domain/learning/judgement-build.ts";

const named = (value: string): Matcher => ({ name: "alertname", op: "=", value });
const minutes = (count: number) => new Date(noon + count * 60_000);

const downMutesNoise: InhibitionRule = {
  name: "down",
  source: [named("ClusterDown")],
  target: [named("Noise")],
  equal: ["service"],
};

function window(from: number, to: number): MaintenanceWindow {
  return {
    ...{ id: 1, name: "works", reason: "works", createdBy: "tocsin.yaml", createdAt: minutes(0) },
    matchers: [named("Noise")],
    schedule: { kind: "once", from: minutes(from), to: minutes(to) },
  };
}

/** Names of the alerts that would have notified, with their services. */
function heard(sketches: readonly AlertSketch[], mutes: Partial<ReplayedMutes>): readonly string[] {
  const alerts = new Map(sketches.map((sketch, index) => [String(index), sketchAlert(sketch)]));
  const keys = notifying(alerts, { inhibition: [], windows: [], ...mutes });
  return [...keys].map((key) => `${alerts.get(key)?.name} ${alerts.get(key)?.service}`).sort();
}

test("an inhibition rule mutes what fires beside its source, and only where the labels are equal", () => {
  const sketches = [
    { name: "ClusterDown", service: "a", at: 0, end: 600 },
    { name: "Noise", service: "a", at: 0, end: 300 },
    { name: "Noise", service: "a", at: 60, end: 300 },
    { name: "Noise", service: "b", at: 60, end: 300 },
  ];
  expect(heard(sketches, { inhibition: [downMutesNoise] })).toEqual(["ClusterDown a", "Noise b"]);
  expect(heard(sketches, {})).toHaveLength(4);
});

test("what was muted is heard once its source has ended, and what fired before it was heard already", () => {
  const inhibition = [downMutesNoise];
  const source = { name: "ClusterDown", service: "a", at: 60, end: 120 };
  expect(heard([source, { name: "Noise", service: "a", at: 90, end: 300 }], { inhibition })).toContain(
    "Noise a",
  );
  expect(heard([source, { name: "Noise", service: "a", at: 90, end: 110 }], { inhibition })).not.toContain(
    "Noise a",
  );
  expect(heard([source, { name: "Noise", service: "a", at: 30, end: 110 }], { inhibition })).toContain(
    "Noise a",
  );
});

test("a maintenance window mutes while it lasts", () => {
  const windows = [window(0, 10)];
  expect(heard([{ name: "Noise", service: "a", at: 60, end: 120 }], { windows })).toEqual([]);
  expect(heard([{ name: "Other", service: "a", at: 60, end: 120 }], { windows })).toEqual(["Other a"]);
  expect(heard([{ name: "Noise", service: "a", at: 60, end: 1_200 }], { windows })).toEqual(["Noise a"]);
  expect(heard([{ name: "Noise", service: "a", at: 900, end: 1_200 }], { windows })).toEqual(["Noise a"]);
});
