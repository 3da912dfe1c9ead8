import { expect, test } from "vitest";
import { rankCauses } from "../../../src/domain/causes.ts";
import { shippedWeights } from "../../../src/domain/weights.ts";
import { collectLeftOut } from "../../fixtures/left-out.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "../learning/judgement-build.ts";

const none = { topology: { edges: [], services: [] }, feedback: new Map() };
const minutes = (count: number) => new Date(noon + count * 60_000);

function leftOutOf(question: Pick<Parameters<typeof rankCauses>[0], "alerts" | "changes" | "topology">) {
  const { leftOut, counts } = collectLeftOut();
  rankCauses({ ...none, ...question, leftOut }, shippedWeights);
  return counts;
}

test("a ranking of what is usual looks at everything (issue 3)", () => {
  const alerts = ["web-a", "cart-a"].map((service, at) => sketchAlert({ service, at }));
  const changes = [sketchChange({ id: "deploy", at: minutes(-5) })];
  expect(leftOutOf({ alerts, changes, topology: twoShops })).toEqual({});
});

test("alerts, changes, silent neighbours and suspects that a ranking leaves out are counted (issue 3)", () => {
  const alerts = Array.from({ length: 410 }, (_, n) =>
    sketchAlert({ service: `service-${n % 30}`, name: `Alert${n}`, at: n / 10 }),
  );
  const changes = Array.from({ length: 307 }, (_, n) =>
    sketchChange({ id: `change ${n}`, service: "elsewhere", at: minutes(-n / 5) }),
  );
  const silent = Array.from({ length: 35 }, (_, n) => [
    ["service-0", `near-${n}`] as const,
    ["service-1", `other-${n}`] as const,
  ]).flat();
  const counts = leftOutOf({ alerts, changes, topology: { edges: silent, services: [] } });
  expect(counts).toMatchObject({
    cause_alerts: 10,
    cause_texts: 210,
    cause_changes: 7,
    cause_neighbours: 10,
  });
  // 300 changes of which 20 stay; 30 services, 60 silent ones and that of the changes, of which 20 stay and that one.
  expect(counts["cause_suspects"]).toBe(280 + 91 - 21);
});
