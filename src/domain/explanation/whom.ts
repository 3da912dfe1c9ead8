/**
 * For whom something is broken, in half a sentence that follows on who is in trouble. Of a service without an alert it
 * says that it depends on what is broken, never that it suffers.
 */
import type { Claim, ExplanationQuestion } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import type { Dependent } from "../topology/dependents.ts";
import { shorten } from "../view.ts";
import { namedOf, someOf } from "./callers.ts";
import { partsOf } from "./evidence.ts";
import { alertsAmong, servicesInTrouble } from "./trouble.ts";
import { listOf } from "./wording.ts";

/** Services that are named; the rest are counted. */
const maxNamed = 3;
const maxName = 60;
/** Alerting services that the sentence before names. */
const maxInTrouble = 4;

/** How many of so many are named: "and 1 more" is no shorter than a name. */
function shownOf(total: number, max: number): number {
  return total === max + 1 ? total : max;
}

/** How many of the services in trouble the text names. */
export function namedInTrouble(services: number): number {
  return shownOf(services, maxInTrouble);
}

/**
 * Of an incident whose services are too many to be listed, how many there are besides those that the text names: in
 * tens, so that not every further one is a reason to write anew. Null where all are listed.
 */
export function unlistedInTrouble({
  services,
  serviceCount,
}: Pick<Incident, "services" | "serviceCount">): number | null {
  return serviceCount <= services.length ? null : Math.floor((serviceCount - maxInTrouble) / 10) * 10;
}

/**
 * "web and 3 more depend on it and have no alert in this incident so far"; null where nothing is known, or all who
 * depend on it are named already.
 * @returns without a full stop.
 */
export function whomOf(question: ExplanationQuestion): Claim | null {
  const { dependents = [], incident } = question;
  const evidence = dependents.map((each) => each.evidence);
  const silent = [...ofState("silent", question), ...ofState("unknown", question)];
  if (silent.length === 0) {
    const outermost = outermostUnnamed(question);
    return outermost === null ? null : { text: `the outermost of them is ${outermost}`, evidence };
  }
  const named = silent.filter(({ isNamed }) => isNamed).map(({ service }) => shorten(service, maxName));
  const isCut = dependents.some((each) => each.isCut);
  const [depend, have] = silent.length === 1 && !isCut ? ["depends", "has"] : ["depend", "have"];
  const isOver = incident.state === "resolved";
  const quiet = isOver ? "had no alert in this incident" : `${have} no alert in this incident so far`;
  const isKnown = silent.every(({ state }) => state === "silent");
  const names = named.slice(0, shownOf(silent.length, maxNamed));
  const some = someOf({ names, total: silent.length, isCut });
  const text = `${some} ${depend} on ${whatOf(question)}`;
  return { text: isKnown ? `${text} and ${quiet}` : text.replace(/,$/, ""), evidence };
}

/** Each once; those that a fact names come first. */
function ofState(
  state: Dependent["state"],
  { dependents = [], evidence }: ExplanationQuestion,
): readonly (Dependent & { readonly isNamed: boolean })[] {
  const named = dependents.flatMap((each) => namedOf(each, evidence));
  const names = new Set(named.map(({ service }) => service));
  const found = new Map<string, Dependent & { readonly isNamed: boolean }>();
  for (const dependent of [...named, ...dependents.flatMap(({ services }) => services)])
    if (dependent.state === state)
      found.set(dependent.service, { ...dependent, isNamed: names.has(dependent.service) });
  return [...found.values()];
}

/** The alerting service that users are nearest to, where so many are in trouble that it is not among the named. */
function outermostUnnamed(question: ExplanationQuestion): string | null {
  const { dependents = [], evidence } = question;
  const services = servicesInTrouble(question);
  const shown = services.slice(0, namedInTrouble(services.length));
  const [outermost] = dependents.flatMap((each) => namedOf(each, evidence).slice(0, 1));
  if (outermost === undefined || services.length === shown.length || shown.includes(outermost.service))
    return null;
  return shorten(outermost.service, maxName);
}

/** What they depend on: those who were named to be in trouble, or a suspect that has no alert. */
function whatOf({ incident, evidence, dependents = [] }: ExplanationQuestion): string {
  const alerting = new Set(alertsAmong(evidence).map((fact) => partsOf(fact).service));
  for (const service of incident.services) alerting.add(service);
  const quiet = dependents.map(({ of }) => of).filter((root) => !alerting.has(root));
  if (quiet.length > 0) return `${listOf(quiet, 1)}, the suspect,`;
  return incident.services.length === 1 ? "it" : "them";
}
