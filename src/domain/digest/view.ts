import type { DigestFacts } from "../digest.ts";
import { duration, moment, plain, type Text, type View, type ViewBlock } from "../view.ts";
import { count, listBlock, modelBlock, openLine, rolloutBlock, waitingBlocks } from "./lines.ts";
import { isWell } from "./model-health.ts";

export interface DigestQuestion {
  readonly facts: DigestFacts;
  /** PNG, or null when there is none to show. */
  readonly chart: Uint8Array | null;
  readonly nameOf: (person: string) => string;
}

/**
 * A digest as a message: what needs somebody, and the numbers; one line when nothing happened. The lists of what is
 * over are in detail-view.ts. Every number of the chart is also in the text and in the image's description.
 */
export function digestView(question: DigestQuestion): View {
  return isQuiet(question.facts) ? quietView(question.facts) : fullView(question);
}

/** True when nothing happened in the window; what waits from before does not count as new. */
export function isQuiet(facts: DigestFacts): boolean {
  const happened = [facts.opened, facts.resolved, facts.muted, facts.rollouts];
  return facts.alertCount === 0 && happened.every((list) => list.length === 0);
}

function quietView(facts: DigestFacts): View {
  const { reviews = [], silencesEnding: ending = [], models = [] } = facts;
  const troubled = models.filter((model) => !isWell(model)).length;
  const waiting = [
    facts.stillOpen === 0 ? "" : ` ${count(facts.stillOpen, "incident")} still open.`,
    facts.pendingApprovals.length === 0
      ? ""
      : ` ${count(facts.pendingApprovals.length, "rollout")} waiting for approval.`,
    ending.length === 0 ? "" : ` ${count(ending.length, "silence")} about to end.`,
    reviews.length === 0
      ? ""
      : ` ${count(reviews.length, "rollout")} that broke a freeze or a gate to review.`,
    troubled === 0 ? "" : ` ${count(troubled, "model")} to look at.`,
  ].join("");
  const title = `Nothing new since ${moment(new Date(facts.from)).text}.${waiting}`;
  return { kind: "digest", title, tone: "neutral", summary: title, blocks: [], actions: [] };
}

function fullView({ facts, chart, nameOf }: DigestQuestion): View {
  const [from, to] = [new Date(facts.from), new Date(facts.to)];
  const open = (facts.open ?? []).map((line) => openLine(line, to, nameOf));
  return {
    kind: "digest",
    title: `Digest: ${facts.opened.length} opened, ${facts.resolved.length} resolved, ${facts.stillOpen} still open`,
    tone: "neutral",
    summary: summaryOf(facts),
    blocks: [
      { kind: "note", text: [moment(from), plain(" to "), moment(to)] },
      { kind: "fields", fields: fieldsOf(facts) },
      ...(chart === null ? [] : [imageOf(facts, chart)]),
      ...listBlock("Open, oldest first", open),
      ...waitingBlocks(facts, nameOf),
      ...rolloutBlock(facts),
      ...modelBlock(facts),
    ],
    actions: [],
  };
}

function summaryOf(facts: DigestFacts): string {
  const [from, to] = [moment(new Date(facts.from)).text, moment(new Date(facts.to)).text];
  const times = [
    facts.acknowledgeMs === null ? "" : ` Acknowledged within ${duration(facts.acknowledgeMs)} (median).`,
    facts.resolveMs === null ? "" : ` Resolved within ${duration(facts.resolveMs)} (median).`,
  ].join("");
  return (
    `${from} to ${to}: ${count(facts.alertCount, "alert")}, ${count(facts.opened.length, "incident")} opened, ` +
    `${facts.resolved.length} resolved, ${facts.stillOpen} still open.${times} ` +
    `${count(facts.rollouts.length, "rollout")}, ${facts.pendingApprovals.length} waiting for approval.`
  );
}

function fieldsOf(facts: DigestFacts): { label: string; value: Text }[] {
  const field = (label: string, value: string) => ({ label, value: [plain(value)] });
  const time = (ms: number | null) => (ms === null ? "none" : duration(ms));
  const against = (ms: number | null, before: number | null | undefined) =>
    before === null || before === undefined ? time(ms) : `${time(ms)}, before ${duration(before)}`;
  return [
    field("Opened", String(facts.opened.length)),
    field("Resolved", String(facts.resolved.length)),
    field("Still open", String(facts.stillOpen)),
    field("Alerts", String(facts.alertCount)),
    field("Median time to acknowledge", against(facts.acknowledgeMs, facts.before?.acknowledgeMs)),
    field("Median time to resolve", against(facts.resolveMs, facts.before?.resolveMs)),
  ];
}

function imageOf(facts: DigestFacts, png: Uint8Array): ViewBlock {
  return {
    kind: "image",
    png,
    alt: chartDescription(facts),
    filename: `digest-${facts.to.slice(0, 10)}.png`,
  };
}

/** The chart in words: totals and the busiest stretch. */
export function chartDescription(facts: DigestFacts): string {
  const incidents = facts.series.reduce((sum, bucket) => sum + bucket.incidents, 0);
  const alerts = facts.series.reduce((sum, bucket) => sum + bucket.alerts, 0);
  const busiest = facts.series.reduce<DigestFacts["series"][number] | null>(
    (best, bucket) => (best === null || bucket.alerts > best.alerts ? bucket : best),
    null,
  );
  const peak =
    busiest === null || busiest.alerts === 0
      ? ""
      : `; most in one interval: ${busiest.alerts}, from ${moment(new Date(busiest.at)).text}`;
  const [from, to] = [moment(new Date(facts.from)).text, moment(new Date(facts.to)).text];
  return `Alerts and incidents over time, ${from} to ${to}: ${count(alerts, "alert")}, ${count(incidents, "incident")} opened${peak}.`;
}
