/**
 * Ranks what may have caused an incident. Every score is a sum of shown terms in log-odds: what the alerts say of each
 * service, what is known of each change, and how far apart the two are. "No likely change" is a candidate like any
 * other and wins when the changes are weak.
 */
import { type Feature, type ServiceEvidence, weighServices } from "./cause-evidence.ts";
import { type ChangeEvidence, weighChanges } from "./change-evidence.ts";
import type { Cause, CauseQuestion, CauseTerm } from "./correlation.ts";
import { createServiceGraph, type ServiceGraph } from "./topology.ts";
import type { Weights } from "./weights.ts";

const maxCauses = 10;
/** Farther than this a change and a service are unrelated; counts as this many calls. */
const farCalls = 4;
const maxHops = 2;

interface Scored {
  readonly score: number;
  readonly terms: readonly CauseTerm[];
}

interface ScoredChange extends Scored {
  readonly evidence: ChangeEvidence;
  readonly probability: number;
}

interface ScoredService extends Scored {
  readonly service: string;
}

/** The best causes first, one per service; empty when no alert names a service and no change is likely. */
export function rankCauses(question: CauseQuestion, weights: Weights): readonly Cause[] {
  if (question.alerts.length === 0) return [];
  const graph = createServiceGraph(question.topology, weights.clustering.hubDegree);
  const changes = scoreChanges(question, graph, weights);
  const touched = changes.flatMap((change) =>
    change.evidence.service === null || change.probability < 0.05 ? [] : [change.evidence.service],
  );
  const services = weighServices(question.alerts, graph, touched).map((evidence) =>
    scoreService(evidence, changes, question, weights),
  );
  if (services.length === 0) return changesAlone(changes, weights);
  const probabilities = softmax(services.map(({ score }) => score * weights.causes.sharpness));
  const pairs = services.map((service, index) =>
    pair(service, probabilities[index] ?? 0, changes, graph, weights),
  );
  return pairs
    .sort((a, b) => b.score - a.score || ((a.service ?? "") < (b.service ?? "") ? -1 : 1))
    .slice(0, maxCauses);
}

function weigh(features: readonly Feature[], weights: Readonly<Record<string, number>>): Scored {
  const terms: CauseTerm[] = [];
  let score = 0;
  for (const { name, value, because } of features) {
    const term = value * (weights[name] ?? 0);
    if (term === 0) continue;
    score += term;
    terms.push({ name, score: term, because });
  }
  return { score, terms };
}

/** Probabilities over all changes and "no change", so that one strong suspect weakens the others. */
function scoreChanges(question: CauseQuestion, graph: ServiceGraph, weights: Weights): ScoredChange[] {
  const scored = weighChanges(question.alerts, question.changes, graph).map((evidence) => ({
    evidence,
    ...weigh(evidence.features, weights.causes.change),
  }));
  const probabilities = softmax([...scored.map(({ score }) => score), weights.causes.noChange]);
  return scored.map((change, index) => ({ ...change, probability: probabilities[index] ?? 0 }));
}

function scoreService(
  evidence: ServiceEvidence,
  changes: readonly ScoredChange[],
  question: CauseQuestion,
  weights: Weights,
): ScoredService {
  const { score, terms } = weigh(evidence.features, weights.causes.service);
  const all = [...terms];
  const own = changes.filter((change) => change.evidence.service === evidence.service);
  const probability = own.reduce((sum, change) => sum + change.probability, 0);
  const [best] = [...own].sort((a, b) => b.probability - a.probability);
  if (best !== undefined && probability > 0.01)
    all.push({
      name: "changed",
      score: probability * weights.causes.changed,
      because: `${evidence.service} was changed: "${best.evidence.change.title}", likely the trigger with ${percent(probability)}`,
    });
  const said = question.feedback.get(`service:${evidence.service}`);
  if (said !== undefined && said.right + said.wrong > 0)
    all.push({
      name: "feedback",
      // The odds of a Beta distribution's mean, with one imagined confirmation and one refusal.
      score: Math.log((said.right + 1) / (said.wrong + 1)),
      because: `people confirmed ${evidence.service} as the cause ${said.right} times and refused it ${said.wrong} times`,
    });
  const extra = all.slice(terms.length).reduce((sum, term) => sum + term.score, 0);
  return { service: evidence.service, score: score + extra, terms: all };
}

/** Joins a service with the change that fits it best, or with none when none is likely enough. */
function pair(
  service: ScoredService,
  probability: number,
  changes: readonly ScoredChange[],
  graph: ServiceGraph,
  weights: Weights,
): Cause {
  const near = graph.around(service.service, maxHops);
  const fits = changes
    .map((change) => {
      const at = change.evidence.service;
      const calls = at === null ? 1 : (near.get(at) ?? farCalls);
      return { change, calls, fit: change.score + calls * weights.causes.changeDistance };
    })
    .sort((a, b) => b.fit - a.fit || (a.change.evidence.change.id < b.change.evidence.change.id ? -1 : 1));
  const [best] = fits;
  if (best === undefined || best.fit <= weights.causes.noChange)
    return {
      service: service.service,
      changeId: null,
      confidence: probability,
      score: service.score,
      terms: service.terms,
    };
  const { change, calls } = best;
  const terms = [...service.terms, ...change.terms.map((term) => ({ ...term, name: `change:${term.name}` }))];
  if (calls > 0)
    terms.push({
      name: "change:distance",
      score: calls * weights.causes.changeDistance,
      because: `the change was on ${change.evidence.service ?? "no named service"}, ${calls >= farCalls ? "far" : `${calls} calls`} from ${service.service}`,
    });
  return {
    service: service.service,
    changeId: change.evidence.change.id,
    confidence: probability,
    score: service.score,
    terms,
  };
}

/** When no alert names a service: the likely changes, or nothing. */
function changesAlone(changes: readonly ScoredChange[], weights: Weights): Cause[] {
  return changes
    .filter((change) => change.score > weights.causes.noChange)
    .sort((a, b) => b.score - a.score)
    .slice(0, maxCauses)
    .map((change) => ({
      service: change.evidence.service,
      changeId: change.evidence.change.id,
      confidence: change.probability,
      score: change.score,
      terms: change.terms,
    }));
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  return odds.map((value) => value / sum);
}
