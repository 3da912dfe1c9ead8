import { describe, expect, test } from "vitest";
import { digestDetailView } from "../../../src/domain/digest/detail-view.ts";
import { handoverView } from "../../../src/domain/digest/handover-view.ts";
import { chartDescription, digestView } from "../../../src/domain/digest/view.ts";
import type { DigestFacts } from "../../../src/domain/digest.ts";
import { textOf, type View } from "../../../src/domain/view.ts";
import { buildDigest, buildHandover } from "../../fixtures/digest.ts";

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
  models: [],
};

const names: Readonly<Record<string, string>> = { oncall: "Ada Okafor", "sre-lead": "Ines Marques" };
const nameOf = (person: string) => names[person] ?? person;

function cardOf(facts: DigestFacts, chart: Uint8Array | null = null): View {
  return digestView({ facts, chart, nameOf });
}

function detailOf(facts: DigestFacts): View {
  const detail = digestDetailView(facts);
  if (detail === null) throw new Error("there is no detail");
  return detail;
}

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
    const view = cardOf(quiet);
    expect(view.title).toBe("Nothing new since 2026-11-22 07:00 UTC.");
    expect(view.blocks).toEqual([]);
    expect(view.summary).toBe(view.title);
  });

  test("says in that line what still waits", () => {
    const { pendingApprovals } = buildDigest();
    expect(cardOf({ ...quiet, stillOpen: 2, pendingApprovals }).title).toBe(
      "Nothing new since 2026-11-22 07:00 UTC. 2 incidents still open. 1 rollout waiting for approval.",
    );
  });
});

describe("a full window", () => {
  const view = cardOf(buildDigest(), png);
  const text = read(view);
  const detail = read(detailOf(buildDigest()));

  test.each([
    "Digest: 2 opened, 1 resolved, 3 still open",
    "Alerts: 42",
    "Median time to acknowledge: 3 min 20 s, before 5 min",
    "#9 high: QueueLag on orders, for 3 d, with Ada Okafor",
    "#13 warning: DiskFull on db, for 7 h, nobody has it",
    "4 by Ada Okafor: the vendor migrates, ends 2026-11-23 13:00 UTC",
    "Median time to resolve: 34 min",
    "fraud-scorer in production: version 42, bake failed, 2 alerts firing: ScoreDrift, HighErrorRate",
    "1 other without an alert: /models",
    "#7 deploy fraud-scorer 41 to 42 in production, succeeded",
    "#8 retrain fraud-scorer, asked for by ml-engineer: /approve 8",
  ])("tells: %s", (line) => {
    expect(text).toContain(line);
  });

  test.each([
    "#12 critical: HighErrorRate on checkout",
    "HighErrorRate | 30 | 2",
    "Nobody ever acted on DiskFull",
    "4 alerts: silence 1 by oncall: planned work",
    "fraud-scorer | production | 42 | 2026-11-23 03:00 UTC | bake failed | 2",
    "ranker | production | 12 | 2026-11-19 19:00 UTC | baked | 0",
  ])("tells in its thread, not on the card: %s", (line) => {
    expect(detail).toContain(line);
    expect(text).not.toContain(line);
  });

  test("the image's description has the chart's numbers", () => {
    const image = view.blocks.find((block) => block.kind === "image");
    expect(image).toMatchObject({ png, alt: chartDescription(buildDigest()) });
    expect(chartDescription(buildDigest())).toBe(
      "Alerts and incidents over time, 2026-11-22 07:00 UTC to 2026-11-23 07:00 UTC: 42 alerts, 2 incidents opened; most in one interval: 30, from 2026-11-22 16:00 UTC.",
    );
  });

  test("without a picture the rest is the same", () => {
    const plain = cardOf(buildDigest());
    expect(plain.blocks).toEqual(view.blocks.filter((block) => block.kind !== "image"));
  });
});

