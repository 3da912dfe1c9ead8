/** A postmortem as Markdown: what was stored of an incident, in one document that people go on writing. */

import type { TrackedAlert } from "../alert/tracked.ts";
import type { Cause } from "../clustering/correlation.ts";
import { signed } from "../clustering/why-not.ts";
import { evidenceFor, partsOf } from "../explanation/evidence.ts";
import { answerName, candidateName, storedAnswer } from "../explanation/first-answer.ts";
import { capital } from "../explanation/wording.ts";
import type { Claim, Evidence } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { subjectOf, suspectName, type Verdict } from "../learning/feedback.ts";
import { altOf } from "../metrics/chart.ts";
import { planTitle } from "../rollout/plan.ts";
import type { Rollout } from "../rollout.ts";
import {
  markdownList as list,
  markdownOf as md,
  markdownMoment as moment,
  markdownTable as table,
} from "../text/markdown.ts";
import { duration } from "../view.ts";
import { chartsOf, type PostmortemFacts, peopleIn, resolutionOf, timesOf } from "./postmortem.ts";
import { stateWord } from "./view.ts";

/** Rows and entries beyond these are counted. */
const maxAlertsListed = 50;
const maxCauses = 5;
/** Characters of one text from outside. */
const maxText = 600;
const maxName = 200;

/** The document. Times are UTC; every text from outside is escaped, and secrets in it are taken out. */
export function postmortemMarkdown(facts: PostmortemFacts): string {
  const { incident, explanation, now } = facts;
  const sections: readonly (readonly [title: string, body: string])[] = [
    ["Summary", claims(explanation?.summary ?? []) || "It was not explained."],
    ["What resolved it", list(resolutionOf(facts).map((text) => md(text, 1_200)))],
    ["Causes considered", causes(facts)],
    ["Suggested actions", claims(explanation?.actions ?? [])],
    ["Timeline", timeline(facts)],
    ["Evidence", evidence(facts)],
    ["Metrics", metrics(facts)],
    ["Alerts", alerts(facts)],
    ["Rollouts", rollouts(facts)],
    ["People", people(facts)],
    ["Muted, merged, split and related", relations(facts)],
  ];
  return [
    `# Incident ${incident.id}: ${md(incident.title, maxName)}`,
    table(["", ""], head(facts)),
    ...sections.filter(([, body]) => body !== "").map(([title, body]) => `## ${title}\n\n${body}`),
    `Written by Tocsin at ${moment(now)} from what it had stored. All times are UTC.`,
  ]
    .join("\n\n")
    .concat("\n");
}

/** Blocks with an empty line between them, without those that are empty. */
function joined(blocks: readonly string[]): string {
  return blocks.filter((block) => block !== "").join("\n\n");
}

function head(facts: PostmortemFacts): readonly (readonly string[])[] {
  const { incident, nameOf, now } = facts;
  const times = timesOf(facts);
  const name = (person: string) => md(nameOf(person), maxName);
  const set = incident.severitySetBy === null ? "" : `, set by ${name(incident.severitySetBy)}`;
  const open = incident.resolvedAt === null ? `, for ${span(now, incident.openedAt)} so far` : "";
  return [
    ["State", `${stateWord(incident)}${open}`],
    ["Severity", `${incident.severity}${set}`],
    ["Services", servicesOf(incident)],
    ["First alert began", moment(incident.startedAt)],
    ["Opened", `${moment(incident.openedAt)}, ${duration(times.toOpenMs)} after the first alert began`],
    ["Time to acknowledge", acknowledged(times, name)],
    ["Time to resolve", resolved(incident, times.toResolveMs, name)],
    ["Assigned to", incident.assignedTo === null ? "nobody" : name(incident.assignedTo)],
    [
      "Alerts",
      `${incident.alertCount}, ${incident.firingCount} of them firing${incident.isMuted ? ", all muted" : ""}`,
    ],
    ...(incident.reopenedCount === 0 ? [] : [["Reopened", timesText(incident.reopenedCount)]]),
  ];
}

