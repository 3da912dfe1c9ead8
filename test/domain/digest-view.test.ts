import { describe, expect, test } from "vitest";
import type { DigestFacts } from "../../src/domain/digest.ts";
import { chartDescription, digestView } from "../../src/domain/digest-view.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { buildDigest } from "../fixtures/digest.ts";

const png = new Uint8Array([1, 2, 3]);
const quiet: DigestFacts = {
  ...buildDigest(),
  opened: [],
  resolved: [],
  muted: [],
  rollouts: [],
  alertCount: 0,
  stillOpen: 0,
  pendingApprovals: [],
  silencesEnding: [],
};

/** Everything a reader sees as text. */
function read(view: View): string {
  const blocks = view.blocks.map((block) => {
    if (block.kind === "fields")
      return block.fields.map((field) => `${field.label}: ${textOf(field.value)}`).join("\n");
    if (block.kind === "list") return block.items.map(textOf).join("\n");
    if (block.kind === "table")
      return [block.columns, ...block.rows].map((row) => row.join(" | ")).join("\n");
    if (block.kind === "text" || block.kind === "note") return textOf(block.text);
    if (block.kind === "heading") return block.text;
    return block.kind === "image" ? block.alt : "";
  });
  return [view.title, view.summary, ...blocks].join("\n");
}

describe("a quiet window", () => {
  test("is one line", () => {
    const view = digestView(quiet, null);
    expect(view.title).toBe("Nothing new since 2026-11-22 07:00 UTC.");
    expect(view.blocks).toEqual([]);
    expect(view.summary).toBe(view.title);
  });

  test("says in that line what still waits", () => {
    const { pendingApprovals } = buildDigest();
    expect(digestView({ ...quiet, stillOpen: 2, pendingApprovals }, null).title).toBe(
      "Nothing new since 2026-11-22 07:00 UTC. 2 incidents still open. 1 rollout waiting for approval.",
    );
  });
});

describe("a full window", () => {
  const view = digestView(buildDigest(), png);
  const text = read(view);

  test.each([
    "Digest: 2 opened, 1 resolved, 3 still open",
    "Alerts: 42",
    "Median time to acknowledge: 3 min 20 s, before 5 min",
    "#9 high: QueueLag on orders, for 3 d, with oncall",
    "#13 warning: DiskFull on db, for 7 h, nobody has it",
    "4 by oncall: the vendor migrates, ends 2026-11-23 13:00 UTC",
    "Median time to resolve: 34 min",
    "#12 critical: HighErrorRate on checkout",
    "HighErrorRate | 30 | 2",
    "Nobody ever acted on DiskFull",
    "4 alerts: silence 1 by oncall: planned work",
    "#7 deploy fraud-scorer 41 to 42 in production, succeeded",
    "#8 retrain fraud-scorer, asked for by ml-engineer: /approve 8",
  ])("tells: %s", (line) => {
    expect(text).toContain(line);
  });

  test("the image's description has the chart's numbers", () => {
    const image = view.blocks.find((block) => block.kind === "image");
    expect(image).toMatchObject({ png, alt: chartDescription(buildDigest()) });
    expect(chartDescription(buildDigest())).toBe(
      "Alerts and incidents over time, 2026-11-22 07:00 UTC to 2026-11-23 07:00 UTC: 42 alerts, 2 incidents opened; most in one interval: 30, from 2026-11-22 16:00 UTC.",
    );
  });

  test("without a picture the rest is the same", () => {
    const plain = digestView(buildDigest(), null);
    expect(plain.blocks).toEqual(view.blocks.filter((block) => block.kind !== "image"));
  });
});

test("a digest stored before it named what is open reads as it did", () => {
  const { open: _, before: __, silencesEnding: ___, ...old } = buildDigest();
  const text = read(digestView(old, null));
  expect(text).toContain("Median time to acknowledge: 3 min 20 s");
  expect(text).not.toContain("before 5 min");
  expect(text).not.toContain("Open, oldest first");
});

test("a quiet window says in its line that a silence is about to end", () => {
  const { silencesEnding = [] } = buildDigest();
  expect(digestView({ ...quiet, silencesEnding }, null).title).toBe(
    "Nothing new since 2026-11-22 07:00 UTC. 1 silence about to end.",
  );
});

test("what did not happen is left out, and medians of nothing are none", () => {
  const facts = {
    ...buildDigest(),
    muted: [],
    rollouts: [],
    pendingApprovals: [],
    acknowledgeMs: null,
    resolveMs: null,
    before: { acknowledgeMs: null, resolveMs: null },
  };
  const text = read(digestView(facts, null));
  expect(text).not.toContain("Muted");
  expect(text).not.toContain("Rollouts");
  expect(text).toContain("Median time to acknowledge: none");
});

test("long lists are cut and counted", () => {
  const opened = Array.from({ length: 30 }, (_, index) => ({
    id: index,
    title: `t${index}`,
    severity: "info",
  }));
  const text = read(digestView({ ...buildDigest(), opened }, null));
  expect(text).toContain("#7 info: t7");
  expect(text).not.toContain("#8 info");
  expect(text).toContain("and 22 more");
});
