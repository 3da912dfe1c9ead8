/** What competes in a ranking of causes: the likely services and changes, each scored by what speaks for it alone. */

import type { CauseQuestion, CauseTerm } from "../clustering/correlation.ts";
import { withNamedCalls } from "../topology/named-calls.ts";
import { createServiceGraph, type ServiceGraph } from "../topology.ts";
import type { Weights } from "../weights.ts";
import { type ChangeEvidence, weighChanges } from "./change-evidence.ts";
import { confirmedTerms, feedbackTerms, kindTerms } from "./feedback.ts";
import { type Feature, type ServiceEvidence, weighServices } from "./service-evidence.ts";

/** Most likely changes that are paired with services, and whose services are candidates. */
const maxSuspects = 20;
/** Farther than this a change and a service are unrelated; counts as this many calls. */
export const farCalls = 4;
const maxHops = 2;

interface Scored {
  readonly score: number;
  readonly terms: readonly CauseTerm[];
}

export interface ScoredChange extends Scored {
  readonly evidence: ChangeEvidence;
}

export interface ScoredService extends Scored {
  readonly service: string;
  readonly features: readonly Feature[];
}

/** Every service is paired with every change and with none; without a service the changes compete alone. */
export interface Contest {
  readonly services: readonly ScoredService[];
  /** The most likely first. */
  readonly changes: readonly ScoredChange[];
  readonly graph: ServiceGraph;
}

/** What competes whatever it scores. */
export interface Kept {
  readonly service: string | null;
  readonly changes: ReadonlySet<string>;
}

const nothingKept: Kept = { service: null, changes: new Set() };

/** @param kept - of the candidates; what nothing speaks of does not become one. */
export function contestOf(question: CauseQuestion, weights: Weights, kept = nothingKept): Contest {
  const graph = createServiceGraph(
    withNamedCalls(question.topology, question.alerts),
    weights.clustering.hubDegree,
  );
  const scored = scoreChanges(question, graph, weights);
  const changes = likelyChanges(scored, kept);
  const touched = changes.flatMap(({ evidence }) => [evidence.service ?? [], evidence.names].flat());
  const confirmed = question.confirmed?.map(({ service }) => service) ?? [];
  const services = weighServices(question, graph, [...touched, ...confirmed]).map((evidence) =>
    scoreService(evidence, question, weights),
  );
  const likely = likelyServices(services, changes, kept);
  const unlikely = scored.length - changes.length + services.length - likely.length;
  question.leftOut?.note("cause_suspects", unlikely);
  return { services: likely, changes, graph };
}

function weigh(features: readonly Feature[], weights: Readonly<Record<string, number>>): CauseTerm[] {
  return features
    .map(({ name, value, because }) => ({ name, score: value * (weights[name] ?? 0), because }))
    .filter(({ score }) => score !== 0);
}

export function total(terms: readonly CauseTerm[]): Scored {
  return { score: terms.reduce((sum, { score }) => sum + score, 0), terms };
}

/** The most likely first; those far from every alert, which no service would be paired with, last. */
function scoreChanges(question: CauseQuestion, graph: ServiceGraph, weights: Weights): ScoredChange[] {
  const { change: perUnit, changeDistance } = weights.causes;
  const promise = ({ evidence, score }: ScoredChange) =>
    score + (evidence.features.some(({ name }) => name === "far") ? farCalls * changeDistance : 0);
  return weighChanges(question, graph)
    .map((evidence) => {
      const { id, title, kind } = evidence.change;
      const said = [...feedbackTerms(`change:${id}`, `"${title}"`, question), ...kindTerms(kind, question)];
      return { evidence, ...total([...weigh(evidence.features, perUnit), ...said]) };
    })
    .sort((a, b) => promise(b) - promise(a) || compareText(a.evidence.change.id, b.evidence.change.id));
}

function likelyChanges(changes: readonly ScoredChange[], kept: Kept): readonly ScoredChange[] {
  return changes.filter(({ evidence }, index) => index < maxSuspects || kept.changes.has(evidence.change.id));
}

function scoreService(evidence: ServiceEvidence, question: CauseQuestion, weights: Weights): ScoredService {
  const { service, features } = evidence;
  return {
    service,
    features,
    ...total([
      ...weigh(features, weights.causes.service),
      ...feedbackTerms(`service:${service}`, service, question),
      ...confirmedTerms(service, question),
    ]),
  };
}

/** The best by themselves, and those that a suspected change touched. */
function likelyServices(
  services: readonly ScoredService[],
  changes: readonly ScoredChange[],
  kept: Kept,
): readonly ScoredService[] {
  const best = [...services]
    .sort((a, b) => b.score - a.score || compareText(a.service, b.service))
    .slice(0, maxSuspects);
  const others = services.filter(
    ({ service }) => service === kept.service || changes.some(({ evidence }) => concerns(evidence, service)),
  );
  return [...new Set([...best, ...others])];
}

/** True when the change touched the service or names it. */
function concerns(change: ChangeEvidence, service: string): boolean {
  return change.service === service || change.names.includes(service);
}

/** How a change belongs to a service: the weight that counts, and how many units of it; of calls 1 to {@link farCalls}. */
export function linkOf(
  service: string,
  change: ChangeEvidence,
  graph: ServiceGraph,
): { readonly name: "changed" | "changeDistance"; readonly value: number } {
  if (concerns(change, service)) return { name: "changed", value: 1 };
  // An unknown place counts as one call away.
  const calls = change.service === null ? 1 : (graph.hops(service, change.service, maxHops) ?? farCalls);
  return { name: "changeDistance", value: calls };
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
