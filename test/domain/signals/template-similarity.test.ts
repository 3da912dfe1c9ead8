import { describe, expect, test } from "vitest";
import { createHistory } from "../../../src/domain/clustering/history.ts";
import templateSimilarity from "../../../src/domain/signals/template-similarity.ts";
import { createServiceGraph } from "../../../src/domain/topology.ts";
import { seen } from "../../contracts/signal.ts";

const context = {
  graph: createServiceGraph({ edges: [], services: [] }),
  history: createHistory(10),
  changes: [],
  coFirings: {},
};

function score(a: readonly [name: string, summary: string], b: readonly [name: string, summary: string]) {
  const [left, right] = [a, b].map(([name, summary], index) =>
    seen({ name, summary, service: ["web-a", "lone"][index] ?? null, at: index }),
  );
  if (left === undefined || right === undefined) throw new Error("two alerts are needed");
  return templateSimilarity.score(left, right, context);
}

describe("messages of different rules", () => {
  test("that say the same but for names and numbers speak for one story", () => {
    expect(
      score(
        ["ApiErrors", "connection to payments refused after 30 s on web-a"],
        ["QueueErrors", "connection to payments refused after 2 s on lone"],
      ),
    ).toBeCloseTo(0.5);
  });

  test("that differ, or say next to nothing, say nothing", () => {
    expect(score(["A", "disk is nearly full"], ["B", "login failed for everyone"])).toBeNull();
    expect(score(["A", "web-a is down"], ["B", "lone is down"])).toBeNull();
    expect(score(["A", ""], ["B", ""])).toBeNull();
  });
});

test("alerts of one rule always say the same, which is no news; unless its name says nothing", () => {
  const message = "connection to payments refused by peer";
  expect(score(["ApiErrors", message], ["ApiErrors", message])).toBeNull();
  expect(score(["Error", message], ["Error", message])).toBeCloseTo(0.5);
});
