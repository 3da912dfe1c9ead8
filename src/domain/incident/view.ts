import type { TrackedAlert } from "../alert/tracked.ts";
import { compareSeverity } from "../alert.ts";
import { storedAnswer } from "../explanation/first-answer.ts";
import { withMoments } from "../explanation/moments.ts";
import { mentions } from "../explanation/names.ts";
import type { Explanation } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { verdictFields } from "../learning/feedback-view.ts";
import { reportBlocks, standingReports } from "../monitoring/report-view.ts";
import { flappingText, isFlapping } from "../suppression/flapping.ts";
import {
  bold,
  code,
  link,
  moment,
  oneLine,
  plain,
  shorten,
  type Text,
  type Tone,
  type View,
  type ViewBlock,
} from "../view.ts";
import type { IncidentCard } from "./card.ts";
import { cardActions } from "./card-actions.ts";

/** Alerts named on a card; the rest are counted. */
const maxAlertsShown = 5;
const maxTitle = 200;
const maxChildren = 6;
/** Services that a field names; the rest are counted. */
const maxServices = 4;

/**
 * The card of an incident. One glance answers: what, how bad, since when, who has it, probable cause, what can I do.
 * It holds moments, never durations, so that it need not change while nothing happens.
 */
export function incidentView(card: IncidentCard): View {
  const { incident } = card;
  const title = `#${incident.id} ${oneLine(incident.title, maxTitle)}`;
  return {
    kind: "incident",
    title,
    tone: toneOf(incident),
    summary: summaryOf(card),
    blocks: [
      { kind: "fields", fields: fieldsOf(card) },
      ...storyOf(card),
      ...reportBlocks(standingReports(card.alerts)),
      ...alertsOf(card),
      ...(incident.mergedInto === null
        ? []
        : [note([plain(`Its alerts went into incident ${incident.mergedInto}.`)])]),
    ],
    actions: cardActions(card),
    footer: `incident ${incident.id} · revision ${incident.revision}`,
    tags: [incident.severity, incident.state],
    // One page for a family: who was called for the parent knows.
    ...(incident.parentId === null ? {} : { isQuiet: true as const }),
  };
}

function toneOf(incident: Incident): Tone {
  return incident.state === "resolved" ? "good" : incident.severity;
}

/** The state in one or two words. */
export function stateWord(incident: Incident): string {
  if (incident.mergedInto !== null) return "merged";
  if (incident.state === "open") return incident.reopenedCount > 0 ? "reopened" : "open";
  return incident.state;
}

function fieldsOf({
  incident,
  nameOf,
  explanation,
  verdicts = [],
  children = [],
}: IncidentCard): { label: string; value: Text }[] {
  const fields: { label: string; value: Text }[] = [
    { label: "State", value: [bold(stateWord(incident))] },
    // While it is open the tone of the card says how bad it is.
    ...(incident.state === "resolved" ? [{ label: "Severity", value: [plain(incident.severity)] }] : []),
    { label: "Since", value: [moment(incident.startedAt)] },
    { label: "Alerts", value: [plain(alertCount(incident))] },
    { label: "Who has it", value: whoHasIt(incident, nameOf) },
  ];
  if (!namesServices(incident, explanation))
    fields.push({
      label: incident.services.length === 1 ? "Service" : "Services",
      value: [plain(listOf(incident.services, maxServices, incident.serviceCount))],
    });
  return [
    ...fields,
    ...workFields(incident),
    ...familyFields(incident, children),
    ...verdictFields(verdicts, nameOf),
  ];
}

/** True when the title and what is said of what is broken name all that a field would. */
function namesServices({ title, services }: Incident, explanation: Explanation | null): boolean {
  const said = [title, ...shownSummary(explanation).map((claim) => claim.text)].join(" \n ");
  return services.slice(0, maxServices).every((service) => mentions(said, service));
}

function workFields(incident: Incident): { label: string; value: Text }[] {
  const quiet =
    incident.snoozedUntil === null ? [] : [{ label: "Quiet until", value: [moment(incident.snoozedUntil)] }];
  const related =
    incident.related.length === 0
      ? []
      : [
          {
            label: "Related",
            value: [
              plain(
                listOf(
                  incident.related.map((id) => `#${id}`),
                  maxChildren,
                ),
              ),
            ],
          },
        ];
  return [...quiet, ...related];
}

function familyFields({ parentId }: Incident, children: readonly number[]): { label: string; value: Text }[] {
  const from = parentId === null ? [] : [{ label: "Split from", value: [plain(`#${parentId}`)] }];
  if (children.length === 0) return from;
  const ids = children.map((id) => `#${id}`);
  return [...from, { label: "Split into", value: [plain(listOf(ids, maxChildren))] }];
}

function alertCount(incident: Incident): string {
  return `${firingWords(incident)}${incident.isMuted ? ", muted" : ""}`;
}

/** "4 firing", "4 of 5 firing", or "5, none firing". */
export function firingWords({
  firingCount,
  alertCount,
}: Pick<Incident, "firingCount" | "alertCount">): string {
  if (firingCount === alertCount) return `${alertCount} firing`;
  return firingCount === 0 ? `${alertCount}, none firing` : `${firingCount} of ${alertCount} firing`;
}

