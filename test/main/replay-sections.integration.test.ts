/** Each part of another tocsin.yaml that can be replayed changes what a comparison says. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compareReplays, type ReplayComparison } from "../../src/app/compare-replays.ts";
import type { RecordedDelivery } from "../../src/app/replay.ts";
import { type FileSection, readConfig } from "../../src/config.ts";
import { replayedRules } from "../../src/main/replay-rules.ts";
import { runReplay } from "../../src/main/replay-run.ts";
import { heedOf, notReplayed } from "../../src/main/replay-sections.ts";
import { shippedJudge } from "../../src/main/replay-versions.ts";

const folder = mkdtempSync(path.join(tmpdir(), "tocsin-replay-sections-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(yaml: string) {
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(file, yaml);
  return readConfig({ TOCSIN_CONFIG: file });
}

const noon = Date.parse("2026-03-01T12:00:00Z");
const minute = (count: number) => new Date(noon + count * 60_000).toISOString();

type Told = readonly [minute: number, source: string, body: unknown];

/** An alert from its beginning to its end, in minutes after noon; without an end it is never heard of again. */
function alert(name: string, service: string, from: number, to: number | null, severity = "warning"): Told[] {
  const labels = { alertname: name, service, severity };
  const told = (at: number, more: object): Told => [
    at,
    "alertmanager",
    {
      version: "4",
      alerts: [{ status: "firing", labels, annotations: {}, startsAt: minute(from), ...more }],
    },
  ];
  return [told(from, {}), ...(to === null ? [] : [told(to, { status: "resolved", endsAt: minute(to) })])];
}

async function compared(tape: readonly Told[], before: string, after: string): Promise<ReplayComparison> {
  async function* read(): AsyncGenerator<RecordedDelivery> {
    for (const [at, source, body] of [...tape].sort(([a], [b]) => a - b))
      yield { at: new Date(minute(at)), source, body, where: `tape:${at}` };
  }
  const bar = { show: () => undefined, clear: () => undefined };
  const under = async (yaml: string) => {
    const config = configOf(yaml);
    const rules = await replayedRules(config);
    return runReplay({ name: "tape", read }, { config, judge: shippedJudge, rules }, bar, 0);
  };
  return compareReplays(await under(before), await under(after));
}

mkdirSync(path.join(folder, "sources"));
writeFileSync(
  path.join(folder, "sources", "pager-file.ts"),
  `import generic from "${path.resolve("src/adapters/sources/generic.ts")}";\nexport default { ...generic, name: "pager-file" };\n`,
);

const stuck =
  'inhibit_rules: [{ source_matchers: [alertname="Stuck"], target_matchers: [alertname="Backlog"] }]';
/** Backlog is muted for as long as Stuck, which is never heard of again, counts as firing. */
const stuckTape = [...alert("Stuck", "queue", 0, null), ...alert("Backlog", "jobs", 200, 230)];
const pair = [...alert("HighErrorRate", "index", 0, 30), ...alert("SlowPages", "search", 1, 30)];
const lone = alert("DiskFull", "files", 0, 30, "critical");
const flapping = [0, 10, 20, 30].flatMap((from) => alert("DiskFlaps", "db", from, from + 1));
const edges = "topology: { edges: [[search, index]] }";
const ping: Told = [0, "pings", { monitor: "Ping", host: "gate" }];

interface Case {
  readonly tape: readonly Told[];
  readonly before?: string;
  readonly after: string;
  readonly says: (comparison: ReplayComparison) => unknown;
  readonly expected: unknown;
}

