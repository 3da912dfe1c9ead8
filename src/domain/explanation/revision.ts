/** When an explanation is made anew, when that is worth showing, and what the thread says of it. */
import { createHash } from "node:crypto";
import { worstSeverity } from "../alert.ts";
import type { Cause } from "../clustering/correlation.ts";
import type { Answer, Explanation, ExplanationDraft, ExplanationQuestion, Material } from "../explanation.ts";
import { oneLine } from "../view.ts";
import { actionsOf } from "./actions.ts";
import { firstFacts } from "./evidence.ts";
import { answerName, firstAnswer, noAnswer, witnessesAmong } from "./first-answer.ts";
import { reasonsAgainst, reasonsFor } from "./reasons.ts";
import { unlistedInTrouble, whomOf } from "./whom.ts";
import {
  groundsOf,
  isNamed,
  likelihoodOf,
  percent,
  steadyLikelihood,
  suspectName,
  suspectPhrase,
} from "./wording.ts";

/** Causes that are stored with their terms. */
const rankedKept = 5;

/** A cause by its service and change, or {@link noAnswer}. */
export function causeIdentity(cause: Cause | undefined): string {
  return isNamed(cause) ? JSON.stringify([cause.service, cause.changeId]) : noAnswer;
}

/** True for one answer to "what caused it": a change is the same one in whatever service it is felt. */
function isSameAnswer(a: Answer, b: Answer): boolean {
  if (a.cause === b.cause) return true;
  const [one, other] = [changeIn(a), changeIn(b)];
  return one !== null && one === other;
}

/** The change in a {@link causeIdentity}. */
function changeIn({ cause }: Answer): string | null {
  const [, changeId]: readonly unknown[] = cause === noAnswer ? [] : JSON.parse(cause);
  return typeof changeId === "string" ? changeId : null;
}

/**
 * What the text depends on now; `before` steadies what would tremble.
 * @param departed - numbers of facts that the question lacks because their alerts left.
 */
export function materialOf(
  question: ExplanationQuestion,
  before: Material | null,
  departed: readonly number[] = [],
): Material {
  const { incident, evidence, undo } = question;
  const whom = whomOf(question);
  const unlisted = unlistedInTrouble(incident);
  const severities = before === null ? [incident.severity] : [incident.severity, before.severity];
  return {
    answer: answerOf(question, before?.answer ?? null),
    services: [...incident.services].sort(),
    ...(unlisted === null ? {} : { unlisted }),
    severity: worstSeverity(severities),
    facts: evidence.filter((fact) => fact.kind !== "alert").map((fact) => fact.number),
    ...(whom === null ? {} : { whom: whom.text }),
    ...(departed.length === 0 ? {} : { departed }),
    startedAt: incident.startedAt.toISOString(),
    isOver: incident.state === "resolved",
    reopenedCount: incident.reopenedCount,
    undo: undo.map((way) => way.command),
  };
}

function answerOf(question: ExplanationQuestion, before: Answer | null): Answer {
  const first = question.causes[0];
  const ours = firstAnswer(first, witnessesAmong(question.evidence));
  const suspect = ours.kind === "not_enough" ? undefined : ours.cause;
  const confidence = first?.confidence ?? 0;
  const name = suspect === undefined ? "" : suspectName(suspect, question);
  const answer = { cause: causeIdentity(suspect), name, likelihood: likelihoodOf(confidence) };
  if (before === null || !isSameAnswer(before, answer)) return answer;
  return { ...answer, likelihood: steadyLikelihood(confidence, before.likelihood) };
}

