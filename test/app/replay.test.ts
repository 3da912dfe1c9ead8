import { expect, test } from "vitest";
import { type RecordedDelivery, replay, toPrediction } from "../../src/app/replay.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { defineSource, type Source } from "../../src/ports.ts";
import { sketchAlert, sketchChange, twoShops } from "../domain/learning/judgement-build.ts";

/** A source whose body says which of the prepared things arrive. */
const plain = defineSource({
  name: "plain",
  summary: "for tests",
  checks: [],
  parse(body) {
    if (typeof body !== "object" || body === null)
      return { kind: "unparseable", problem: "no body", remedy: "send one" };
    const { alerts = [], changes = [], topology = null } = body as Partial<ReturnType<typeof delivered>>; // Made below.
    return { kind: "parsed", delivery: { alerts, changes, topology } };
  },
});

function delivered(body: {
  alerts?: ReturnType<typeof sketchAlert>[];
  changes?: ReturnType<typeof sketchChange>[];
  topology?: typeof twoShops;
}) {
  return body;
}

async function* tape(bodies: readonly unknown[], source = "plain"): AsyncGenerator<RecordedDelivery> {
  for (const [index, body] of bodies.entries())
    yield { at: new Date("2026-03-01T12:05:00Z"), source, body, where: `tape:${index + 1}` };
}

const sources: ReadonlyMap<string, Source> = new Map([["plain", plain]]);
const options = () => ({ sources, correlator: createCorrelator(), weights: shippedWeights });

test("a recording becomes incidents with causes, in the scorer's format", async () => {
  const web = { ...sketchAlert({ name: "HighErrorRate", service: "web-a", at: 5 }), externalId: "abc" };
  const bodies = [
    delivered({ topology: twoShops }),
    delivered({
      changes: [sketchChange({ id: "d1", service: "stock-a", at: new Date("2026-03-01T11:56:00Z") })],
    }),
    delivered({ alerts: [sketchAlert({ name: "PodCrashLooping", service: "stock-a", at: 4 }), web] }),
    delivered({ alerts: [sketchAlert({ name: "HighCPU", service: "web-b", at: 200 })] }),
    delivered({ alerts: [{ ...web, status: "resolved", endsAt: new Date("2026-03-01T12:09:00Z") }] }),
  ];
  const steps: number[] = [];
  const result = await replay({ ...options(), deliveries: tape(bodies), onProgress: (n) => steps.push(n) });
  expect(result).toMatchObject({ deliveries: 5, problems: [] });
  expect(steps).toEqual([5]);
  const { incidents } = toPrediction(result);
  expect(incidents.map((incident) => incident.alerts.length)).toEqual([2, 1]);
  expect(incidents[0]?.id).toBe("1");
  expect(incidents[0]?.alerts[1]).toBe("abc/2026-03-01T12:00:05.000Z");
  expect(incidents[0]?.causes[0]).toMatchObject({ service: "stock-a", change: "d1" });
  const shares = incidents.flatMap((incident) => incident.causes.map((cause) => cause.confidence));
  for (const share of shares) expect(share >= 0 && share <= 1).toBe(true);
});

test("a delivery that cannot be understood is named and the rest is replayed", async () => {
  const good = delivered({ alerts: [sketchAlert({ at: 0 })] });
  const result = await replay({ ...options(), deliveries: tape([null, good]) });
  expect(result.problems).toEqual(["tape:1: no body. send one"]);
  expect(result.incidents).toHaveLength(1);
  const unknown = await replay({ ...options(), deliveries: tape([good], "elsewhere") });
  expect(unknown.problems[0]).toContain('unknown source "elsewhere"; known: plain');
});

test("the same recording gives the same result", async () => {
  const bodies = Array.from({ length: 30 }, (_, i) =>
    delivered({
      alerts: [sketchAlert({ service: twoShops.services[i % 7] ?? "lone", at: i * 17, end: i * 17 + 60 })],
    }),
  );
  const first = await replay({
    ...options(),
    deliveries: tape([delivered({ topology: twoShops }), ...bodies]),
  });
  const second = await replay({
    ...options(),
    deliveries: tape([delivered({ topology: twoShops }), ...bodies]),
  });
  expect(toPrediction(second)).toEqual(toPrediction(first));
});

test("rollouts of the bot's own are changes where they are stored, though no delivery brings them (issue 3)", async () => {
  const rollout = sketchChange({
    ...{ id: "rollout-7", kind: "rollout", service: "stock-a", rolloutId: 7 },
    at: new Date("2026-03-01T11:56:00Z"),
  });
  const bodies = [
    delivered({ topology: twoShops }),
    delivered({ alerts: [sketchAlert({ name: "PodCrashLooping", service: "stock-a", at: 4 })] }),
  ];
  const causeOf = async (storedChanges?: readonly (typeof rollout)[]) => {
    const more = storedChanges === undefined ? {} : { storedChanges };
    const result = await replay({ ...options(), ...more, deliveries: tape(bodies) });
    return result.incidents[0]?.causes[0]?.changeId;
  };
  expect(await causeOf([rollout])).toBe("rollout-7");
  expect(await causeOf()).toBeNull();
});
