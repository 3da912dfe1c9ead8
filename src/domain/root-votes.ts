/**
 * A quick, additive guess at which services could be the root of some alerts: each alert votes for its own service,
 * for the one it names and, a little, for what its service calls. Sums of votes are cheap to keep while groups merge.
 */
import { type EvidenceKind, isCallSide, magnitudeOf } from "./evidence-kind.ts";
import type { SeenAlert } from "./signal.ts";
import type { ServiceGraph } from "./topology.ts";

export type Votes = ReadonlyMap<string, number>;

/** Votes for a callee of the alerting service, and for a callee's callee. */
const calleeVote = 0.4;
const farCalleeVote = 0.2;
/** An alert of any kind on a service says this much for it. */
const ownVote = 1.5;
const maxCallees = 40;

/** The votes of one alert; weights as in the ranking of causes. */
export function votesOf(
  seen: SeenAlert,
  graph: ServiceGraph,
  weights: Readonly<Record<string, number>>,
): Votes {
  const votes = new Map<string, number>();
  const add = (service: string, vote: number) => votes.set(service, (votes.get(service) ?? 0) + vote);
  const size = (magnitudeOf(seen.alert) ?? 0) / 3;
  if (seen.entity !== null) {
    const kind: EvidenceKind | "call" =
      seen.kind === "latency" && (seen.names.length > 0 || isCallSide(seen.alert)) ? "call" : seen.kind;
    add(seen.entity, ownVote + (weights[`kind:${kind}`] ?? 0) + (weights[`size:${kind}`] ?? 0) * size);
    for (const callee of firstOf(graph.callees(seen.entity))) {
      add(callee, calleeVote);
      for (const far of firstOf(graph.callees(callee))) if (far !== seen.entity) add(far, farCalleeVote);
    }
  }
  for (const name of seen.names) add(name, (weights["blamed"] ?? 0) + (weights["blamedSize"] ?? 0) * size);
  return votes;
}

function firstOf(services: ReadonlySet<string>): Iterable<string> {
  return services.size <= maxCallees ? services : [];
}

/** Probabilities of the services that have votes, with the largest and the length of the vector. */
export interface Roots {
  readonly votes: Votes;
  readonly probability: ReadonlyMap<string, number>;
  readonly top: string | null;
  readonly topProbability: number;
  readonly length: number;
}

/** Turns sums of votes into probabilities. */
export function rootsOf(votes: Votes): Roots {
  let best = Number.NEGATIVE_INFINITY;
  let top: string | null = null;
  for (const [service, vote] of votes) {
    if (vote > best || (vote === best && top !== null && service < top)) {
      best = vote;
      top = service;
    }
  }
  let sum = 0;
  for (const vote of votes.values()) sum += Math.exp(vote - best);
  const probability = new Map<string, number>();
  let squares = 0;
  for (const [service, vote] of votes) {
    const share = Math.exp(vote - best) / sum;
    probability.set(service, share);
    squares += share * share;
  }
  return { votes, probability, top, topProbability: top === null ? 0 : 1 / sum, length: Math.sqrt(squares) };
}

/** The votes of two groups together. */
export function addVotes(a: Votes, b: Votes): Votes {
  const sum = new Map(a);
  for (const [service, vote] of b) sum.set(service, (sum.get(service) ?? 0) + vote);
  return sum;
}

/** How surely two groups share a root, and how surely each has a root of its own; both 0 to 1. */
export function compareRoots(a: Roots, b: Roots): { readonly shared: number; readonly rival: number } {
  const [small, large] = a.probability.size <= b.probability.size ? [a, b] : [b, a];
  let shared = 0;
  for (const [service, share] of small.probability) shared += share * (large.probability.get(service) ?? 0);
  if (a.length === 0 || b.length === 0) return { shared: 0, rival: 0 };
  return { shared, rival: a.topProbability * b.topProbability * (1 - shared / (a.length * b.length)) };
}
