/** Which terms of a ranking are worth a word, and how they are said. */
import type { Cause, CauseTerm } from "../clustering/correlation.ts";
import type { Evidence } from "../explanation.ts";
import { partsOf } from "./evidence.ts";
import { forPrompt } from "./model-text.ts";
import { changeOf, nameOf, openEnded } from "./wording.ts";

/** Log-odds below which a term is not worth a word. */
const tellingScore = 0.2;
/** Terms that a sentence about a suspected change says anyway: what it is, when it came, that it was changed. */
const saidOfChange = /^(?:change:)?(?:is:.*|recent|instant|age|after|lag|changed)$/;
/** That a kind of alert is a weak or a strong sign in general is the ranking's business, and no news to a reader. */
const generic = /^(?:kind:.*|(?:change:)?is:.*|count|elsewhere)$/;
/** What reads as speaking for a suspect, also where the fitted weight of it is a little below none. */
const favourable =
  /^(?:change:)?(?:first|explains|covers|blamed\w*|size:.*|onAlerting|near|calledBy|text|names|recent|changed|confirmed)$/;
const maxReason = 160;

/** The strongest reasons for a suspect, each once. */
export function reasonsFor(cause: Cause, evidence: readonly Evidence[], max: number): readonly string[] {
  const change = changeOf(cause, evidence);
  const terms = cause.terms.filter(
    (term) => term.score >= tellingScore && !(change !== undefined && saidOfChange.test(term.name)),
  );
  return phrases(
    terms.toSorted((a, b) => b.score - a.score),
    subjectOf(cause, evidence),
  ).slice(0, max);
}

/** The strongest reasons against a suspect, each once. */
export function reasonsAgainst(cause: Cause, evidence: readonly Evidence[], max: number): readonly string[] {
  // That a change had run for minutes says little against one whose timing speaks for it.
  const isTimely = cause.terms.some((term) => /recent$/.test(term.name) && term.score >= tellingScore);
  const terms = cause.terms.filter(
    ({ name, score }) => score <= -tellingScore && !favourable.test(name) && !(isTimely && /age$/.test(name)),
  );
  return phrases(
    terms.toSorted((a, b) => a.score - b.score),
    subjectOf(cause, evidence),
  ).slice(0, max);
}

/** What the sentence around the reasons is about. */
interface Subject {
  /** What to call the suspected service: its name where the sentence speaks of a change of it. */
  readonly it: string;
  readonly isAlerting: boolean;
  /** What the blamed change is called; empty without one. */
  readonly title: string;
}

function subjectOf(cause: Cause, evidence: readonly Evidence[]): Subject {
  const change = changeOf(cause, evidence);
  const isAlerting = evidence.some(
    (fact) => fact.kind === "alert" && partsOf(fact).service === cause.service,
  );
  if (change === undefined) return { it: "it", isAlerting, title: "" };
  return { it: nameOf(cause.service ?? "it"), isAlerting, title: partsOf(change).quote };
}

function phrases(terms: readonly CauseTerm[], subject: Subject): readonly string[] {
  const said = terms
    .filter((term) => !generic.test(term.name))
    .map((term) => plainly(openEnded(forPrompt(term.because, maxReason)), subject))
    .map((because) => withoutTitle(because, subject.title))
    .filter((because) => because !== "");
  return [...new Set(said)];
}

/** The sentence has said what the change is called. */
function withoutTitle(because: string, title: string): string {
  if (title === "") return because;
  return because.replace(/^[a-z]+ "/, '"').replace(`"${title}"`, "it");
}

/** How the ranking words its terms, which `/why` lists, and how they read within a sentence about their suspect. */
const rewordings: readonly (readonly [RegExp, (subject: Subject, ...groups: readonly string[]) => string])[] =
  [
    [
      /^(\d+) of (\d+) alerting services depend on .+ or are it$/,
      ({ it, isAlerting }, covered, all) => coverage(it, Number(covered), Number(all), isAlerting ? 1 : 0),
    ],
    [
      /^(\d+) callers? of .+ (?:is|are) alerting$/,
      ({ it }, count) => `${counted(count, "caller")} of ${it} ${are(count)} alerting`,
    ],
    [/^.+ was among the first to alert$/, ({ it }) => `${it} was among the first to alert`],
    [/^.+ has no alert of its own$/, ({ it }) => `${it} has no alert of its own`],
    [
      /^named by (\d+) alerts? of others$/,
      ({ it }, count) =>
        `${counted(count, "alert")} of other services ${count === "1" ? "names" : "name"} ${it}`,
    ],
    [/^(.+ calls .+, .+), which is alerting too$/, (_subject, calls) => `${calls}, which are alerting too`],
    [
      /^people confirmed .+ as the cause (once|\d+ times)( and refused it (?:once|\d+ times))?$/,
      ({ it }, right, wrong) => `people have confirmed ${it} as a cause ${right}${wrong ?? ""}`,
    ],
    [
      /^people refused .+ (once|\d+ times)$/,
      ({ it }, wrong) => `people have refused ${it} as a cause ${wrong}`,
    ],
  ];

/** Of the alerting services other than the suspect, how many depend on it; empty when that says nothing. */
function coverage(it: string, covered: number, all: number, own: number): string {
  const [some, others] = [covered - own, all - own];
  if (some <= 0) return "";
  if (some < others)
    return `${some} of ${others} ${own === 1 ? "other " : ""}alerting services depend on ${it}`;
  return `everything ${own === 1 ? "else " : ""}that alerts depends on ${it}`;
}

function counted(count: string | undefined, noun: string): string {
  return `${count ?? 0} ${noun}${count === "1" ? "" : "s"}`;
}

function are(count: string | undefined): string {
  return count === "1" ? "is" : "are";
}

function plainly(because: string, subject: Subject): string {
  for (const [pattern, reword] of rewordings) {
    const match = pattern.exec(because);
    if (match !== null) return reword(subject, ...match.slice(1));
  }
  return because;
}