test("a digest stored before it named what is open reads as it did", () => {
  const { open: _, before: __, silencesEnding: ___, ...old } = buildDigest();
  const text = read(cardOf(old));
  expect(text).toContain("Median time to acknowledge: 3 min 20 s");
  expect(text).not.toContain("before 5 min");
  expect(text).not.toContain("Open, oldest first");
});

test("a quiet window says in its line that a silence is about to end", () => {
  const { silencesEnding = [] } = buildDigest();
  expect(cardOf({ ...quiet, silencesEnding }).title).toBe(
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
  const text = read(cardOf(facts));
  expect(read(detailOf(facts))).not.toContain("Muted");
  expect(text).not.toContain("Rollouts");
  expect(text).toContain("Median time to acknowledge: none");
});

test("long lists are cut and counted", () => {
  const opened = Array.from({ length: 30 }, (_, index) => ({
    id: index,
    title: `t${index}`,
    severity: "info",
  }));
  const text = read(detailOf({ ...buildDigest(), opened }));
  expect(text).toContain("#7 info: t7");
  expect(text).not.toContain("#8 info");
  expect(text).toContain("and 22 more");
});

test("a model in trouble is news of a quiet window, a healthy one is not", () => {
  const [troubled, healthy] = buildDigest().models ?? [];
  if (troubled === undefined || healthy === undefined) throw new Error("the fixture has two models");
  expect(cardOf({ ...quiet, models: [troubled, healthy] }).title).toContain("1 model to look at.");
  expect(cardOf({ ...quiet, models: [healthy] }).title).toBe("Nothing new since 2026-11-22 07:00 UTC.");
});

test("a digest has no thread when there is nothing to say in it", () => {
  expect(digestDetailView({ ...quiet, noisiest: [] })).toBeNull();
});

describe("a hand-over", () => {
  const accounts = { slack: "U2" };
  const handOver = (facts: DigestFacts) =>
    handoverView({
      facts,
      handover: facts.handover ?? { rota: "primary", from: null, to: null },
      nameOf,
      call: { kind: "person", accounts },
    });

  test("says who hands what to whom, and calls whoever begins", () => {
    const view = handOver(buildHandover());
    const text = read(view);
    expect(view.title).toBe("Hand-over, primary: from Ada Okafor to Ines Marques");
    expect(text).toContain("@Ines Marques is on call for primary now.");
    expect(text).toContain("3 incidents open, 2 opened and 1 resolved in this turn, people told 1 time.");
    expect(text).toContain("for 3 d, with Ada Okafor. Last note: Ada Okafor: the queue drains, 40k left");
    expect(text).toContain("#9 2026-11-23 02:10 UTC: nobody has acknowledged it for 10 min");
    expect(text).toContain("Models to look at");
    const spans = view.blocks.flatMap((block) => (block.kind === "text" ? block.text : []));
    expect(spans.find(({ mention }) => mention !== undefined)?.mention).toEqual({ kind: "person", accounts });
  });

  test("leaves statistics to the digest", () => {
    expect(read(handOver(buildHandover()))).not.toMatch(/noisiest|median/i);
  });

  test("is one line when there is nothing to hand over", () => {
    const idle = {
      ...{ ...quiet, told: [], lastNotes: [] },
      handover: { rota: "primary", from: "oncall", to: "sre-lead" },
    };
    expect(handOver(idle).title).toBe(
      "Hand-over, primary: from Ada Okafor to Ines Marques: nothing open, nothing waits, nothing happened since 2026-11-22 07:00 UTC.",
    );
  });

  test.each([
    ["oncall", "oncall", "primary stays with Ada Okafor"],
    [null, "oncall", "primary: from nobody to Ada Okafor"],
    ["oncall", null, "primary: from Ada Okafor to nobody"],
  ])("from %s to %s", (from, to, words) => {
    expect(handOver(buildHandover({ handover: { rota: "primary", from, to } })).title).toContain(words);
  });
});