function servicesOf({ services, serviceCount }: Incident): string {
  const more = serviceCount - services.length;
  const names = services.map((service) => md(service, maxName)).join(", ") || "none named";
  return `${names}${more > 0 ? ` and ${more} more` : ""}`;
}

function span(to: Date, from: Date): string {
  return duration(to.getTime() - from.getTime());
}

function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function acknowledged(
  { toAcknowledgeMs, acknowledgedBy }: ReturnType<typeof timesOf>,
  name: (person: string) => string,
): string {
  if (toAcknowledgeMs === null) return "nobody acknowledged it";
  return `${duration(toAcknowledgeMs)}${acknowledgedBy === null ? "" : `, by ${name(acknowledgedBy)}`}`;
}

function resolved(incident: Incident, ms: number | null, name: (person: string) => string): string {
  if (ms === null || incident.resolvedAt === null) return "it is not resolved";
  const by = incident.resolvedBy ?? "tocsin";
  const who = by === "tocsin" ? "by itself" : `by ${name(by)}`;
  return `${duration(ms)}, ${who}, at ${moment(incident.resolvedAt)}`;
}

function claims(all: readonly Claim[]): string {
  return list(all.map(({ text, evidence: numbers }) => `${md(text, maxText)} ${cites(numbers)}`.trimEnd()));
}

/** Escaped, since bare brackets may be a link. */
function cites(numbers: readonly number[]): string {
  return numbers.map((number) => `\\[${number}\\]`).join("");
}

function causes({ explanation, evidence: facts, verdicts, nameOf }: PostmortemFacts): string {
  const ranked = explanation?.ranked ?? [];
  const answer = storedAnswer(explanation);
  const shown = ranked.slice(0, maxCauses);
  const said = ({ person, isRight }: Verdict, what: string) =>
    `${md(nameOf(person), maxName)} says that ${what} ${isRight ? "was" : "was not"} the cause`;
  const sections = shown.map((cause, index) => {
    const title = `### ${index + 1}. ${md(candidateName(cause, answer), maxName)}: ${Math.round(cause.confidence * 100)} %`;
    const own = verdicts.filter((verdict) => subjectOf(verdict) === subjectOf(cause));
    const basis = [restsOn(cause, facts), ...own.map((verdict) => said(verdict, "this"))];
    const terms = cause.terms.map(({ name, score, because }) => [
      signed(score),
      md(name, maxName),
      md(because, maxText),
    ]);
    return joined([
      title,
      list(basis.filter((part) => part !== "")),
      table(["log-odds", "term", "because"], terms),
    ]);
  });
  const others = verdicts.filter(
    (verdict) => !shown.some((cause) => subjectOf(cause) === subjectOf(verdict)),
  );
  const rest = ranked.length - shown.length;
  const lines = [
    ...others.map((verdict) => said(verdict, md(suspectName(verdict), maxName))),
    ...(rest > 0 ? [`${rest} less likely ones were considered too`] : []),
  ];
  const isOnly = answer?.kind === "not_enough" && answer.only !== null;
  const lead = isOnly ? [`${capital(md(answerName(answer), maxText))}. What was considered:`] : [];
  return joined([...lead, ...sections, list(lines)]);
}

/** Its change in words, and the numbers of what else speaks for it. */
function restsOn(cause: Cause, facts: readonly Evidence[]): string {
  const change = facts.find((fact) => cause.changeId !== null && partsOf(fact).changeId === cause.changeId);
  const what = change === undefined ? "" : `${md(change.text, maxText)} `;
  const numbers = evidenceFor(cause, facts);
  return numbers.length === 0 ? "" : `${what}${cites(numbers)}`;
}

function timeline({ timeline: entries, isTimelineCut, nameOf }: PostmortemFacts): string {
  const rows = entries.map(({ at, kind, actor, text }) => [
    moment(at),
    kind.replace("_", " "),
    actor === "tocsin" ? "Tocsin" : md(nameOf(actor), maxName),
    md(text, maxText),
  ]);
  const cut = isTimelineCut
    ? `The newest ${entries.length} lines; what came before them is left out.\n\n`
    : "";
  return `${cut}${table(["at", "what", "who", "text"], rows)}`;
}