/** Short and the same for the same material. */
export function basisOf({ answer, ...rest }: Material): string {
  const parts = [answer.cause, answer.likelihood, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/**
 * The explanation by the template. While the first cause is the one that a model's stored text explains, that text
 * stands on, with ranking and actions brought up to date.
 */
export function withTemplate(
  question: ExplanationQuestion,
  made: {
    /** What the template wrote. */
    readonly draft: ExplanationDraft;
    readonly stored: Explanation | null;
    readonly material: Material;
    readonly at: Date;
  },
): Explanation {
  const { stored, draft, material } = made;
  const base = {
    incidentId: question.incident.id,
    revision: question.incident.revision,
    ranked: question.causes.slice(0, rankedKept),
    material,
    basis: basisOf(material),
    // The card that a first explanation comes with tells it.
    told: stored?.told ?? material.answer,
    asked: stored?.asked ?? null,
    at: made.at,
  };
  if (stored === null || !standsOn(stored, question))
    return { ...base, ...textOf(draft), modelOrder: null, explainer: "template", fallback: null };
  const { summary, causes, explainer, fallback, modelOrder } = stored;
  return { ...base, summary, causes, actions: actionsOf(question), explainer, fallback, modelOrder };
}

function textOf({ summary, causes, actions }: ExplanationDraft) {
  return { summary, causes, actions };
}

/**
 * A model's text outlives new facts as long as what it explains is first, the order it argues for is of the same causes,
 * and all that it cites is still of this incident.
 */
function standsOn(stored: Explanation, question: ExplanationQuestion): boolean {
  if (stored.explainer === "template" || stored.material.isOver !== (question.incident.state === "resolved"))
    return false;
  const citable = new Set(question.evidence.map(({ number }) => number));
  const cited = [...stored.summary, ...stored.causes].flatMap((claim) => claim.evidence);
  if (!cited.every((number) => citable.has(number))) return false;
  const kept = stored.modelOrder === null ? 1 : rankedKept;
  return stored.ranked
    .slice(0, kept)
    .every((cause, index) => causeIdentity(cause) === causeIdentity(question.causes[index]));
}

/** True when a card would read differently. */
export function isShownDifferently(stored: Explanation | null, next: Explanation): boolean {
  if (stored === null) return true;
  const shown = ({ summary, causes, actions, fallback, ranked }: Explanation) =>
    JSON.stringify([
      ...[summary, causes, actions].map((claims) =>
        claims.map((claim) => [claim.text, claim.evidence, claim.command ?? null]),
      ),
      fallback,
      causeIdentity(ranked[0]),
    ]);
  return shown(stored) !== shown(next);
}

/** True when the thread should hear that the answer is another one. */
export function isNews(told: Answer, answer: Answer): boolean {
  return !isSameAnswer(told, answer) || (answer.cause !== noAnswer && told.likelihood !== answer.likelihood);
}

export interface News {
  readonly text: string;
  readonly evidence: readonly number[];
  /** Something is suspected that was not before. */
  readonly isNewCause: boolean;
}

/** What the thread says when the answer is another one: what is suspected now, what no longer, and why. */
export function newsOf(told: Answer, answer: Answer, question: ExplanationQuestion): News | null {
  if (!isNews(told, answer)) return null;
  const now = firstAnswer(question.causes[0], witnessesAmong(question.evidence));
  if (now.kind === "not_enough")
    return {
      text: `No longer suspects ${told.name}: ${now.only === null ? "no cause stands out" : answerName(now)}.`,
      evidence: firstFacts(question.evidence, 2),
      isNewCause: false,
    };
  const first = now.cause;
  const isOther = !isSameAnswer(told, answer);
  const isSurer = !isOther && isAbove(answer, told);
  const [because] =
    isOther || isSurer
      ? reasonsFor(first, question.evidence, 1)
      : reasonsAgainst(first, question.evidence, 1);
  const why = because === undefined ? "" : isOther || isSurer ? `, because ${because}` : `: ${because}`;
  return {
    text: oneLine(
      `${isOther ? leadOf(told, answer, suspectPhrase(first, question)) : degreeOf(answer, isSurer)} (${percent(first.confidence)})${why}.`,
      400,
    ),
    evidence: groundsOf(first, question.evidence).slice(0, 5),
    isNewCause: isOther,
  };
}

function degreeOf({ name }: Answer, isSurer: boolean): string {
  return `${isSurer ? "More" : "Less"} certain now of ${name}`;
}

/** @param inFull - tells two changes apart that are called alike. */
function leadOf(told: Answer, answer: Answer, inFull: string): string {
  if (told.cause === noAnswer) return `Now suspects ${answer.name}`;
  if (told.name === answer.name) return `Now suspects another change: ${inFull}`;
  return `Now suspects ${answer.name} instead of ${told.name}`;
}

const scale = ["weak suspicion", "possibly", "probably", "most likely"];

function isAbove(answer: Answer, told: Answer): boolean {
  return scale.indexOf(answer.likelihood) > scale.indexOf(told.likelihood);
}
