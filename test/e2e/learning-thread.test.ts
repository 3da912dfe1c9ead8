/** The thread of a retrain in what the compiler made: its file is found by another ending there, and without tsx. Issue 3. */
import { expect, test } from "vitest";
import { run } from "./process.ts";

const dist = new URL("../../dist/src/", import.meta.url).href;

/** Asks the built thread of a topology of one call, and says which of the two pairs could be compared. */
const program = `
import { createLearningThread } from "${dist}adapters/learning/thread.js";
import { shippedWeights } from "${dist}domain/weights.js";
const startsAt = new Date(1.77e12);
const alerts = ["web", "db"].map((service) => ({ key: service, incidentId: 1, alert: {
  fingerprint: service, externalId: null, source: "alertmanager", status: "firing",
  labels: { alertname: "HighLatency", service }, annotations: {}, name: "HighLatency", service,
  severity: "warning", summary: "", url: null, startsAt, endsAt: null } }));
const scene = { topology: { edges: [["web", "db"]], services: [] }, changes: [], alerts, rulings: [], nextIncidentId: 2 };
const thread = createLearningThread();
const [known, unknown] = await thread.scorePairs({
  judge: { weights: shippedWeights, evidenceKinds: [] }, scene, pairs: [["web", "db"], ["web", "gone"]],
});
console.log("topology" in known, unknown);
`;

test("answers, and does not keep the process alive", async () => {
  const asked = run(process.execPath, ["--input-type=module", "--eval", program]);
  expect(await asked.exited, asked.output()).toBe(0);
  expect(asked.output()).toContain("true null");
});
