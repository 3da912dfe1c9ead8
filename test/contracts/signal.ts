/** What every clustering signal must do; signal.test.ts reads the folder and holds each file to it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kindOf, magnitudeOf } from "../../src/domain/alert/evidence-kind.ts";
import { alertKey } from "../../src/domain/alert.ts";
import { createHistory } from "../../src/domain/clustering/history.ts";
import { keptOf } from "../../src/domain/clustering/seen-alert.ts";
import type { SeenAlert, Signal, SignalContext } from "../../src/domain/clustering/signal.ts";
import { createServiceGraph } from "../../src/domain/topology.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "../domain/learning/judgement-build.ts";

const services = [...twoShops.services, null] as const;
const alertNames = ["HighLatency", "HighCPU", "PodCrashLooping", "ErrorLogBurst", "TrafficDrop"] as const;

/** An alert as the correlator prepares it. */
export function seen(sketch: Parameters<typeof sketchAlert>[0], names: readonly string[] = []): SeenAlert {
  const alert = sketchAlert(sketch);
  const graph = createServiceGraph(twoShops);
  return {
    ...keptOf(alert),
    key: alertKey(alert),
    at: alert.startsAt.getTime(),
    type: alert.fingerprint,
    entity: alert.service,
    component: alert.service === null ? null : graph.componentOf(alert.service),
    kind: kindOf(alert),
    magnitude: magnitudeOf(alert),
    names,
  };
}

/** A day of history in which two services often fire together, and one all the time. */
export function busyContext(): SignalContext {
  const graph = createServiceGraph(twoShops);
  const history = createHistory(1_000);
  for (let hour = 1; hour <= 20; hour += 1) {
    for (const service of ["web-a", "cart-a"]) {
      history.record({ ...seen({ service, at: 0 }), at: noon - hour * 3_600_000 });
    }
    const noisy = seen({ service: "lone", at: 0 });
    for (let minute = 0; minute < 60; minute += 10)
      history.record({ ...noisy, at: noon - hour * 3_600_000 + minute * 60_000 });
  }
  const change = sketchChange({ service: "stock-a", at: new Date(noon - 60_000) });
  const types = ["web-a", "lone"].map((service) => seen({ service, at: 0 }).type.slice(0, 16));
  const coFirings = { [types.sort().join("|")]: [1, 9] } as const;
  return { graph, history, changes: [change], coFirings };
}

const anyAlert = fc
  .record({
    service: fc.constantFrom(...services),
    name: fc.constantFrom(...alertNames),
    at: fc.integer({ min: 0, max: 900 }),
    lasts: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
    labels: fc.dictionary(fc.constantFrom("namespace", "pod", "team"), fc.constantFrom("a", "b"), {
      maxKeys: 3,
    }),
    names: fc.subarray(["cart-a", "lone", "elsewhere"]),
  })
  .map(({ names, lasts, ...sketch }) =>
    seen({ ...sketch, ...(lasts === undefined ? {} : { end: sketch.at + lasts }) }, names),
  );

/** Freezes what a signal could be tempted to change. */
function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !(value instanceof Date)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

export function signalContract(fileName: string, signal: Signal): void {
  describe(`signal ${fileName}`, () => {
    const context = busyContext();

    test("has the name of its file, a summary and a range", () => {
      expect(signal.name).toBe(fileName);
      expect(signal.summary).toMatch(/^[A-Z].*\.$/);
      expect(signal.range[0]).toBeLessThanOrEqual(signal.range[1]);
    });

    test("stays within its range, says why, and changes nothing", () => {
      fc.assert(
        fc.property(anyAlert, anyAlert, (x, y) => {
          const [a, b] = x.at <= y.at ? [deepFreeze(x), deepFreeze(y)] : [deepFreeze(y), deepFreeze(x)];
          const score = signal.score(a, b, context);
          if (score === null) return;
          expect(score).toBeGreaterThanOrEqual(signal.range[0]);
          expect(score).toBeLessThanOrEqual(signal.range[1]);
          expect(signal.score(a, b, context)).toBe(score);
          const because = signal.because(a, b, context);
          expect(because.length).toBeGreaterThan(5);
          expect(because).not.toMatch(/undefined|null|NaN|\[object/);
        }),
        { numRuns: 300 },
      );
    });

    test("is symmetric where it says so", () => {
      if (!signal.isSymmetric) return;
      fc.assert(
        fc.property(anyAlert, anyAlert, (a, b) => {
          expect(signal.score(a, b, context)).toBe(signal.score(b, a, context));
        }),
      );
    });

    test("a missing attribute is never a reason to join", () => {
      // Neither names a service, a peer or a label but its own name, and they are half an hour apart.
      const bare = (name: string, at: number) => seen({ name, service: null, at });
      const score = signal.score(bare("OneThing", 0), bare("AnotherThing", 1_800), context);
      // What fires rarely may say so: rarity is not an attribute that both lack.
      const most = fileName === "base-rate" ? 0.5 : 0;
      expect(score ?? 0).toBeLessThanOrEqual(most);
    });
  });
}
