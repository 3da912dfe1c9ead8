import fc from "fast-check";
import { expect, test } from "vitest";
import { createSolitude } from "../../../src/domain/clustering/solitude.ts";
import { createTimeBook } from "../../../src/domain/clustering/time-book.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse("2026-03-01T00:00:00Z");

/** Puts firings into the book of types first, as the history does. */
function createRecorded() {
  const types = createTimeBook(100, 24);
  const solitude = createSolitude(100, types);
  return {
    ...solitude,
    record({ type, name, part, at }: ReturnType<typeof sighting>) {
      solitude.record({ type: types.add(type, at), name, part, at });
    },
  };
}

function sighting(type: string, at: number, part = "shop", name = type) {
  return { type, name, part, at: start + at };
}

test("an alert that fires by itself is alone, one that fires beside another is not", () => {
  const solitude = createRecorded();
  for (let n = 0; n < 10; n += 1) {
    solitude.record(sighting("stray", n * hour));
    solitude.record(sighting("caller", n * hour + 30 * minute));
    solitude.record(sighting("callee", n * hour + 31 * minute));
  }
  const at = start + 11 * hour;
  expect(solitude.shareAlone("stray", "stray", at)).toBeGreaterThan(0.8);
  expect(solitude.shareAlone("caller", "caller", at)).toBeLessThan(0.15);
});

test("alerts of another part of the system are no company, and neither is the alert itself when it flaps", () => {
  const solitude = createRecorded();
  for (let n = 0; n < 10; n += 1) {
    solitude.record(sighting("here", n * hour));
    solitude.record(sighting("there", n * hour, "warehouse"));
    solitude.record(sighting("flapping", n * hour + 30 * minute));
    solitude.record(sighting("flapping", n * hour + 31 * minute));
  }
  const at = start + 11 * hour;
  expect(solitude.shareAlone("here", "here", at)).toBeGreaterThan(0.8);
  expect(solitude.shareAlone("flapping", "flapping", at)).toBeGreaterThan(0.8);
});

test("a new type is judged by what its name usually does, an unknown name is guessed", () => {
  const solitude = createRecorded();
  for (let n = 0; n < 20; n += 1) solitude.record(sighting(`pod ${n}`, n * hour, "shop", "HighLatency"));
  const at = start + 21 * hour;
  expect(solitude.shareAlone("pod 99", "HighLatency", at)).toBeGreaterThan(0.8);
  expect(solitude.shareAlone("pod 99", "Unknown", at)).toBeCloseTo(0.25);
});

test("what happened in the last twelve minutes, or over a day ago, is not asked", () => {
  const solitude = createRecorded();
  for (let n = 0; n < 5; n += 1) solitude.record(sighting("stray", n * 10 * minute));
  expect(solitude.shareAlone("stray", "stray", start + 5 * minute)).toBeCloseTo(0.25);
  expect(solitude.shareAlone("stray", "stray", start + 3 * hour)).toBeGreaterThan(0.6);
  expect(solitude.shareAlone("stray", "stray", start + 26 * hour)).toBeCloseTo(0.25);
});

test("the order in which the firings of some minutes are recorded does not matter", () => {
  const firings = fc.array(
    fc.record({ type: fc.constantFrom("a", "b", "c"), minutes: fc.integer({ min: 0, max: 8 }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(firings, fc.infiniteStream(fc.nat()), (list, seeds) => {
      const sorted = [...list].sort((a, b) => a.minutes - b.minutes);
      const mixed = list
        .map((firing) => ({ firing, key: seeds.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ firing }) => firing);
      const answers = [sorted, mixed].map((order) => {
        const solitude = createRecorded();
        for (const { type, minutes } of order) solitude.record(sighting(type, minutes * minute));
        return ["a", "b", "c"].map((type) => solitude.shareAlone(type, type, start + hour));
      });
      expect(answers[1]).toEqual(answers[0]);
    }),
  );
});

test("what a busy part sent is judged the same in any order of arrival, however much of it is let go", () => {
  const one = fc.record({
    type: fc.constantFrom("a", "b", "c"),
    part: fc.constantFrom("shop", "bank"),
    at: fc.integer({ min: 0, max: 40 }).map((step) => step * 20_000),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 24 }), fc.integer(), (firings, seed) => {
      const [inOrder, shuffled] = [createRecorded(), createRecorded()];
      const before = Array.from({ length: 100 }, (_none, n) => sighting("before", n * 1_000 - 2_000_000));
      const all = firings.map(({ type, part, at }) => sighting(type, at, part));
      for (const firing of [...before, ...all.toSorted((a, b) => a.at - b.at)]) inOrder.record(firing);
      const mixed = all.toSorted((a, b) => ((a.at + seed) % 7) - ((b.at + seed) % 7));
      for (const firing of [...before, ...mixed]) shuffled.record(firing);
      for (const type of ["a", "b", "c", "before"])
        expect(shuffled.shareAlone(type, type, start + 3 * hour)).toBe(
          inOrder.shareAlone(type, type, start + 3 * hour),
        );
    }),
  );
});

test("firings that are let go before it is clear whether they had company are counted, old ones are not", () => {
  const types = createTimeBook(1_000, 24);
  const solitude = createSolitude(1_000, types);
  const record = (n: number, at: number) =>
    solitude.record({ type: types.add(`type ${n}`, at), name: `name ${n}`, part: "shop", at });
  for (let n = 0; n < 100; n += 1) record(n, start + n * 20 * minute);
  expect(solitude.leftOut()).toEqual({ names: 0, services: 0, past_firings: 0, recent_firings: 0 });
  for (let n = 0; n < 100; n += 1) record(n, start + 48 * hour + n);
  expect(solitude.leftOut().recent_firings).toBe(36);
});
