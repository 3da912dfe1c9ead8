import { expect, test } from "vitest";
import { type Bake, type BakeState, newBake } from "../../../src/domain/bake.ts";
import { rollbackTarget } from "../../../src/domain/rollout/rollback-target.ts";
import type { Rollout } from "../../../src/domain/rollout.ts";
import { plan } from "./build.ts";

type Past = Pick<Rollout, "plan" | "bake">;

function bake(state: BakeState, answer: Bake["answer"] = null): Bake {
  const rule = { windowMs: 60_000, onFail: "ask", checks: [] } as const;
  return { ...newBake(rule, { alerts: [], incident: 0 }), state, answer };
}

function deployed(from: string | null, to: string, baked: Bake | null = null): Past {
  return { plan: { ...plan, from, to }, bake: baked };
}

const accepted = { as: "accepted", by: "ml" } as const;

test.each<[string, readonly Past[], readonly string[], string | null, RegExp | null]>([
  ["the version before when nothing is watched", [deployed("3", "4"), deployed("2", "3")], [], "3", null],
  [
    "the version before when it passed",
    [deployed("3", "4", bake("watching")), deployed("2", "3", bake("passed"))],
    [],
    "3",
    null,
  ],
  [
    "further back over one that failed, and says so",
    [deployed("3", "4"), deployed("2", "3", bake("failed")), deployed("1", "2", bake("passed"))],
    [],
    "2",
    /version 2 is the last that baked; passed over, since they did not: 3/,
  ],
  [
    "one that a person vouched for although the bake could not tell",
    [
      deployed("3", "4"),
      deployed("2", "3", bake("inconclusive", accepted)),
      deployed("1", "2", bake("passed")),
    ],
    [],
    "3",
    null,
  ],
  [
    "never one whose newest bake failed after an older one passed",
    [
      deployed("3", "4"),
      deployed("2", "3", bake("failed")),
      deployed("1", "2", bake("passed")),
      deployed("9", "3", bake("passed")),
    ],
    [],
    "2",
    /passed over/,
  ],
  [
    "the version before, with a note, when none baked",
    [deployed("3", "4", bake("failed")), deployed("2", "3", bake("superseded"))],
    [],
    "3",
    /no earlier version passed a bake; version 3 is what served before/,
  ],
  ["from the backend's history when none of ours brought it", [], ["4", "3"], "3", null],
  ["nothing when nothing served before", [deployed(null, "4")], [], null, null],
  [
    "found although versions served in a circle",
    [deployed("3", "4"), deployed("4", "3"), deployed("3", "4")],
    [],
    "3",
    null,
  ],
])("a rollback goes to %s", (_name, rollouts, history, version, note) => {
  const target = rollbackTarget({ live: "4", rollouts, history });
  expect(target?.version ?? null).toBe(version);
  if (note === null) expect(target?.note ?? null).toBeNull();
  else expect(target?.note).toMatch(note);
});
