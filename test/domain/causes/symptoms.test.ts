import { expect, test } from "vitest";
import { byService, readSymptoms } from "../../../src/domain/causes/symptoms.ts";
import { sketchAlert } from "../learning/judgement-build.ts";

test("an alert that names its callee is about the call, and points at the callee", () => {
  const labels = { destination_service: "stock" };
  const [symptom] = readSymptoms([sketchAlert({ name: "HighLatency", service: "cart", labels, at: 0 })]);
  expect(symptom).toMatchObject({ service: "cart", kind: "call", points: ["stock"] });
});

test("an alert whose callee is unknown points at nothing, so that it is no candidate for a cause", () => {
  const labels = { destination_service: "unknown" };
  const [symptom] = readSymptoms([sketchAlert({ name: "HighLatency", service: "cart", labels, at: 0 })]);
  expect(symptom).toMatchObject({ service: "cart", kind: "latency", points: [] });
});

test("a service that is named in a summary is pointed at when it alerts too", () => {
  const alerts = [
    sketchAlert({ service: "cart", summary: "upstream (stock) timed out, lamp too", at: 0 }),
    sketchAlert({ service: "stock", at: 60 }),
  ];
  expect(readSymptoms(alerts).map(({ points, lagMinutes }) => ({ points, lagMinutes }))).toEqual([
    { points: ["stock"], lagMinutes: 0 },
    { points: [], lagMinutes: 1 },
  ]);
});

test.each([
  ["resource_type", "remote", true],
  ["resource_type", "table", false],
  ["span_kind", "SPAN_KIND_CLIENT", true],
  ["client", "remote", false],
])("measured from outside by %s=%s: %s", (label, value, expected) => {
  const [symptom] = readSymptoms([sketchAlert({ labels: { [label]: value }, at: 0 })]);
  expect(symptom?.isFromOutside).toBe(expected);
});

test("how far above its usual value it is, in its unit", () => {
  const excess = (value: string, baseline: string) =>
    readSymptoms([sketchAlert({ annotations: { value, baseline }, at: 0 })])[0]?.excess;
  expect(excess("3.5", "0.5")).toBe(3);
  expect(excess("0.5", "3.5")).toBeNull();
  expect(excess("many", "few")).toBeNull();
});

test("alerts that name no service are nobody's symptoms; the first 400 count", () => {
  const nobody = sketchAlert({ service: null, at: 0 });
  const many = Array.from({ length: 500 }, (_, at) => sketchAlert({ service: "cart", at }));
  expect(readSymptoms([nobody])).toEqual([]);
  expect(byService(readSymptoms(many)).get("cart")).toHaveLength(400);
});
