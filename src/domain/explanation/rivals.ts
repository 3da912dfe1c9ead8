/**
 * What else may have caused it: the strongest rivals of a suspect, and what is to be thought of the changes that were
 * reported. A change is one candidate in whatever services it is felt, so that its shares add up.
 */
import type { Cause } from "../clustering/correlation.ts";
import type { Claim, ExplanationQuestion } from "../explanation.ts";
import { duration } from "../view.ts";
import { evidenceFor, partsOf } from "./evidence.ts";
import { whyNotThisChange } from "./reasons.ts";
import { changeInWords, clockSlackMs, isNamed, nameOf, percent, weighedName } from "./wording.ts";

/** Share below which a candidate is not worth a word. */
export const worthNaming = 0.1;
/** Rivals of the same share that are named. */
const maxTied = 3;
/** A share that would read as 0 %. */
const asGoodAsNone = 0.025;

/** A change, or a service without a change. */
export interface Candidate {
  /** The likeliest of the causes that it stands for. */
  readonly cause: Cause;
  /** Their confidences together, 0 to 1. */
  readonly share: number;
}

/** All that are named, the likeliest first. */
export function candidatesAmong(causes: readonly Cause[]): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const cause of causes.filter(isNamed)) {
    const known = found.get(identityOf(cause));
    found.set(identityOf(cause), {
      cause: known?.cause ?? cause,
      share: (known?.share ?? 0) + cause.confidence,
    });
  }
  return [...found.values()].toSorted((a, b) => b.share - a.share);
}

function identityOf({ service, changeId }: Cause): string {
  return changeId === null ? `service ${service}` : `change ${changeId}`;
}

/** True when a change is likely enough to be named, be it the suspect or a rival of it. */
export function isAnyChangeLikely({ causes }: Pick<ExplanationQuestion, "causes">): boolean {
  return candidatesAmong(causes).some(({ cause, share }) => cause.changeId !== null && share >= worthNaming);
}

/** The strongest rivals of what is suspected; and the likeliest change, where no change is suspected. */
export function rivalsOf(suspect: Candidate, question: ExplanationQuestion): readonly Claim[] {
  const others = candidatesAmong(question.causes).filter(
    ({ cause, share }) => share >= worthNaming && identityOf(cause) !== identityOf(suspect.cause),
  );
  const change =
    suspect.cause.changeId === null ? others.find(({ cause }) => cause.changeId !== null) : undefined;
  // None of those that tie is left out for its name.
  const first = others.filter(
    ({ share }, index) => index === 0 || percent(share) === percent(others[0]?.share ?? 0),
  );
  const named = new Set([...first.slice(0, maxTied), ...(change === undefined ? [] : [change])]);
  const byWord = new Map<string, Claim>();
  for (const rival of named) {
    const cited = evidenceFor(rival.cause, question.evidence).slice(0, named.size > 1 ? 1 : 3);
    if (cited.length === 0) continue;
    const word = comparedWith(suspect, rival);
    const before = byWord.get(word);
    byWord.set(word, {
      text: `${before === undefined ? `${word}: ` : `${before.text}; `}${rivalName(rival, suspect, question)}`,
      evidence: [...new Set([...(before?.evidence ?? []), ...cited])],
    });
  }
  return [...byWord.values()].map(({ text, evidence }) => ({ text: `${text}.`, evidence }));
}

/** In the steps that are shown, so that the word goes with the numbers beside it. */
function comparedWith(suspect: Candidate, rival: Candidate): string {
  const [first = 0, second = 0] = [suspect, rival].map(({ share }) => Number.parseInt(percent(share), 10));
  if (second > first) return "More likely, taken over all services";
  if (second === first) return "Just as likely";
  return first - second <= 5 ? "Almost as likely" : "Less likely";
}

function rivalName({ cause, share }: Candidate, suspect: Candidate, question: ExplanationQuestion): string {
  const isSame = cause.changeId === null && cause.service === suspect.cause.service;
  return isSame
    ? `${nameOf(cause.service ?? "")} by itself, without a change (${percent(share)})`
    : weighedName(cause, share, question);
}

/** What is to be said of the changes that were reported, where none is likely enough to be named; no whole sentence. */
export function changesSeen(question: ExplanationQuestion): Claim {
  const { causes, evidence } = question;
  const seen = evidence.filter((fact) => partsOf(fact).changeId !== null);
  const [only] = seen;
  if (only === undefined) return { text: "no change was reported around the start", evidence: [] };
  const ids = new Set(seen.map((fact) => partsOf(fact).changeId));
  const blamed = causes.filter(({ changeId }) => changeId !== null && ids.has(changeId));
  const share = blamed.reduce((sum, { confidence }) => sum + confidence, 0);
  const cited = seen.slice(0, 3).map((fact) => fact.number);
  if (seen.length > 1) {
    const together = share < asGoodAsNone ? "" : ` (${percent(share)} together)`;
    const text = `none of the ${seen.length} changes reported around the start is a likely cause${together}`;
    return { text, evidence: cited };
  }
  const [likeliest] = blamed;
  const why = likeliest === undefined ? whyNotAt(only.at, question) : whyNotThisChange(likeliest, evidence);
  const because = why === undefined ? "" : `: ${why}`;
  const name = `the one change reported around the start, ${changeInWords(only, question)},`;
  return { text: `${name} ${fitOf(share, why)}${because}`, evidence: cited };
}

/** That something does not fit is said only with what it is. */
function fitOf(share: number, why: string | undefined): string {
  if (share >= asGoodAsNone) return `is not a likely cause (${percent(share)})`;
  return why === undefined ? "is not a likely cause" : "does not fit";
}

/** Of a change that no ranked cause blames. What came back began anew at another time, which is not known here. */
function whyNotAt(at: Date | null, { incident }: ExplanationQuestion): string | undefined {
  const ms = at === null ? 0 : at.getTime() - incident.startedAt.getTime();
  if (ms <= clockSlackMs || incident.reopenedCount > 0) return undefined;
  return `it came ${duration(ms)} after the first alert`;
}
