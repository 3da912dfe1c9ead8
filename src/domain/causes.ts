/**
 * Ranks what may have caused an incident. Candidates are pairs: a service, and the change that set it off or none.
 * Every score is a sum of shown terms in log-odds: what the alerts say of the service, what is known of the change, how
 * the two belong together, and what people said before. "No likely change" competes like any change.
 */

import { type ChangeEvidence, weighChanges } from "./causes/change-evidence.ts";
import { confirmedTerms, feedbackTerms, kindTerms } from "./causes/feedback.ts";
import { type Feature, type ServiceEvidence, weighServices } from "./causes/service-evidence.ts";
import type { Cause, CauseQuestion, CauseTerm } from "./clustering/correlation.ts";
import { withNamedCalls } from "./topology/named-calls.ts";
import { createServiceGraph, type ServiceGraph } from "./topology.ts";
import type { Weights } from "./weights.ts";

const maxCauses = 10;
/** Most likely changes that are paired with services, and whose services are candidates. */
const maxSuspects = 20;
/** Farther than this a change and a service are unrelated; counts as this many calls. */
const farCalls = 4;
const maxHops = 2;

interface Scored {
  readonly score: number;
  readonly terms: readonly CauseTerm[];
}

interface ScoredChange extends Scored {
  readonly evidence: ChangeEvidence;
}

interface ScoredService extends Scored {
  readonly service: string;
}

/** The best causes first, headed by the answer "not enough evidence" where that is likeliest; empty when no alert names a service and no change is likely. */
export function rankCauses(question: CauseQuestion, weights: Weights): readonly Cause[] {
  if (question.alerts.length === 0) return [];
  const graph = createServiceGraph(
    withNamedCalls(question.topology, question.alerts),
    weights.clustering.hubDegree,
  );
  const changes = scoreChanges(question, graph, weights);
  const touched = changes.flatMap(({ evidence }) => [evidence.service ?? [], evidence.names].flat());
  const confirmed = question.confirmed?.map(({ service }) => service) ?? [];
  const services = weighServices(question.alerts, graph, [...touched, ...confirmed], question.kindOf).map(
    (evidence) => scoreService(evidence, question, weights),
  );
  if (services.length === 0) return changesAlone(changes, weights);
  return rankPairs(services, changes, graph, weights).slice(0, maxCauses);
}

function weigh(features: readonly Feature[], weights: Readonly<Record<string, number>>): CauseTerm[] {
  return features
    .map(({ name, value, because }) => ({ name, score: value * (weights[name] ?? 0), because }))
    .filter(({ score }) => score !== 0);
}

function total(terms: readonly CauseTerm[]): Scored {
  return { score: terms.reduce((sum, { score }) => sum + score, 0), terms };
}

/** The most likely first; those far from every alert, which no service would be paired with, last. */
function scoreChanges(question: CauseQuestion, graph: ServiceGraph, weights: Weights): ScoredChange[] {
  const { change: perUnit, changeDistance } = weights.causes;
  const promise = ({ evidence, score }: ScoredChange) =>
    score + (evidence.features.some(({ name }) => name === "far") ? farCalls * changeDistance : 0);
  return weighChanges(question.alerts, question.changes, graph)
    .map((evidence) => {
      const { id, title, kind } = evidence.change;
      const said = [...feedbackTerms(`change:${id}`, `"${title}"`, question), ...kindTerms(kind, question)];
      return { evidence, ...total([...weigh(evidence.features, perUnit), ...said]) };
    })
    .sort((a, b) => promise(b) - promise(a) || compareText(a.evidence.change.id, b.evidence.change.id))
    .slice(0, maxSuspects);
}

function scoreService(evidence: ServiceEvidence, question: CauseQuestion, weights: Weights): ScoredService {
  const { service, features } = evidence;
  return {
    service,
    ...total([
      ...weigh(features, weights.causes.service),
      ...feedbackTerms(`service:${service}`, service, question),
      ...confirmedTerms(service, question),
    ]),
  };
}

