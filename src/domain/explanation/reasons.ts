/** Which terms of a ranking are worth a word, and how they are said. */
import type { Cause, CauseTerm } from "../clustering/correlation.ts";
import type { Evidence } from "../explanation.ts";
import { forPeople } from "../text/for-people.ts";
import { shorten } from "../view.ts";
import { partsOf } from "./evidence.ts";
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
/** So much of a reason is looked at for a place to cut. */
const maxLooked = 500;

/** The strongest reasons for a suspect, each once. */
export function reasonsFor(cause: Cause, evidence: readonly Evidence[], max: number): readonly string[] {
  const change = changeOf(cause, evidence);
  const terms = cause.terms.filter(
    (term) => term.score >= tellingScore && !(change !== undefined && saidOfChange.test(term.name)),
  );
  const sorted = terms.toSorted((a, b) => b.score - a.score);
  const subject = subjectOf(cause, evidence);
  const said = phrases(sorted, subject);
  return (said.length > 0 ? said : lastResorts(sorted, subject)).slice(0, max);
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

/** What rules a change out by itself, whatever service it is blamed for. */
const rulesOut = /^(?:change:(?:after|age|far|cosmetic|inert|undeployed)|silent)$/;

/** Why the change that a cause blames is unlikely; undefined when the ranking gives no reason of its own. */
export function whyNotThisChange(cause: Cause, evidence: readonly Evidence[]): string | undefined {
  const terms = cause.terms.filter(({ name }) => rulesOut.test(name) || /recent$/.test(name));
  return reasonsAgainst({ ...cause, terms }, evidence, 1)[0];
}

/** What people say of a suspect of this very incident: log-odds in sum, and the first word for it, or else empty. */
export function wordOfPeople({ terms }: Cause): { readonly score: number; readonly text: string } {
  const words = terms.filter(({ name }) => name === "verdict");
  const said = words.find(({ score }) => score > 0);
  return {
    score: words.reduce((sum, { score }) => sum + score, 0),
    text: said === undefined ? "" : openEnded(forPeople(said.because, maxReason)),
  };
}

/** What the sentence around the reasons is about. */
interface Subject {
  /** Name of the suspected service; empty without one. */
  readonly service: string;
  /** What to call the suspected service: its name where the sentence speaks of a change of it. */
  readonly it: string;
  readonly isAlerting: boolean;
  /** That a change is blamed, whose name the sentence has said. */
  readonly isChange: boolean;
}

function subjectOf(cause: Cause, evidence: readonly Evidence[]): Subject {
  const change = changeOf(cause, evidence);
  const isAlerting = evidence.some(
    (fact) => fact.kind === "alert" && partsOf(fact).service === cause.service,
  );
  const service = nameOf(cause.service ?? "");
  if (change === undefined) return { service, it: "it", isAlerting, isChange: false };
  return { service, it: service === "" ? "it" : service, isAlerting, isChange: true };
}

function phrases(terms: readonly CauseTerm[], subject: Subject): readonly string[] {
  const said = terms
    .filter((term) => !generic.test(term.name))
    .map(({ because }) => (subject.isChange ? withoutTitle(because) : because))
    .map((because) => plainly(openEnded(forPeople(because, maxLooked)), subject))
    .map((because) => shorten(because, maxReason))
    .filter((because) => because !== "");
  return [...new Set(said)];
}

/** What alerts of a kind say of the service that has them. */
const kindsInWords: Readonly<Record<string, string>> = {
  crash: "is down or restarting",
  error: "is failing",
  latency: "is slow",
  log: "reports failures in its logs",
  net: "has trouble with its network",
  resource: "is short of a resource",
  slo: "misses its objective",
  traffic: "has unusual traffic",
};

/** Where nothing else speaks for a suspect: what its alerts are like, or that there are several. */
function lastResorts(terms: readonly CauseTerm[], { it }: Subject): readonly string[] {
  return terms.flatMap(({ name }) => {
    const state = kindsInWords[name.replace(/^kind:/, "")];
    if (name.startsWith("kind:") && state !== undefined)
      return [`${it} ${state}, and the trouble of others usually follows from that`];
    return name === "count" ? [`${it} has more than one alert`] : [];
  });
}

/** Where the ranking calls a change by its kind and title; up to the last mark, since titles have quotes of their own. */
const titles: readonly (readonly [RegExp, string])[] = [
  [/^[a-z]+ ".*"(?= (?:came|had|says|touches|speaks|switched|names) )/s, "it"],
  [/^no deploy carries [a-z]+ ".*"$/s, "no deploy carries it"],
  [/^people (confirmed|refused) ".*"(?= )/s, "people $1 it"],
];

/** The sentence has said what the change is called. Before any cut: a title may be longer than all that is said of it. */
function withoutTitle(because: string): string {
  return titles.reduce((text, [pattern, instead]) => text.replace(pattern, instead), because);
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
    [
      // Of a change, who calls what was changed; in the words of the same reason for the service, to be said once.
      /^(\d+) alerting services? calls? (.+)$/,
      ({ it, service }, count, changed) =>
        `${counted(count, "caller")} of ${changed === service ? it : changed} ${are(count)} alerting`,
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
      /^people confirmed (.+) as the cause (once|\d+ times)( and refused it (?:once|\d+ times))?$/,
      (subject, whom, right, wrong) =>
        `people have confirmed ${calledIn(subject, whom)} as a cause ${right}${wrong ?? ""}`,
    ],
    [
      /^people refused (.+) (once|\d+ times)$/,
      (subject, whom, wrong) => `people have refused ${calledIn(subject, whom)} as a cause ${wrong}`,
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

/** Votes are for a service, for a change, or for all changes of a kind. */
function calledIn({ service, it }: Subject, whom: string | undefined): string {
  return whom === undefined || whom === service ? it : whom;
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