const cases: Readonly<Partial<Record<FileSection, readonly Case[]>>> = {
  alerts: [
    {
      ...{ tape: stuckTape, before: stuck, after: `${stuck}\nalerts: { timeoutHours: 1 }` },
      ...{ says: ({ voiced }) => voiced.map(({ services }) => services), expected: [["jobs"]] },
    },
  ],
  sources: [
    {
      ...{
        tape: stuckTape,
        before: stuck,
        after: `${stuck}\nsources: { alertmanager: { timeoutMinutes: 60 } }`,
      },
      ...{ says: ({ voiced }) => voiced.map(({ services }) => services), expected: [["jobs"]] },
    },
    {
      tape: [ping],
      before: "sources: { pings: { use: generic, settings: { name: monitor } } }",
      after: "sources: { pings: { use: generic, settings: { name: monitor, service: host } } }",
      says: ({ alerts, unmatchedAlerts }) => [alerts, unmatchedAlerts],
      // The service is part of what tells alerts apart.
      expected: [1, 2],
    },
    {
      tape: [ping],
      before: "sources: { pings: { use: generic, settings: { name: monitor } } }",
      after:
        "sources: { pings: { use: generic, settings: { name: monitor } } }\nchannels: [{ to: 'slack:C1', match: ['source=\"pings\"'] }]",
      says: ({ rerouted }) => rerouted.map(({ after }) => after),
      expected: [["console:incidents", "slack:C1"]],
    },
  ],
  sourceFiles: [
    {
      ...{ tape: [[0, "pager-file", { name: "Paged" }]], after: "sourceFiles: { folder: sources }" },
      ...{ says: ({ incidents }) => incidents, expected: { before: 0, after: 1 } },
    },
  ],
  channels: [
    {
      tape: lone,
      after:
        "channels: [{ to: 'slack:C1', match: ['severity=\"critical\"'] }, { to: 'console:incidents', match: ['team=\"x\"'] }]",
      says: ({ channels }) => channels,
      expected: [
        { channel: "console:incidents", before: 1, after: 0 },
        { channel: "slack:C1", before: 0, after: 1 },
      ],
    },
  ],
  incidentChannels: [
    {
      ...{ tape: lone, after: "incidentChannels: { rules: [{ open: critical }] }" },
      says: ({ pagesSaved, channels }) => [pagesSaved, channels.at(0)?.channel],
      expected: [-1, "a channel of its own"],
    },
  ],
  flapping: [
    {
      tape: flapping,
      before: "flapping: { firings: 100, withinMinutes: 1 }",
      after: "flapping: { firings: 2, withinMinutes: 60 }",
      says: ({ pagesSaved, merged }) => [pagesSaved, merged.map(({ many }) => many.length)],
      expected: [3, [4]],
    },
  ],
  inhibit_rules: [
    {
      ...{ tape: stuckTape, after: stuck },
      ...{ says: ({ hushed }) => hushed.map(({ services }) => services), expected: [["jobs"]] },
    },
  ],
  maintenance: [
    {
      tape: lone,
      after: `maintenance: [{ name: works, match: ['service="files"'], starts: "${minute(-5)}", ends: "${minute(60)}", reason: works }]`,
      says: ({ pagesSaved }) => pagesSaved,
      expected: 1,
    },
  ],
  topology: [
    { tape: pair, after: edges, says: ({ merged }) => merged.map(({ many }) => many.length), expected: [2] },
  ],
  evidenceKinds: [
    {
      tape: [...alert("HighErrorRate", "search", 0, 30), ...alert("Odd", "index", 1, 30)],
      before: edges,
      after: `${edges}\nevidenceKinds: [{ kind: crash, words: [HighErrorRate] }]`,
      says: ({ causesMoved }) =>
        causesMoved.map(({ before, after }) => [before.cause?.service, after.cause?.service]),
      expected: [["index", "search"]],
    },
  ],
};

describe("of another tocsin.yaml (issue 3)", () => {
  test("there is a case below for everything that is said to be replayed", () => {
    const replayed = Object.entries(heedOf).flatMap(([key, heed]) => (heed === "replayed" ? [key] : []));
    expect(Object.keys(cases).sort()).toEqual(replayed.sort());
  });

  test.each(
    Object.entries(cases).flatMap(([key, each]) => each.map((one, index) => ({ key, index, ...one }))),
  )("$key is heeded, case $index", async ({ tape, before = "", after, says, expected }) => {
    const same = await compared(tape, before, before);
    expect(same.unchanged).toBe(same.incidents.before);
    expect(says(await compared(tape, before, after))).toEqual(expected);
  });

  test("what cannot be replayed is named when it differs, what matters elsewhere is not", () => {
    const { sections } = configOf("");
    for (const [key, heed] of Object.entries(heedOf))
      expect(notReplayed(sections, { ...sections, [key]: "another" })).toEqual(
        heed === "unable" ? [key] : [],
      );
    expect(notReplayed(sections, sections)).toEqual([]);
  });
});
