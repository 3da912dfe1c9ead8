import { describe, expect, test } from "vitest";
import { newBake } from "../../../src/domain/bake.ts";
import { modelsView, type TargetFacts } from "../../../src/domain/serving/models-view.ts";
import { textOf, type ViewBlock } from "../../../src/domain/view.ts";

const at = new Date("2026-03-02T10:00:00Z");
const rule = { windowMs: 1_800_000, onFail: "ask", checks: [] } as const;
const fresh = newBake(rule, { alerts: [], incident: 0 });

function target(over: Partial<TargetFacts> = {}): TargetFacts {
  return {
    model: "scorer",
    environment: "production",
    live: { kind: "known", version: "4", since: at, by: "ml" },
    bake: null,
    lock: null,
    waiting: [],
    notes: [],
    ...over,
  };
}

function shown(targets: readonly TargetFacts[]) {
  const view = modelsView(targets, (id) => (id === "ml" ? "Mika" : id));
  const list = view.blocks.find((block): block is ViewBlock & { kind: "list" } => block.kind === "list");
  return { summary: view.summary, lines: (list?.items ?? []).map(textOf) };
}

test("a place at which all is quiet says what serves, since when and by whom", () => {
  expect(shown([target()])).toEqual({
    summary: "scorer in production: 4.",
    lines: ["scorer in production: 4 since 2026-03-02 10:00 UTC by Mika"],
  });
});

describe("how the version does", () => {
  test.each([
    [{ ...fresh, state: "watching" as const }, "baking"],
    [{ ...fresh, state: "passed" as const }, "baked"],
    [{ ...fresh, state: "failed" as const }, "bake failed"],
    [{ ...fresh, state: "inconclusive" as const }, "bake inconclusive"],
    [{ ...fresh, state: "failed" as const, answer: { as: "accepted" as const, by: "ml" } }, "accepted"],
  ])("is in its line and in what is read aloud", (bake, word) => {
    const { lines, summary } = shown([target({ bake })]);
    expect(lines[0]).toMatch(new RegExp(`by Mika · ${word}$`));
    expect(summary).toContain(word);
  });
});

test("who holds a place and who waits, in order, is in its line; of many the first five", () => {
  const lock = { target: "scorer/production", rolloutId: 12, since: at, fence: 3, held: null };
  const waiting = [13, 14, 15, 16, 17, 18, 19].map((id) => ({ id, requestedBy: "ml", requestedAt: at }));
  const { lines, summary } = shown([target({ lock, waiting }), target({ environment: "staging" })]);
  expect(lines[0]).toMatch(
    / · held by rollout 12 since 2026-03-02 10:00.* · 7 wait: rollout 13 by Mika since .*, then rollout 14 .*rollout 17 .* and 2 more$/,
  );
  expect(summary).toBe("scorer in production: 4 (locked; 7 waiting); scorer in staging: 4.");
});

test("a backend that is away hides neither what was seen of it nor who holds the place", () => {
  const live = { kind: "unknown", problem: "no route", lastSeen: { version: "3", at } } as const;
  const held = { by: "ml", reason: "looking", since: at };
  const lock = { target: "scorer/production", rolloutId: null, since: at, fence: 3, held };
  const { lines, summary } = shown([target({ live, lock, notes: ["changed outside the bot"] })]);
  expect(lines[0]).toMatch(
    /^scorer in production: unknown: no route; 3 was seen 2026.* · locked by Mika since .*: looking · changed outside/,
  );
  expect(summary).toContain("scorer in production: unknown: no route");
});

test("without models it says so", () => {
  expect(shown([])).toEqual({ summary: "No models are configured.", lines: [] });
});
