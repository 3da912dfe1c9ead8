import fc from "fast-check";
import { expect, test } from "vitest";
import { outsideChangeId } from "../../../src/domain/serving/change.ts";
import { movesTo } from "../../../src/domain/serving/told-moves.ts";

const place = { model: "fraud", environment: "production" };
const second = (at: number) => new Date(Date.UTC(2026, 2, 2, 10, 0, at));
const told = (version: string | null, at: number, of = place) => ({
  id: outsideChangeId({ ...of, version, since: second(at) }),
});
const previous = { ...place, version: "1", since: second(0) };
const move = (version: string | null, at: number) => ({ version, at: second(at) });

test.each([
  ["nothing", "1", [], []],
  ["away and back", "1", [told("2", 1), told("1", 2)], [move("2", 1), move("1", 2)]],
  ["removed and set again", "1", [told(null, 1), told("1", 2)], [move(null, 1), move("1", 2)]],
  ["away over another", "3", [told("2", 1), told("3", 2)], [move("2", 1), move("3", 2)]],
  ["the same again", "1", [told("1", 1)], []],
  ["one thing twice", "2", [told("2", 1), told("2", 2)], [move("2", 1)]],
  ["away, and a look that is older", "1", [told("2", 1)], []],
  ["before the record began", "1", [told("2", -2), told("1", -1)], []],
  ["of another place", "1", [told("2", 1, { ...place, environment: "staging" }), told("1", 2)], []],
  ["of a model whose name begins alike", "2", [told("2", 1, { ...place, environment: "production:2" })], []],
  ["of another kind", "1", [{ id: "mlflow-1" }, { id: "outside:fraud/production:" }], []],
  ["a version with colons", "a:b", [told("a:b", 1)], [move("a:b", 1)]],
])("told of: %s", (_name, seen, changes, moves) => {
  expect(movesTo(seen, changes, previous)).toEqual(moves);
});

test("moves follow one another, each to something else, and end at what is seen", () => {
  const versions = fc.array(fc.constantFrom("1", "2", "3", null), { maxLength: 12 });
  fc.assert(
    fc.property(versions, fc.constantFrom("1", "2", "3", null), (sequence, seen) => {
      const moves = movesTo(
        seen,
        sequence.map((version, at) => told(version, at + 1)),
        previous,
      );
      const all = [previous.version, ...moves.map(({ version }) => version)];
      for (const [at, version] of all.slice(1).entries()) expect(version).not.toBe(all[at]);
      if (moves.length > 0) expect(all.at(-1)).toBe(seen);
    }),
  );
});