function evidence({ evidence: facts }: PostmortemFacts): string {
  const rows = facts.map(({ number, kind, text, at }) => [
    `\\[${number}\\]`,
    kind,
    at === null ? "" : moment(at),
    md(text, maxText),
  ]);
  return table(["", "kind", "at", "fact"], rows);
}

/** The numbers in words; the pictures are in the thread. */
function metrics({ timeline: entries }: PostmortemFacts): string {
  const items = chartsOf(entries).map(
    ({ entry, chart }) =>
      `Chart metrics-${entry.id}.png, in the incident's thread since ${moment(entry.at)}: ${md(altOf(chart), 3_000)}`,
  );
  return list(items);
}

function alerts({ alerts: all, incident }: PostmortemFacts): string {
  const rows = all
    .slice(0, maxAlertsListed)
    .map((tracked) => [
      moment(tracked.alert.startsAt),
      endOf(tracked),
      tracked.alert.severity,
      md(tracked.alert.name, maxName),
      md(tracked.alert.service ?? "", maxName),
      md(tracked.alert.summary === tracked.alert.name ? "" : tracked.alert.summary, maxText),
    ]);
  const isCut = rows.length > 0 && incident.alertCount > rows.length;
  const more = isCut ? `\n\nThe earliest ${rows.length} of ${incident.alertCount}.` : "";
  return `${table(["began", "ended", "severity", "alert", "service", "summary"], rows)}${more}`;
}

function endOf({ endedBy, alert }: TrackedAlert): string {
  if (endedBy === null || alert.endsAt === null) return "fires";
  return `${moment(alert.endsAt)}${endedBy === "timeout" ? " (not heard of any more)" : ""}`;
}

function rollouts({ rollouts: all, nameOf }: PostmortemFacts): string {
  const rows = all.map((rollout) => [
    String(rollout.id),
    md(planTitle(rollout.plan), maxText),
    rollout.state,
    `${md(nameOf(rollout.requestedBy), maxName)}, ${moment(rollout.requestedAt)}`,
    ran(rollout),
    md(rollout.result ?? rollout.plan.reason, maxText),
  ]);
  return table(["rollout", "what", "state", "asked for by", "ran", "result or reason"], rows);
}

function ran({ startedAt, finishedAt }: Rollout): string {
  if (startedAt === null) return "never started";
  if (finishedAt === null) return `since ${moment(startedAt)}`;
  return `${moment(startedAt)}, for ${span(finishedAt, startedAt)}`;
}

function people(facts: PostmortemFacts): string {
  return list(
    peopleIn(facts).map(({ name, did }) => {
      const parts = did.map(({ what, at }) => {
        const first = at[0] === undefined ? "" : moment(at[0]);
        return at.length === 1 ? `${what} (${first})` : `${what} ${at.length} times (first ${first})`;
      });
      return `${md(name, maxName)}: ${parts.join("; ")}`;
    }),
  );
}

function relations({ incident, children, alerts: all, timeline: entries }: PostmortemFacts): string {
  const numbers = (ids: readonly number[]) => ids.map((id) => `incident ${id}`).join(", ");
  const muted = all.flatMap(({ alert, mutedBy }) =>
    mutedBy === null ? [] : [`${md(alert.name, maxName)} is muted: ${md(mutedBy.because, maxText)}`],
  );
  const told = entries
    .filter(({ kind }) => kind === "muted" || kind === "unmuted" || kind === "merged" || kind === "split")
    .map(({ at, text }) => `${moment(at)}: ${md(text, maxText)}`);
  return list([
    ...(incident.mergedInto === null ? [] : [`Merged into incident ${incident.mergedInto}.`]),
    ...(incident.parentId === null ? [] : [`Split from incident ${incident.parentId}.`]),
    ...(children.length === 0 ? [] : [`Split into ${numbers(children)}.`]),
    ...(incident.related.length === 0 ? [] : [`Related to ${numbers(incident.related)}.`]),
    ...told,
    ...muted.slice(0, maxAlertsListed),
    ...(muted.length > maxAlertsListed ? [`${muted.length - maxAlertsListed} more are muted.`] : []),
  ]);
}
