import type { DigestFacts } from "./digest.ts";
import {
  bold,
  code,
  duration,
  moment,
  oneLine,
  plain,
  type Text,
  type View,
  type ViewBlock,
} from "./view.ts";

type OpenLine = NonNullable<DigestFacts["open"]>[number];
type SilenceLine = NonNullable<DigestFacts["silencesEnding"]>[number];

/** Lines of a list; what is beyond is counted. */
const maxListed = 8;
const maxTitle = 120;

/**
 * A digest as a message; one line when nothing happened.
 * Every number of the chart is also in the text and in the image's description.
 * @param chart - PNG, or null when there is none to show.
 */
export function digestView(facts: DigestFacts, chart: Uint8Array | null): View {
  return isQuiet(facts) ? quietView(facts) : fullView(facts, chart);
}

/** True when nothing happened in the window; what waits from before does not count as new. */
export function isQuiet(facts: DigestFacts): boolean {
  const happened = [facts.opened, facts.resolved, facts.muted, facts.rollouts];
  return facts.alertCount === 0 && happened.every((list) => list.length === 0);
}

function quietView(facts: DigestFacts): View {
  const waiting = [
    facts.stillOpen === 0 ? "" : ` ${count(facts.stillOpen, "incident")} still open.`,
    facts.pendingApprovals.length === 0
      ? ""
      : ` ${count(facts.pendingApprovals.length, "rollout")} waiting for approval.`,
    endingOf(facts).length === 0 ? "" : ` ${count(endingOf(facts).length, "silence")} about to end.`,
    reviewsOf(facts).length === 0 ? "" : ` ${count(reviewsOf(facts).length, "broken freeze")} to review.`,
  ].join("");
  const title = `Nothing new since ${moment(new Date(facts.from)).text}.${waiting}`;
  return { kind: "digest", title, tone: "neutral", summary: title, blocks: [], actions: [] };
}

function fullView(facts: DigestFacts, chart: Uint8Array | null): View {
  const [from, to] = [new Date(facts.from), new Date(facts.to)];
  return {
    kind: "digest",
    title: `Digest: ${facts.opened.length} opened, ${facts.resolved.length} resolved, ${facts.stillOpen} still open`,
    tone: "neutral",
    summary: summaryOf(facts),
    blocks: [
      { kind: "note", text: [moment(from), plain(" to "), moment(to)] },
      { kind: "fields", fields: fieldsOf(facts) },
      ...(chart === null ? [] : [imageOf(facts, chart)]),
      ...listBlock(
        "Open, oldest first",
        (facts.open ?? []).map((line) => openLine(line, to)),
      ),
      ...listBlock("Opened", facts.opened.map(incidentLine)),
      ...listBlock("Resolved", facts.resolved.map(incidentLine)),
      ...noisiestBlock(facts),
      ...listBlock(
        "Muted",
        facts.muted.map(({ because, count: times }) => [
          plain(`${count(times, "alert")}: ${oneLine(because, maxTitle)}`),
        ]),
      ),
      ...listBlock("Silences about to end", endingOf(facts).map(silenceLine)),
      ...listBlock(
        "Rollouts",
        facts.rollouts.map(({ id, title, state }) => [
          bold(`#${id} `),
          plain(`${oneLine(title, maxTitle)}, ${state}`),
        ]),
      ),
      ...listBlock(
        "Waiting for approval",
        facts.pendingApprovals.map(({ id, title, requestedBy }) => [
          bold(`#${id} `),
          plain(`${oneLine(title, maxTitle)}, asked for by ${oneLine(requestedBy, 60)}: `),
          code(`/approve ${id}`),
        ]),
      ),
      ...listBlock(
        "Broke a freeze, to be reviewed",
        reviewsOf(facts).map(({ id, title, openedBy, reason }) => [
          bold(`#${id} `),
          plain(`${oneLine(title, maxTitle)}, by ${oneLine(openedBy, 60)}: ${oneLine(reason, maxTitle)} `),
          code(`/review ${id}`),
        ]),
      ),
    ],
    actions: [],
  };
}

function reviewsOf({ reviews = [] }: DigestFacts): NonNullable<DigestFacts["reviews"]> {
  return reviews;
}

function endingOf({ silencesEnding = [] }: DigestFacts): readonly SilenceLine[] {
  return silencesEnding;
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

function incidentLine({ id, title, severity }: DigestFacts["opened"][number]): Text {
  return [bold(`#${id} `), plain(`${severity}: ${oneLine(title, maxTitle)}`)];
}

function openLine({ id, title, severity, since, who }: OpenLine, to: Date): Text {
  const age = duration(to.getTime() - Date.parse(since));
  const has = who === null ? "nobody has it" : `with ${oneLine(who, 60)}`;
  return [bold(`#${id} `), plain(`${severity}: ${oneLine(title, maxTitle)}, for ${age}, ${has}`)];
}

function silenceLine({ id, reason, createdBy, endsAt }: SilenceLine): Text {
  return [
    bold(`${id} `),
    plain(`by ${oneLine(createdBy, 60)}: ${oneLine(reason, maxTitle)}, ends `),
    moment(new Date(endsAt)),
  ];
}

function noisiestBlock({ noisiest, advice = [] }: DigestFacts): readonly ViewBlock[] {
  if (noisiest.length === 0) return [];
  const rows = noisiest
    .slice(0, 5)
    .map((rule) => [oneLine(rule.name, 60), String(rule.count), String(rule.incidents)]);
  return [
    { kind: "heading", text: "Noisiest rules" },
    { kind: "table", columns: ["rule", "alerts", "incidents"], rows },
    ...(advice.length === 0
      ? []
      : [{ kind: "list", ordered: "bulleted", items: advice.map((line) => [plain(line)]) } as const]),
    {
      kind: "note",
      text: [code("/noise"), plain(" says which of them nobody needs, and what would quieten them.")],
    },
  ];
}

function listBlock(heading: string, lines: readonly Text[]): readonly ViewBlock[] {
  if (lines.length === 0) return [];
  const more = lines.length - maxListed;
  const items = [...lines.slice(0, maxListed), ...(more > 0 ? [[plain(`and ${more} more`)]] : [])];
  return [
    { kind: "heading", text: heading },
    { kind: "list", ordered: "bulleted", items },
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
