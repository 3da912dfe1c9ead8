/**
 * The facts that say who depends on what is broken. They hold what the topology says and nothing of alerts, so that one
 * stands while callers begin to alert, and no explanation may take one for a reason why something is a cause.
 */
import type { CitedDependents, Evidence, NewEvidence } from "../explanation.ts";
import { startOf } from "../text/whole-words.ts";
import type { Dependent, Dependents } from "../topology/dependents.ts";
import { oneLine } from "../view.ts";
import { partsOf } from "./evidence.ts";
import { forPrompt, withheld } from "./model-text.ts";

/** Of one incident: what is suspected, and who calls it, may become another time and again. */
const maxFacts = 8;
/** Services that a fact names; the rest are counted. */
const maxNamed = 6;
/** Services among which those that may be named are looked for: reading what is written in a name is not free. */
const maxLooked = 12;
const maxName = 100;
const maxText = 700;
const maxSubject = 1_000;

/**
 * Facts to add about these services; none that is known.
 * @param known - already numbered.
 */
export function callersEvidence(
  dependents: readonly Dependents[],
  known: readonly Evidence[],
): readonly NewEvidence[] {
  const before = known.filter(({ kind }) => kind === "callers");
  const subjects = new Set(before.map(({ subject }) => subject));
  return dependents
    .filter((each) => nameIn(each.of) !== withheld && !subjects.has(subjectOf(each)))
    .slice(0, Math.max(0, maxFacts - before.length))
    .map(factOf);
}

/** Each with the fact that says it: the one that names the same services, or else the newest about the same. */
export function citedDependents(
  dependents: readonly Dependents[],
  evidence: readonly Evidence[],
): readonly CitedDependents[] {
  return dependents.flatMap((each) => {
    const about = evidence.filter(({ kind, data }) => kind === "callers" && data["of"] === nameIn(each.of));
    const fact = about.find(({ subject }) => subject === subjectOf(each)) ?? about.at(-1);
    return fact === undefined ? [] : [{ ...each, evidence: fact.number }];
  });
}

/** The facts without those about callers that are cited for nothing now: of what is no longer suspected, or outdated. */
export function withoutOldCallers(
  evidence: readonly Evidence[],
  cited: readonly CitedDependents[],
): readonly Evidence[] {
  const numbers = new Set(cited.map((each) => each.evidence));
  return evidence.filter(({ kind, number }) => kind !== "callers" || numbers.has(number));
}

/** Those of the services that the cited fact names as they are called; where it had to alter a name, it is not told. */
export function namedOf(
  { services, evidence }: CitedDependents,
  facts: readonly Evidence[],
): readonly Dependent[] {
  const fact = facts.find(({ number }) => number === evidence);
  const names = new Set(fact === undefined ? [] : partsOf(fact).entities);
  return services.filter(({ service }) => names.has(service));
}

/** Some of the services by name, and how many there are. */
export interface Some extends Pick<Dependents, "isCut"> {
  readonly names: readonly string[];
  readonly total: number;
}

/** "web", "web and shop", "web, shop and 3 more", "12 services". */
export function someOf({ names, total, isCut }: Some): string {
  const more = `${isCut ? "at least " : ""}${total - names.length}`;
  if (names.length === 0) return `${more} ${more === "1" ? "service" : "services"}`;
  if (total > names.length) return `${names.join(", ")} and ${more} more`;
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function factOf(dependents: Dependents): NewEvidence {
  const { of, services, isCut } = dependents;
  const named = namedIn(dependents).map((each) => ({ ...each, name: nameIn(each.service) }));
  const names = named.map(({ name }) => name);
  const what = nameIn(of);
  const some = someOf({ names, total: services.length, isCut });
  const fact = services.every(({ isDirect }) => isDirect)
    ? `${some} ${services.length === 1 ? "calls" : "call"} ${what}`
    : `${some} ${services.length === 1 ? "depends" : "depend"} on ${what}${calling(named)}`;
  return {
    kind: "callers",
    subject: subjectOf(dependents),
    text: oneLine(fact, maxText),
    at: null,
    data: { fact, quote: "", entities: [...names, what], of: what },
  };
}

/** Which of the named call it themselves. */
function calling(named: readonly (Dependent & { readonly name: string })[]): string {
  const names = named.filter(({ isDirect }) => isDirect).map(({ name }) => name);
  if (names.length === 0) return "";
  const some = someOf({ names, total: names.length, isCut: false });
  return `; ${some} ${names.length === 1 ? "calls" : "call"} it`;
}

function subjectOf(dependents: Dependents): string {
  const names = namedIn(dependents).map(({ service }) => service);
  return `${names.join(", ")} -> ${dependents.of}`.slice(0, maxSubject);
}

/** What reads like instructions is counted, not named. */
function namedIn({ services }: Dependents): readonly Dependent[] {
  const named = services.slice(0, maxLooked).filter(({ service }) => nameIn(service) !== withheld);
  return named.slice(0, maxNamed);
}

function nameIn(service: string): string {
  return forPrompt(startOf(service, 4_000), maxName);
}
