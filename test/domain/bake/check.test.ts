import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPlaces, queryOf, readCheck } from "../../../src/domain/bake/check.ts";
import { placesProblem } from "../../../src/domain/metrics/promql-template.ts";

const check = { name: "errors", query: "errors", max: 0.01, min: null, holdMs: 60_000 };
const stepMs = 15_000;
const window = { fromMs: 0, toMs: 600_000, stepMs };

/** One value for each step of the window; null where there is none. */
function series(valueAt: (step: number) => number | null) {
  const points = Array.from({ length: 41 }, (_, step) => [step * stepMs, valueAt(step)] as const);
  return {
    labels: {},
    points: points.flatMap(([at, value]) => (value === null ? [] : [[at, value] as const])),
  };
}

describe("a check", () => {
  test.each<[string, "ok" | "breached" | "missing", (step: number) => number | null]>([
    ["is ok inside its limits", "ok", () => 0.005],
    ["is ok at the limit itself", "ok", () => 0.01],
    ["is ok over a short spike", "ok", (step) => (step >= 10 && step < 13 ? 0.5 : 0)],
    ["is breached by what lasts", "breached", (step) => (step >= 10 && step < 14 ? 0.5 : 0)],
    ["stays breached whatever came after", "breached", (step) => (step < 6 ? 0.5 : 0)],
    ["is not breached by two spikes with good values between", "ok", (step) => (step % 3 === 0 ? 0 : 0.5)],
    ["is missing without any value", "missing", () => null],
    ["is missing when there are too few values", "missing", (step) => (step % 4 === 0 ? 0 : null)],
    ["is missing when the newest value is old", "missing", (step) => (step < 30 ? 0 : null)],
    [
      "does not take a gap for something that lasts",
      "ok",
      (step) => (step === 10 || step === 20 ? 0.5 : step > 10 && step < 14 ? null : 0),
    ],
  ])("%s", (_name, state, valueAt) => {
    expect(readCheck(check, [series(valueAt)], window).state).toBe(state);
  });

  test("says how far and for how long", () => {
    const { text } = readCheck(check, [series((step) => (step >= 10 && step < 20 ? 0.25 : 0))], window);
    expect(text).toBe("errors: 0.25 at worst, must be at most 0.01, outside for 2 min 30 s");
  });

  test("one bad series among good ones is a breach", () => {
    expect(readCheck(check, [series(() => 0), series(() => 1)], window).state).toBe("breached");
  });

  test("values from outside of the window, as a clock that was set leaves them, are no values", () => {
    const shifted = { fromMs: 3_600_000, toMs: 4_200_000, stepMs };
    expect(readCheck(check, [series(() => 0)], shifted).state).toBe("missing");
  });

  test("whatever the values, it never passes with one beyond its limits all the time", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.011, max: 1e6, noNaN: true }), (value) => {
        expect(readCheck(check, [series(() => value)], window).state).toBe("breached");
      }),
    );
  });
});

describe("its query", () => {
  test("gets names into quotes, and nothing out of them", () => {
    const query = 'errors{model="{{model}}", version=~"{{version}}"}';
    const filled = queryOf({ query }, { model: 'a"} or vector(0) #', version: "1.2", environment: "x" });
    expect(filled).toBe('errors{model="a\\"} or vector(0) #", version=~"1\\\\.2"}');
  });

  test.each([
    ['up{version="{version}"}', /single braces; write "\{\{version\}\}"/],
    ['up{version="{{region}}"}', /it may have \{\{model\}\}, \{\{version\}\}, \{\{environment\}\}/],
    ["up * {{version}}", /outside of a label matcher/],
    ['up{version="{{version}}"', /no PromQL/],
  ])("%s is refused with what to write", (query, problem) => {
    expect(placesProblem(query, checkPlaces)).toMatch(problem);
  });
});
