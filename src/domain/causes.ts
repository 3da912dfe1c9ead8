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
    change.evidence.service === null || change.probability < 0.05
      ? []
      : [change.evidence.service, ...change.evidence.names],
  );
  const services = weighServices(question.alerts, graph, touched, question.kindOf).map((evidence) =>
    scoreService(evidence, changes, question, weights),
  );
  if (services.length === 0) return changesAlone(changes, weights);
  return rankPairs(services, changes, graph, weights).slice(0, maxCauses);
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

/** True when the change touched the service or names it. */
function concerns(change: ChangeEvidence, service: string): boolean {
  return change.service === service || change.names.includes(service);
}

function scoreService(
  evidence: ServiceEvidence,
  changes: readonly ScoredChange[],
  question: CauseQuestion,
  weights: Weights,
): ScoredService {
  const { score, terms } = weigh(evidence.features, weights.causes.service);
  const all = [...terms];
  const own = changes.filter((change) => concerns(change.evidence, evidence.service));
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

/**
 * Every likely service with every likely change, and with none, best first. A service may come back with another
 * change, so that the list holds the runners-up of both questions.
 */
function rankPairs(
  services: readonly ScoredService[],
  changes: readonly ScoredChange[],
  graph: ServiceGraph,
  weights: Weights,
): Cause[] {
  const { sharpness, noChange } = weights.causes;
  const likely = [...services].sort(byScore).slice(0, maxCauses);
  const suspects = [...changes].sort(byScore).slice(0, maxCauses);
  const pairs = likely.flatMap((service) => [
    { service, change: null, calls: 0, score: service.score * sharpness + noChange },
    ...suspects.map((change) => {
      const isOwn = concerns(change.evidence, service.service);
      const calls = isOwn ? 0 : callsBetween(service.service, change.evidence.service, graph);
      const score = service.score * sharpness + change.score + calls * weights.causes.changeDistance;
      return { service, change, calls, score };
    }),
  ]);
  const probabilities = softmax(pairs.map(({ score }) => score));
  return pairs
    .map((pair, index): Cause => {
      const { service, change, calls } = pair;
      const about = change === null ? [] : changeTerms(service.service, change, calls, weights);
      const terms = [...service.terms, ...about];
      return {
        service: service.service,
        changeId: change?.evidence.change.id ?? null,
        confidence: probabilities[index] ?? 0,
        score: terms.reduce((sum, term) => sum + term.score, 0),
        terms,
      };
    })
    .sort(
      (a, b) =>
        b.confidence - a.confidence ||
        compareText(a.service ?? "", b.service ?? "") ||
        compareText(a.changeId ?? "", b.changeId ?? ""),
    );
}

function byScore(a: Scored & { service?: string }, b: Scored & { service?: string }): number {
  return b.score - a.score || compareText(a.service ?? "", b.service ?? "");
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Calls between the blamed and the changed service; an unknown place counts as one call away. */
function callsBetween(service: string, changed: string | null, graph: ServiceGraph): number {
  return changed === null ? 1 : (graph.hops(service, changed, maxHops) ?? farCalls);
}

function changeTerms(service: string, change: ScoredChange, calls: number, weights: Weights): CauseTerm[] {
  const terms = change.terms.map((term) => ({ ...term, name: `change:${term.name}` }));
  if (calls === 0) return terms;
  const place = change.evidence.service ?? "no named service";
  const far = calls >= farCalls ? "far" : `${calls} ${calls === 1 ? "call" : "calls"}`;
  const because = `the change was on ${place}, ${far} from ${service}`;
  return [...terms, { name: "change:distance", score: calls * weights.causes.changeDistance, because }];
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
