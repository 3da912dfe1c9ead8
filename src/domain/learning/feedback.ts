/**
 * What people say of the bot's groupings and causes: labelled data, kept for ever and in the order in which it was
 * said. What stands of it is the last word of each person on each incident.
 */
import { createHash } from "node:crypto";
import type { Cause, CauseQuestion } from "../clustering/correlation.ts";
import { oneLine } from "../view.ts";

export const feedbackKinds = ["right_cause", "wrong_cause", "merge", "split", "move"] as const;
export type FeedbackKind = (typeof feedbackKinds)[number];

export interface Feedback {
  readonly kind: FeedbackKind;
  readonly incidentId: number;
  /** Of a cause "service:NAME", "change:ID" or "change:none"; of a grouping the incident on the other side, "incident:13". */
  readonly subject: string;
  /** Person id. */
  readonly person: string;
  readonly at: Date;
  /** A {@link Suspect} with what else was known of a cause; keys of alerts of a grouping. JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is blamed: a service, a change, or a service because of a change. */
export interface Suspect {
  readonly service: string | null;
  /** "none" says that no change is to blame. */
  readonly changeId: string | null;
  /** deploy, config, flag, commit, infra or rollout; null without a change, or when it is not known any more. */
  readonly changeKind: string | null;
}

/** What somebody says of one suspect of one incident. */
export interface Verdict extends Suspect {
  readonly isRight: boolean;
  readonly person: string;
  readonly at: Date;
}

/** Change id that stands for "no change". */
export const noChange = "none";

/** Of all that is known of a suspect, what its feedback is kept under. */
export function subjectOf({ service, changeId }: Pick<Suspect, "service" | "changeId">): string {
  return changeId === null ? `service:${service ?? ""}` : `change:${changeId}`;
}

/** The suspect that a row is about; null for groupings. */
export function suspectOf(said: Pick<Feedback, "kind" | "subject" | "data">): Suspect | null {
  if (said.kind !== "right_cause" && said.kind !== "wrong_cause") return null;
  const [, type, name = ""] = /^(service|change):(.*)$/s.exec(said.subject) ?? [];
  if (type === undefined || name === "") return null;
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  return {
    service: type === "service" ? name : text(said.data["service"]),
    changeId: type === "change" ? name : null,
    changeKind: text(said.data["changeKind"]),
  };
}

/**
 * A suspect in 8 hex characters: what a button says of the one that it was made for, however the ranking goes on. Short
 * enough for every platform, which a change's id need not be.
 */
export function suspectMark({ service, changeId }: Pick<Suspect, "service" | "changeId">): string {
  return createHash("sha256")
    .update(JSON.stringify([service, changeId]))
    .digest("hex")
    .slice(0, 8);
}

/** The suspect that a card shows first: ours, or that of a model which gave evidence for another order. */
export function firstSuspect(
  explanation: { readonly ranked: readonly Cause[]; readonly modelOrder: readonly number[] | null } | null,
): Cause | undefined {
  return explanation?.ranked[(explanation.modelOrder?.[0] ?? 1) - 1];
}

/** True for an answer that blames somebody or something. */
export function blames(cause: Pick<Suspect, "service" | "changeId"> | undefined): boolean {
  return cause !== undefined && (cause.service !== null || cause.changeId !== null);
}

/** "checkout", "change d-41 on checkout", "rollout 7 on checkout", "no change". Untrusted text. */
export function suspectName({ service, changeId }: Pick<Suspect, "service" | "changeId">): string {
  if (changeId === noChange) return "no change";
  if (changeId === null) return oneLine(service ?? "nothing", 120);
  const rollout = rolloutOf(changeId);
  const what = rollout === null ? `change ${changeId}` : `rollout ${rollout}`;
  return oneLine(`${what}${service === null ? "" : ` on ${service}`}`, 200);
}

/** Number of our rollout that a change is; null for changes of others. */
export function rolloutOf(changeId: string): number | null {
  const number = /^rollout:(\d{1,9}):/.exec(changeId)?.[1];
  return number === undefined ? null : Number(number);
}

/**
 * What stands of what was said about the cause of one incident. A person confirms one cause at most, the last; and of
 * each suspect the last word of a person counts.
 * @param said - of this incident, in the order in which it was said.
 */
export function standingVerdicts(said: readonly Feedback[]): readonly Verdict[] {
  const standing: Verdict[] = [];
  for (const row of said) {
    const suspect = suspectOf(row);
    if (suspect === null) continue;
    const isRight = row.kind === "right_cause";
    const subject = subjectOf(suspect);
    for (let index = standing.length - 1; index >= 0; index -= 1) {
      const earlier = standing[index];
      if (earlier?.person !== row.person) continue;
      if (subjectOf(earlier) === subject || (isRight && earlier.isRight)) standing.splice(index, 1);
    }
    standing.push({ ...suspect, isRight, person: row.person, at: row.at });
  }
  return standing;
}

/**
 * What stands of what was said, by incident; of incidents of which nobody said anything there is nothing.
 * @param feedback - in the order in which it was said.
 */
export function standingByIncident(feedback: readonly Feedback[]): ReadonlyMap<number, readonly Verdict[]> {
  const byIncident = new Map<number, Feedback[]>();
  for (const said of feedback) {
    const rows = byIncident.get(said.incidentId);
    if (rows === undefined) byIncident.set(said.incidentId, [said]);
    else rows.push(said);
  }
  return new Map([...byIncident].map(([incidentId, rows]) => [incidentId, standingVerdicts(rows)]));
}

/**
 * Votes by what they are for: "service:NAME", "change:ID", and "kind:KIND" for kinds of changes. One vote of each
 * person and incident for each of them.
 * @param feedback - in the order in which it was said.
 */
export function countFeedback(feedback: readonly Feedback[]): CauseQuestion["feedback"] {
  const votes = new Map<string, { right: number; wrong: number }>();
  for (const verdicts of standingByIncident(feedback).values())
    for (const ballot of ballotsOf(verdicts).values())
      for (const [subject, isRight] of ballot) {
        const count = votes.get(subject) ?? { right: 0, wrong: 0 };
        count[isRight ? "right" : "wrong"] += 1;
        votes.set(subject, count);
      }
  return votes;
}

/** By person, what they vote for. Whoever confirms a service and refuses a change there does not refuse the service. */
function ballotsOf(verdicts: readonly Verdict[]): Map<string, Map<string, boolean>> {
  const ballots = new Map<string, Map<string, boolean>>();
  for (const verdict of [...verdicts].sort((a, b) => Number(a.isRight) - Number(b.isRight))) {
    const ballot = ballots.get(verdict.person) ?? new Map<string, boolean>();
    ballots.set(verdict.person, ballot);
    if (verdict.service !== null) ballot.set(`service:${verdict.service}`, verdict.isRight);
    if (verdict.changeId !== null && verdict.changeId !== noChange)
      ballot.set(`change:${verdict.changeId}`, verdict.isRight);
    if (verdict.changeKind !== null) ballot.set(`kind:${verdict.changeKind}`, verdict.isRight);
  }
  return ballots;
}

/** How much more likely a cause is once somebody who knows the incident names it: log-odds of 95 %. */
const verdictLogOdds = Math.log(0.95 / 0.05);
/** Nothing that somebody names was quite impossible before. */
const leastShare = 1e-9;

/**
 * The ranking of an incident after what people said of this very incident: their word is one more term of the score,
 * and moves the confidence as evidence of that strength does. What somebody names is a candidate, also where the ranking
 * found nothing that points at it, and goes first while nobody refuses it or names another.
 * @param causes - best first; their confidences need not sum to 1.
 * @param nameOf - person id to name.
 */
export function heedVerdicts(
  causes: readonly Cause[],
  verdicts: readonly Verdict[],
  nameOf: (person: string) => string,
): readonly Cause[] {
  if (verdicts.length === 0) return causes;
  const candidates = withStated(causes, verdicts);
  const weights = verdicts.map((verdict) => weightOf(verdict, verdicts, candidates));
  const heeded = candidates.map((cause) => {
    const terms = verdicts.flatMap((verdict, index) => {
      const agrees = agreement(cause, verdict);
      if (agrees === null) return [];
      const because = `${oneLine(nameOf(verdict.person), 60)} says that ${suspectName(verdict)} was ${verdict.isRight ? "" : "not "}the cause`;
      return [{ name: "verdict", score: (agrees ? 1 : -1) * (weights[index] ?? 0), because }];
    });
    const extra = terms.reduce((sum, term) => sum + term.score, 0);
    return { cause, terms, extra };
  });
  const odds = heeded.map(({ cause, extra }) => cause.confidence * Math.exp(extra));
  // What the list leaves out is neither confirmed nor refused.
  const total = odds.reduce((sum, value) => sum + value, restOf(candidates));
  return heeded
    .map(({ cause, terms, extra }, index): Cause => {
      const confidence = total === 0 ? 0 : (odds[index] ?? 0) / total;
      return { ...cause, confidence, score: cause.score + extra, terms: [...cause.terms, ...terms] };
    })
    .sort((a, b) => b.confidence - a.confidence);
}

/** The causes, and those that people name beside them, which share with the unknown what the list leaves out. */
function withStated(causes: readonly Cause[], verdicts: readonly Verdict[]): readonly Cause[] {
  const stated = new Map<string, Pick<Suspect, "service" | "changeId">>();
  for (const verdict of verdicts) {
    if (!verdict.isRight || causes.some((cause) => agreement(cause, verdict) !== null)) continue;
    const { service, changeId } = verdict;
    stated.set(subjectOf(verdict), { service, changeId: changeId === noChange ? null : changeId });
  }
  const confidence = Math.max(leastShare, restOf(causes) / (stated.size + 1));
  return [...causes, ...[...stated.values()].map((one) => ({ ...one, confidence, score: 0, terms: [] }))];
}

function restOf(causes: readonly Cause[]): number {
  return Math.max(
    0,
    causes.reduce((rest, { confidence }) => rest - confidence, 1),
  );
}

/**
 * Log-odds of a word. The first who names what nobody refuses has seen what no alert told: to them it is as likely as
 * all else together, however unlikely the ranking holds it, and their word comes on top of that.
 */
function weightOf(verdict: Verdict, verdicts: readonly Verdict[], candidates: readonly Cause[]): number {
  const first = verdicts.find((one) => one.isRight && subjectOf(one) === subjectOf(verdict));
  const about = candidates.filter((cause) => agreement(cause, verdict) !== null);
  const isRefused = verdicts.some((one) => about.every((cause) => agreement(cause, one) === false));
  if (first !== verdict || isRefused) return verdictLogOdds;
  const share = about.reduce((sum, { confidence }) => sum + confidence, 0);
  return verdictLogOdds - Math.log(Math.min(1, Math.max(leastShare, share)));
}

/** True when the verdict speaks for the cause, false against it, null when it is about something else. */
function agreement(cause: Cause, verdict: Verdict): boolean | null {
  const { service, changeId, isRight } = verdict;
  if (changeId === noChange) return (cause.changeId === null) === isRight ? isRight : null;
  if (changeId !== null) return cause.changeId === changeId ? isRight : null;
  return cause.service === service ? isRight : null;
}