/** True when the change touched the service or names it. */
function concerns(change: ChangeEvidence, service: string): boolean {
  return change.service === service || change.names.includes(service);
}

/**
 * Every likely service with every likely change, and with none, best first. A service may come back with another
 * change, so that the list holds the runners-up of both questions.
 */
function rankPairs(
  services: readonly ScoredService[],
  changes: readonly ScoredChange[],
  graph: ServiceGraph,
  weights: Weights,
): readonly Cause[] {
  const { sharpness, noChange, elsewhere } = weights.causes;
  const pairs = likelyServices(services, changes).flatMap((service) => [
    { service, changeId: null, score: service.score + noChange, terms: service.terms },
    ...changes.map((change) => {
      const pair = total([...service.terms, ...changeTerms(service.service, change, graph, weights)]);
      return { service, changeId: change.evidence.change.id, ...pair };
    }),
  ]);
  const unknown = elsewhere + noChange;
  const [rest = 0, ...probabilities] = softmax(
    [unknown, ...pairs.map(({ score }) => score)].map((score) => score * sharpness),
  );
  const ranked = pairs
    .map(({ service, changeId, terms }, index) => ({
      service: service.service,
      changeId,
      confidence: probabilities[index] ?? 0,
      ...total(terms),
    }))
    .sort(
      (a, b) =>
        b.confidence - a.confidence ||
        compareText(a.service, b.service) ||
        compareText(a.changeId ?? "", b.changeId ?? ""),
    );
  return rest > (ranked[0]?.confidence ?? 0) ? [notEnough(rest, unknown), ...ranked] : ranked;
}

/** The answer that the evidence is not enough: it is likelier something that nothing here points at. */
function notEnough(confidence: number, score: number): Cause {
  const because = "none of the candidates is likelier than something that nothing points at";
  return { service: null, changeId: null, confidence, score, terms: [{ name: "elsewhere", score, because }] };
}

/** The best by themselves, and those that a suspected change touched. */
function likelyServices(
  services: readonly ScoredService[],
  changes: readonly ScoredChange[],
): readonly ScoredService[] {
  const best = [...services]
    .sort((a, b) => b.score - a.score || compareText(a.service, b.service))
    .slice(0, maxSuspects);
  const touched = services.filter(({ service }) =>
    changes.some(({ evidence }) => concerns(evidence, service)),
  );
  return [...new Set([...best, ...touched])];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What speaks for the change, and for its having set off this very service. */
function changeTerms(
  service: string,
  { evidence, terms }: ScoredChange,
  graph: ServiceGraph,
  { causes }: Weights,
): CauseTerm[] {
  const named = terms.map((term) => ({ ...term, name: `change:${term.name}` }));
  if (concerns(evidence, service)) {
    const because = `${service} is what was changed: "${evidence.change.title}"`;
    return [...named, { name: "changed", score: causes.changed, because }];
  }
  const calls = callsBetween(service, evidence.service, graph);
  const place = evidence.service ?? "no named service";
  const far = calls >= farCalls ? "far" : `${calls} ${calls === 1 ? "call" : "calls"}`;
  const because = `the change was on ${place}, ${far} from ${service}`;
  return [...named, { name: "change:distance", score: calls * causes.changeDistance, because }];
}

/** Calls between the blamed and the changed service; an unknown place counts as one call away. */
function callsBetween(service: string, changed: string | null, graph: ServiceGraph): number {
  return changed === null ? 1 : (graph.hops(service, changed, maxHops) ?? farCalls);
}

/** When no alert names a service: the likely changes, or nothing. */
function changesAlone(changes: readonly ScoredChange[], { causes }: Weights): Cause[] {
  const probabilities = softmax([...changes.map(({ score }) => score), causes.noChange]);
  return changes
    .map(({ evidence, score, terms }, index) => ({
      service: evidence.service,
      changeId: evidence.change.id,
      confidence: probabilities[index] ?? 0,
      score,
      terms,
    }))
    .filter(({ score }) => score > causes.noChange)
    .slice(0, maxCauses);
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  return odds.map((value) => value / sum);
}
