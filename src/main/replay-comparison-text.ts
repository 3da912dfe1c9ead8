/** What would change, for people: the counts, and an example or ten of each, with where it is found. */
import type { ReplayComparison, ReplayExample } from "../app/compare-replays.ts";
import { moment, oneLine, textOf } from "../domain/view.ts";
import { answerText } from "./replay-text.ts";

/** What is compared. */
export interface ComparedSides {
  readonly before: string;
  readonly after: string;
  /** What is the same on both: "judged by the shipped weights". */
  readonly both: string;
  /** What the comparison leaves out, each with why. */
  readonly notCompared: readonly string[];
}

const maxExamples = 10;
const maxServices = 3;
const maxParts = 5;
/** A longer address of a sender is left to --json. */
const maxAddress = 200;

export function formatComparison(name: string, sides: ComparedSides, comparison: ReplayComparison): string {
  const { merged, split, hushed, voiced, rerouted, causesMoved } = comparison;
  return [
    `${name}: ${counted(comparison.alerts, "alert")}, ${sides.both}`,
    ...headLines(sides, comparison),
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
    ...section("no card any more", hushed.map(exampleText)),
    ...section("a card, none before", voiced.map(exampleText)),
    ...section(
      "cards in other channels",
      rerouted.map(
        ({ incident, before, after }) =>
          `${exampleText(incident)}\n      ${before.join(", ")} -> ${after.join(", ")}`,
      ),
    ),
    ...section(
      "other first cause",
      causesMoved.map(
        ({ before, after }) =>
          `${exampleText(before)}\n      ${answerText(before.answer, before.cause)} -> ${answerText(after.answer, after.cause)}`,
      ),
    ),
    ...footLines(comparison),
  ].join("\n");
}

function headLines(sides: ComparedSides, comparison: ReplayComparison): string[] {
  const { pagesSaved, unchanged, unmatchedAlerts, channels } = comparison;
  const saved = pagesSaved === 0 ? "as many" : `${Math.abs(pagesSaved)} ${pagesSaved > 0 ? "fewer" : "more"}`;
  const same = `${counted(unchanged, "incident")} ${unchanged === 1 ? "is" : "are"} the same in alerts, channels and first cause`;
  return [
    `  before, ${sides.before}: ${sideText(comparison, "before")}`,
    `  after, ${sides.after}: ${sideText(comparison, "after")}: ${saved}`,
    ...(channels.length < 2 ? [] : channels.map(channelText)),
    `  ${same}`,
    ...(unmatchedAlerts === 0 ? [] : [`  ${counted(unmatchedAlerts, "alert")} in only one of the two`]),
    `  not compared: ${sides.notCompared.join("; ")}`,
  ];
}

function sideText(
  { incidents, withoutCard, cards, cardsMerged }: ReplayComparison,
  side: "before" | "after",
): string {
  const untold = withoutCard[side] === 0 ? "" : `, ${withoutCard[side]} of them without a card`;
  const merged =
    cardsMerged[side] === 0 ? "" : ` (${cardsMerged[side]} of incidents that then went into another)`;
  return `${counted(incidents[side], "incident")}${untold}, ${counted(cards[side], "card")}${merged}`;
}

function channelText({ channel, before, after }: ReplayComparison["channels"][number]): string {
  return `    in ${oneLine(channel, 120)}: ${before === after ? before : `${before} -> ${after}`}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
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

/** One incident on one line, with where it is found again: its page, else where its sender shows its first alert. */
function exampleText(example: ReplayExample): string {
  const services = example.services.slice(0, maxServices).map((service) => oneLine(service, 40));
  const more = example.services.length - services.length;
  const about = services.length === 0 ? "no named service" : services.join(", ");
  const number = example.incidentId === null ? "" : `#${example.incidentId}, `;
  const address = example.url ?? example.alertUrl ?? "";
  return [
    `${textOf([moment(example.startedAt)])}  ${counted(example.alerts, "alert")} on ${about}${more > 0 ? ` and ${more} more` : ""}`,
    `  (${number}${oneLine(example.where, 120)})`,
    ...(address === "" || address.length > maxAddress ? [] : [`  ${address}`]),
  ].join("");
}

/** How to look at incidents of the bot that have no address. */
function footLines({ merged, split, hushed, voiced, rerouted, causesMoved }: ReplayComparison): string[] {
  const examples = [
    ...merged.map(({ one }) => one),
    ...split.map(({ one }) => one),
    ...[...hushed, ...voiced, ...rerouted.map(({ incident }) => incident)],
    ...causesMoved.map(({ before }) => before),
  ];
  const lost = examples.find(({ incidentId, url }) => incidentId !== null && url === null);
  return lost === undefined
    ? []
    : [
        `  look at one: npx tocsin run "incident show ${lost.incidentId}"; incidentChannels.console in tocsin.yaml makes links of them`,
      ];
}