function whoHasIt(incident: Incident, nameOf: (person: string) => string): Text {
  if (incident.state === "resolved" && incident.resolvedAt !== null) {
    return [plain(`resolved by ${nameOf(incident.resolvedBy ?? "tocsin")} `), moment(incident.resolvedAt)];
  }
  const { assignedTo, assignedAt } = incident;
  if (assignedTo !== null && assignedAt !== null) {
    const seen = incident.state === "open" ? ", who has not acknowledged it; since " : ", since ";
    return [plain(`${nameOf(assignedTo)}${seen}`), moment(assignedAt)];
  }
  if (incident.acknowledgedBy === null || incident.acknowledgedAt === null) return [plain("nobody yet")];
  return [plain(`${nameOf(incident.acknowledgedBy)}, since `), moment(incident.acknowledgedAt)];
}

/** @param total - of how many the values are the first. */
function listOf(values: readonly string[], max: number, total: number = values.length): string {
  const shown = values
    .slice(0, max)
    .map((value) => oneLine(value, 60))
    .join(", ");
  return total > max ? `${shown} and ${total - max} more` : shown;
}

/** What the explanation says: what is broken, the probable cause, what to do first. */
function storyOf({ explanation, incident }: IncidentCard): ViewBlock[] {
  if (explanation === null) return [];
  const blocks: ViewBlock[] = [];
  const claims = (list: Explanation["summary"], max: number) =>
    list.slice(0, max).map((claim) => cited(withMoments(claim.text, incident), claim.evidence));
  for (const text of claims(shownSummary(explanation), 2)) blocks.push({ kind: "text", text });
  const causes = claims(explanation.causes, 2);
  if (causes.length > 0)
    blocks.push(
      { kind: "heading", text: isAnyNamed(explanation) ? "Probable cause" : "Cause" },
      ...causes.map((text): ViewBlock => ({ kind: "text", text })),
    );
  const actions = claims(explanation.actions, 3);
  if (actions.length > 0)
    blocks.push({ kind: "heading", text: "Do first" }, { kind: "list", ordered: "bulleted", items: actions });
  if (explanation.fallback !== null)
    blocks.push(note([plain(`Written without the model: ${oneLine(explanation.fallback, 200)}.`)]));
  return blocks;
}

function isAnyNamed(explanation: Explanation | null): boolean {
  return storedAnswer(explanation)?.kind !== "not_enough";
}

/** What a card says of what is broken. */
function shownSummary(explanation: Explanation | null): Explanation["summary"] {
  return (explanation?.summary ?? []).slice(0, 2);
}

function cited(text: Text, evidence: readonly number[]): Text {
  const marks = evidence
    .slice(0, 6)
    .map((number) => `[${number}]`)
    .join("");
  return marks === "" ? text : [...text, plain(" "), { text: marks, style: "code" }];
}

function alertsOf({ incident, alerts, alertList = "worst" }: IncidentCard): ViewBlock[] {
  if (alerts.length === 0 || alertList === "elsewhere") return [];
  const worst = [...alerts].sort(byWeight).slice(0, maxAlertsShown);
  const items = worst.map((tracked): Text => {
    const { alert } = tracked;
    const state = tracked.endedBy === null ? alert.severity : "ended";
    const muted = tracked.mutedBy === null ? "" : ", muted";
    const held = isFlapping(tracked.flapping) ? `, ${flappingText(tracked.flapping)}` : "";
    const summary = alert.summary === alert.name ? "" : `: ${shorten(alert.summary, 140)}`;
    return [
      plain(`${state}${muted}${held} · `),
      link(oneLine(alert.name, 100), alert.url),
      plain(`${alert.service === null ? "" : ` on ${oneLine(alert.service, 80)}`}${summary}`),
    ];
  });
  const rest = incident.alertCount - worst.length;
  return [
    { kind: "heading", text: "Alerts" },
    { kind: "list", ordered: "bulleted", items },
    ...(rest > 0 ? [note([plain(`and ${rest} more: `), code(`/why ${incident.id}`)])] : []),
  ];
}

/** Firing before ended, worst first, earliest first. */
function byWeight(a: TrackedAlert, b: TrackedAlert): number {
  const firing = Number(b.endedBy === null) - Number(a.endedBy === null);
  return (
    firing ||
    compareSeverity(a.alert.severity, b.alert.severity) ||
    a.alert.startsAt.getTime() - b.alert.startsAt.getTime() ||
    (a.key < b.key ? -1 : 1)
  );
}

/** The whole fact in one paragraph, for screen readers and notifications. */
function summaryOf(card: IncidentCard): string {
  const { incident, explanation } = card;
  const cause = explanation?.causes[0];
  const parts = [
    `${stateWord(incident)} ${incident.severity} incident ${incident.id}: ${oneLine(incident.title, maxTitle)}.`,
    ` ${alertsSince(incident)}.`,
    whoSentence(card),
    // It says itself how likely it is, or that there is too little to name one.
    cause === undefined ? "" : ` ${oneLine(cause.text, 300)}`,
  ];
  return parts.join("");
}

/** "4 firing since 2026-03-01 10:00 UTC"; of what is over since when it had been: none fires since it ended, not since then. */
function alertsSince(incident: Incident): string {
  const began = `${incident.startedAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const count = alertCount(incident);
  return incident.firingCount === 0 ? `${count}; the first began ${began}` : `${count} since ${began}`;
}

/** Who acknowledged it, or who has it where that is somebody else. */
function whoSentence({ incident, nameOf }: IncidentCard): string {
  const { acknowledgedBy, assignedTo } = incident;
  if (assignedTo !== null && assignedTo !== acknowledgedBy) return ` ${nameOf(assignedTo)} has it.`;
  return acknowledgedBy === null ? "" : ` Acknowledged by ${nameOf(acknowledgedBy)}.`;
}

function note(text: Text): ViewBlock {
  return { kind: "note", text };
}
