import { describe, expect, test } from "vitest";
import { peopleIn, resolutionOf, rolloutsNamed, timesOf } from "../../../src/domain/incident/postmortem.ts";
import { postmortemMarkdown } from "../../../src/domain/incident/postmortem-text.ts";
import { postmortemView } from "../../../src/domain/incident/postmortem-view.ts";
import type { TimelineEntry } from "../../../src/domain/incident.ts";
import { textOf } from "../../../src/domain/view.ts";
import { hostileTexts } from "../../contracts/chat.ts";
import { buildCause, buildExplanation } from "../../fixtures/explanation-question.ts";
import { secretSamples } from "../../fixtures/secrets.ts";
import { at, buildIncident, buildTracked } from "../build.ts";
import { rolloutIn } from "../rollout/build.ts";
import { buildEntry, buildPostmortem } from "./postmortem-build.ts";

test("the whole report reads like this", async () => {
  await expect(postmortemMarkdown(buildPostmortem())).toMatchFileSnapshot("../../fixtures/postmortem.md");
});

test("a report of an incident of which nothing is known yet has no empty sections", () => {
  const incident = buildIncident({ id: 3 });
  const facts = { timeline: [], evidence: [], explanation: null, verdicts: [], rollouts: [], children: [] };
  const written = postmortemMarkdown(buildPostmortem({ incident, alerts: [], ...facts }));
  expect(written.match(/^## .*/gm)).toEqual(["## Summary", "## What resolved it"]);
  expect(written).toContain("It was not explained.");
  expect(written).toContain("It is not resolved.");
  expect(written).toContain("| Time to acknowledge | nobody acknowledged it |");
  expect(written).toContain("| State | open, for 1 h 30 min so far |");
});

describe("how long it took", () => {
  const open = { openedAt: at(1), startedAt: at(0) };
  const acknowledged = buildEntry({ kind: "acknowledged", actor: "oncall", at: at(4) });
  const taken = buildEntry({ kind: "assigned", actor: "ml", at: at(3), data: { to: "ml" } });
  const given = buildEntry({ kind: "assigned", actor: "oncall", at: at(2), data: { to: "ml" } });

  test.each<
    [string, Parameters<typeof buildIncident>[0], readonly TimelineEntry[], number | null, string | null]
  >([
    ["nobody acknowledged it", {}, [], null, null],
    ["somebody did", { acknowledgedAt: at(4), acknowledgedBy: "oncall" }, [acknowledged], 180_000, "oncall"],
    ["it was reopened since, which forgets it", { reopenedCount: 1 }, [acknowledged], 180_000, "oncall"],
    ["whoever took it acknowledged it", {}, [taken, acknowledged], 120_000, "ml"],
    ["being given it is no acknowledgement", {}, [given, acknowledged], 180_000, "oncall"],
    [
      "the line is older than what is kept",
      { acknowledgedAt: at(5), acknowledgedBy: "ml" },
      [],
      240_000,
      "ml",
    ],
    ["a clock ran backwards", { acknowledgedAt: at(0), acknowledgedBy: "ml" }, [], 0, "ml"],
  ])("until acknowledged: %s", (_, incident, timeline, toAcknowledgeMs, acknowledgedBy) => {
    const facts = buildPostmortem({ incident: buildIncident({ ...open, ...incident }), timeline });
    expect(timesOf(facts)).toEqual({ toOpenMs: 60_000, toAcknowledgeMs, acknowledgedBy, toResolveMs: null });
  });

  test("until resolved counts from when it was opened to the last time it was resolved", () => {
    expect(timesOf(buildPostmortem()).toResolveMs).toBe(60 * 60_000);
  });
});

describe("what resolved it", () => {
  test("is what was written, the rollouts that had succeeded by then, and the confirmed cause", () => {
    expect(resolutionOf(buildPostmortem())).toEqual([
      "Mika Lehtonen resolved it.",
      "What was written: “scorer 3 serves again”.",
      "Rollout 7 had succeeded: rollback scorer 4 → 3 in production.",
      "Mika Lehtonen confirmed the cause: rollout 6 on fraud-scorer.",
    ]);
  });

  test("is not a rollout that was only suspected, that failed, or that ended afterwards", () => {
    const { rollouts, incident } = buildPostmortem();
    const [good] = rollouts;
    if (good === undefined) throw new Error("no rollout");
    const others = [
      rolloutIn("succeeded", { id: 1, finishedAt: at(5) }),
      { ...good, id: 2, state: "failed" as const },
      { ...good, id: 3, finishedAt: at(62) },
    ];
    const facts = buildPostmortem({ rollouts: others, verdicts: [], incident });
    expect(resolutionOf(facts).join(" ")).not.toContain("Rollout");
  });

  test.each([
    [{ resolvedBy: "tocsin" }, "It ended by itself: all of its alerts ended."],
    [{ mergedInto: 20 }, "Its alerts went into incident 20."],
    [{ state: "open", resolvedAt: null, resolvedBy: null }, "It is not resolved."],
  ] as const)("of %j is told as it is", (given, expected) => {
    const { incident } = buildPostmortem();
    const facts = buildPostmortem({ incident: { ...incident, ...given }, rollouts: [], verdicts: [] });
    expect(resolutionOf(facts)).toEqual([expected]);
  });
});

test("people are named with what they did, in order of when they first come up", () => {
  expect(
    peopleIn(buildPostmortem()).map(({ name, did }) => [
      name,
      did.map(({ what, at: when }) => [what, when.length]),
    ]),
  ).toEqual([
    [
      "Mika Lehtonen",
      [
        ["was called", 1],
        ["was given it", 1],
        ["resolved it", 1],
      ],
    ],
    [
      "Ada Okafor",
      [
        ["acknowledged it", 1],
        ["assigned it", 1],
        ["wrote a note", 2],
        ["resolved it", 1],
      ],
    ],
  ]);
});

test("rollouts are those that the timeline and the evidence name", () => {
  const { timeline, evidence } = buildPostmortem();
  expect(rolloutsNamed(timeline, evidence)).toEqual([7, 6]);
  expect(rolloutsNamed([buildEntry({ data: { rolloutId: "x" } })], [])).toEqual([]);
});

/** A report in which every text that others write is this one. */
function reportOf(text: string): string {
  const facts = buildPostmortem();
  const { incident, evidence, explanation, timeline, rollouts } = facts;
  const mutedBy = { by: "silence", id: 4, because: text } as const;
  return postmortemMarkdown({
    ...facts,
    incident: { ...incident, title: text, services: [text] },
    alerts: [buildTracked({ name: text, summary: `${text} !`, service: text }, { mutedBy })],
    timeline: timeline.map((entry) => ({ ...entry, text, data: { ...entry.data, reason: text } })),
    evidence: evidence.map((fact) => ({ ...fact, text })),
    explanation: explanation && {
      ...explanation,
      summary: [{ text, evidence: [1] }],
      actions: [{ text, evidence: [1] }],
      ranked: explanation.ranked.map((cause) => ({
        ...cause,
        service: text,
        terms: [{ name: text, score: 1, because: text }],
      })),
    },
    rollouts: rollouts.map((rollout) => ({
      ...rollout,
      result: text,
      plan: { ...rollout.plan, model: text },
    })),
    nameOf: () => text,
  });
}

/** Headings, rows of tables, items of lists and empty lines, without what is in them. */
function skeleton(markdown: string): readonly string[] {
  return markdown.split("\n").map((line) => {
    if (/^\|/.test(line)) return `row of ${line.replace(/\\\|/g, "").split("|").length}`;
    return /^(?:#{1,3} |- )/.exec(line)?.[0] ?? (line === "" ? "" : "text");
  });
}

const hostile = [
  ...hostileTexts,
  "# h\n## h2\n- item\n1. one\n| a | b |\n|---|---|\n```\ncode\n```\n---\n<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1)) ![b](http://evil.example/x.png) <https://evil.example> @everyone @org/team",
  "\\| \\\\| \\\\\\| ` `` | end",
  "\u202Eevil\u0000\u2028line",
];

test.each(hostile)("text from outside adds nothing to the structure of the report: %j", (text) => {
  const written = reportOf(text);
  expect(skeleton(written)).toEqual(skeleton(reportOf("calm")));
  expect(written).not.toContain("<");
  expect(written).not.toMatch(/@(?!&#8203;)/);
  expect(written).not.toMatch(/(?<!\\)\]\(|:\/\//);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not come through.
  expect(written).not.toMatch(/[\u0000\u2028\u202e]/);
});

test.each(secretSamples())("$name is in no part of the report", ({ text, secret }) => {
  const written = reportOf(text).replace(/\\(?=[\\`*_{}[\]>|~!#$^])/g, "");
  expect(written).not.toContain(secret);
  expect(written).toContain("redacted");
});

test("a storm is bounded: the report says how much it leaves out", () => {
  const alerts = Array.from({ length: 500 }, (_, index) => buildTracked({ name: `A${index}` }));
  const incident = { ...buildPostmortem().incident, alertCount: 4_000 };
  const timeline = Array.from({ length: 1_000 }, () => buildEntry({ text: "x".repeat(5_000) }));
  const written = postmortemMarkdown(buildPostmortem({ alerts, incident, timeline, isTimelineCut: true }));
  expect(written).toContain("The earliest 50 of 4000.");
  expect(written).toContain("The newest 1000 lines; what came before them is left out.");
  expect(written.length).toBeLessThan(1_000_000);
});

test("the answer says in short what the file says at length", () => {
  const view = postmortemView(buildPostmortem(), null);
  const fields = view.blocks.flatMap((block) =>
    block.kind === "fields" ? block.fields.map(({ label, value }) => `${label}: ${textOf(value)}`) : [],
  );
  expect(fields).toEqual([
    "State: resolved, critical",
    "Since: 2026-03-01 10:00 UTC",
    "Time to acknowledge: 3 min, by Ada Okafor",
    "Time to resolve: 1 h",
    "Probable cause: rollout 6 on fraud-scorer, 82 %",
    "What resolved it: Mika Lehtonen resolved it. What was written: “scorer 3 serves again”. Rollout 7 had succeeded: rollback scorer 4 → 3 in production. Mika Lehtonen confirmed the cause: rollout 6 on fraud-scorer.",
  ]);
  expect(view.blocks.at(-1)).toMatchObject({ kind: "file", filename: "incident-12.md" });
});

test.each([
  [null, null, "not enough evidence"],
  ["stock", null, "stock, without a change"],
  ["stock", "d-4", "change d-4 on stock"],
])(
  "a cause of service %s and change %s is called the same in the answer and in the file: %s",
  (service, changeId, name) => {
    const ranked = [buildCause({ service, changeId, confidence: 0.4 })];
    const facts = buildPostmortem({ explanation: buildExplanation({ ranked }) });
    expect(JSON.stringify(postmortemView(facts, null).blocks)).toContain(`"${name}, 40 %"`);
    expect(postmortemMarkdown(facts).replaceAll("\\", "")).toContain(`### 1. ${name}: 40 %`);
  },
);
