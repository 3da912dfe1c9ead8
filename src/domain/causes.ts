/**
 * Ranks what may have caused an incident. Candidates are pairs: a service, and the change that set it off or none.
 * Every score is a sum of shown terms in log-odds: what the alerts say of the service, what is known of the change, how
 * the two belong together, and what people said before. "No likely change" competes like any change.
 */

import {
  type Contest,
  compareText,
  contestOf,
  farCalls,
  linkOf,
  type ScoredChange,
  total,
} from "./causes/contest.ts";
import type { Cause, CauseQuestion, CauseTerm } from "./clustering/correlation.ts";
import type { ServiceGraph } from "./topology.ts";
import type { Weights } from "./weights.ts";

const maxCauses = 10;

/** Causes ahead of the answer that names nothing, best first, that answer, and the causes behind it. */
interface Ranking {
  readonly likely: readonly Cause[];
  readonly nothing: Cause;
  readonly unlikely: readonly Cause[];
}

/** The best causes first, headed by the answer "not enough evidence" where that is likeliest; empty when no alert names a service and no change is likely. */
export function rankCauses(question: CauseQuestion, weights: Weights): readonly Cause[] {
  if (question.alerts.length === 0) return [];
  const contest = contestOf(question, weights);
  const { likely, nothing, unlikely } = rank(contest, weights);
  if (contest.services.length === 0) return likely.slice(0, maxCauses);
  const headed = likely.length === 0 ? [nothing] : likely;
  return [...headed, ...unlikely].slice(0, maxCauses);
}

/**
 * Everything that {@link rankCauses} chooses from, best first, with the answer that names neither a service nor a
 * change: together their probabilities are 1.
 */
export function rankAnswers(question: CauseQuestion, weights: Weights): readonly Cause[] {
  if (question.alerts.length === 0) return [];
  const { likely, nothing, unlikely } = rank(contestOf(question, weights), weights);
  return [...likely, nothing, ...unlikely];
}

function rank(contest: Contest, weights: Weights): Ranking {
  return contest.services.length === 0 ? rankChanges(contest, weights) : rankPairs(contest, weights);
}

/**
 * Every likely service with every likely change, and with none. A service may come back with another change, so that
 * the list holds the runners-up of both questions.
 */
function rankPairs({ services, changes, graph }: Contest, weights: Weights): Ranking {
  const { sharpness, noChange, elsewhere } = weights.causes;
  const pairs = services.flatMap((service) => [
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
  return {
    likely: ranked.filter(({ confidence }) => confidence >= rest),
    nothing: notEnough(rest, unknown),
    unlikely: ranked.filter(({ confidence }) => confidence < rest),
  };
}

/** The answer that the evidence is not enough: it is likelier something that nothing here points at. */
function notEnough(confidence: number, score: number): Cause {
  const because = "none of the candidates is likelier than something that nothing points at";
  return { service: null, changeId: null, confidence, score, terms: [{ name: "elsewhere", score, because }] };
}

/** What speaks for the change, and for its having set off this very service. */
function changeTerms(
  service: string,
  { evidence, terms }: ScoredChange,
  graph: ServiceGraph,
  { causes }: Weights,
): CauseTerm[] {
  const named = terms.map((term) => ({ ...term, name: `change:${term.name}` }));
  const { name, value: calls } = linkOf(service, evidence, graph);
  if (name === "changed") {
    const because = `${service} is what was changed: "${evidence.change.title}"`;
    return [...named, { name, score: causes.changed, because }];
  }
  const place = evidence.service ?? "no named service";
  const far = calls >= farCalls ? "far" : `${calls} ${calls === 1 ? "call" : "calls"}`;
  const because = `the change was on ${place}, ${far} from ${service}`;
  return [...named, { name: "change:distance", score: calls * causes.changeDistance, because }];
}

/** When no alert names a service: the changes, and that none of them is likely. */
function rankChanges({ changes }: Contest, { causes: { noChange } }: Weights): Ranking {
  const [none = 1, ...probabilities] = softmax([noChange, ...changes.map(({ score }) => score)]);
  const ranked = changes.map(({ evidence, score, terms }, index) => ({
    service: evidence.service,
    changeId: evidence.change.id,
    confidence: probabilities[index] ?? 0,
    score,
    terms,
  }));
  return {
    likely: ranked.filter(({ score }) => score > noChange),
    nothing: { service: null, changeId: null, confidence: none, score: noChange, terms: [] },
    unlikely: ranked.filter(({ score }) => score <= noChange),
  };
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - top));
  const sum = odds.reduce((a, b) => a + b, 0);
  return odds.map((value) => value / sum);
}
