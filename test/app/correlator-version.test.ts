import { expect, test } from "vitest";
import { createMemory } from "../../src/app/triage/memory.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { at, buildAlert } from "../domain/build.ts";
import { takeReports } from "./take.ts";

function place(correlatorVersion?: () => number) {
  const memory = createMemory(
    createCorrelator(),
    correlatorVersion === undefined ? {} : { correlatorVersion },
  );
  const settings = { silences: [], windows: [] };
  const reports = [{ alert: buildAlert(), receivedAt: at(0) }];
  const { alerts } = takeReports(memory, reports, { observations: [], settings, now: at(0) });
  return [...alerts.values()];
}

test("every placement keeps the version of the correlator that made it", () => {
  expect(place(() => 7).map((tracked) => tracked.correlatorVersion)).toEqual([7]);
  expect(place().map((tracked) => tracked.correlatorVersion)).toEqual([undefined]);
});
