import type { ReplayComparison, ReplayExample } from "../app/compare-replays.ts";
import type { ReplayResult } from "../app/replay.ts";
import { entityOf } from "../domain/alert/entity.ts";
import type { Cause } from "../domain/clustering/correlation.ts";
import { duration, oneLine } from "../domain/view.ts";

const maxIncidents = 40;

/** What a person wants to see of a replay: how much it was, and the incidents with their first suspects. */
export function formatReplay(name: string, result: ReplayResult): string {
  const alerts = result.incidents.reduce((sum, incident) => sum + incident.alerts.length, 0);
  const head = `${name}: ${result.deliveries} deliveries, ${alerts} alerts, ${result.incidents.length} incidents`;
  const largest = [...result.incidents]
    .sort((a, b) => b.alerts.length - a.alerts.length)
    .slice(0, maxIncidents);
  const lines = largest.map((incident) => {
    const times = incident.alerts.map(({ alert }) => alert.startsAt.getTime());
    const first = new Date(Math.min(...times));
    const services = new Set(incident.alerts.flatMap(({ alert }) => entityOf(alert) ?? []));
    const span = duration(Math.max(...times) - Math.min(...times));
    return `  ${String(incident.id).padStart(5)}  ${first.toISOString().slice(0, 16)}  ${String(incident.alerts.length).padStart(4)} alerts  ${String(services.size).padStart(3)} services  over ${span.padEnd(10)}  ${suspectText(incident.causes[0])}`;
  });
  const rest = result.incidents.length - largest.length;
  return [head, ...lines, ...(rest > 0 ? [`  and ${rest} smaller ones; --json has them all`] : [])].join(
    "\n",
  );
}

function suspectText(cause: Pick<Cause, "service" | "changeId" | "confidence"> | null | undefined): string {
  if (cause === null || cause === undefined || (cause.service === null && cause.changeId === null))
    return "no likely cause";
  const change = cause.changeId === null ? "" : ` (change ${oneLine(cause.changeId, 40)})`;
  return `${oneLine(cause.service ?? "unknown service", 60)}${change}, ${Math.round(cause.confidence * 100)} %`;
}

const maxExamples = 10;
const maxServices = 3;
const maxParts = 5;

/** What would change, for people: the counts, and an example or ten of each. */
export function formatComparison(
  name: string,
  sides: { readonly before: string; readonly after: string },
  comparison: ReplayComparison,
): string {
  const { incidents, cards, pagesSaved, merged, split, hushed, voiced, causesMoved } = comparison;
  const side = (which: "before" | "after") =>
    incidents[which] === cards[which]
      ? `${incidents[which]} incidents`
      : `${incidents[which]} incidents, ${incidents[which] - cards[which]} of them muted`;
  const pages =
    pagesSaved === 0 ? "as many cards" : `${Math.abs(pagesSaved)} ${pagesSaved > 0 ? "fewer" : "more"} cards`;
  return [
    `${name}: ${comparison.alerts} alerts`,
    `  ${sides.before}: ${side("before")}`,
    `  ${sides.after}: ${side("after")}, ${pages}; ${comparison.unchanged === 1 ? "1 incident is" : `${comparison.unchanged} incidents are`} the same in alerts and first cause`,
    ...(comparison.unmatchedAlerts === 0
      ? []
      : [`  ${comparison.unmatchedAlerts} alerts are in only one of the two`]),
    ...section(
      "merged",
      merged.map(({ one, many }) =>
        withParts(`${many.length} incidents would be one: ${exampleText(one)}`, many),
      ),
    ),
    ...section(
      "split",
      split.map(({ one, many }) => withParts(`one would be ${many.length}: ${exampleText(one)}`, many)),
    ),
    ...section("no card any more, all muted", hushed.map(exampleText)),
    ...section("a card, muted before", voiced.map(exampleText)),
    ...section(
      "other first cause",
      causesMoved.map(
        ({ before, after }) =>
          `${exampleText(before)}\n      ${suspectText(before.cause)} -> ${suspectText(after.cause)}`,
      ),
    ),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - maxExamples;
  return [
    `  ${title}: ${lines.length}`,
    ...lines.slice(0, maxExamples).map((line) => `    ${line}`),
    ...(rest > 0 ? [`    and ${rest} more; --json has them all`] : []),
  ];
}

function withParts(head: string, parts: readonly ReplayExample[]): string {
  const lines = parts.slice(0, maxParts).map((part) => `      ${exampleText(part)}`);
  const rest = parts.length - lines.length;
  return [head, ...lines, ...(rest > 0 ? [`      and ${rest} more`] : [])].join("\n");
}

/** One incident on one line, with where its first alert is found again. */
function exampleText(example: ReplayExample): string {
  const services = example.services.slice(0, maxServices).map((service) => oneLine(service, 40));
  const more = example.services.length - services.length;
  const about = services.length === 0 ? "no named service" : services.join(", ");
  return `${example.startedAt.toISOString().slice(0, 16)}  ${example.alerts} ${example.alerts === 1 ? "alert" : "alerts"} on ${about}${more > 0 ? ` and ${more} more` : ""}  (${example.incidentId === null ? "" : `#${example.incidentId}, `}${oneLine(example.where, 120)})`;
}
