/**
 * A quick, additive guess at which services could be the root of some alerts: each alert votes for its own service,
 * for the one it names and, a little, for what its service calls. Sums of votes are cheap to keep while groups merge.
 */
import { type EvidenceKind, isCallSide, magnitudeOf } from "./evidence-kind.ts";
import type { SeenAlert } from "./signal.ts";
import type { ServiceGraph } from "./topology.ts";

/** Votes for services by their number on the ballot, ascending; the two lists run in step. */
export interface Votes {
  readonly services: readonly number[];
  readonly votes: readonly number[];
}

/** Gives services numbers and collects votes for them. */
export interface Ballot {
  /** What an alert votes for, as probabilities. */
  rootsOf(seen: SeenAlert): Roots;
  /** The service with most votes, or null where there are none. */
  topOf(votes: Votes): string | null;
  /** Services that have a number; never fewer than before, so a ballot grown too large is to be replaced. */
  readonly size: number;
}

/** Votes for a callee of the alerting service, and for a callee's callee. */
const calleeVote = 0.4;
const farCalleeVote = 0.2;
/** An alert of any kind on a service says this much for it. */
const ownVote = 1.5;
const maxCallees = 40;
/** Kinds of alerts on services whose votes are kept. */
const maxPlain = 20_000;

const noVotes: Votes = { services: [], votes: [] };

/** @param weights - log-odds per unit of each kind of alert, and of being named by others. */
export function createBallot(graph: ServiceGraph, weights: Readonly<Record<string, number>>): Ballot {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  function numberOf(service: string): number {
    const known = numbers.get(service);
    if (known !== undefined) return known;
    numbers.set(service, names.length);
    return names.push(service) - 1;
  }
  /** What an alert of a service votes for its callees, the same for every one. */
  const calleeVotes = new Map<string, Votes>();
  function votesForCallees(service: string): Votes {
    const known = calleeVotes.get(service);
    if (known !== undefined) return known;
    let votes = noVotes;
    for (const callee of firstOf(graph.callees(service))) {
      votes = withVote(votes, callee, calleeVote);
      for (const far of firstOf(graph.callees(callee)))
        if (far !== service) votes = withVote(votes, far, farCalleeVote);
    }
    calleeVotes.set(service, votes);
    return votes;
  }

  /** The votes with some more for one service. */
  function withVote({ services, votes }: Votes, service: string, vote: number): Votes {
    const number = numberOf(service);
    let place = services.length;
    while (place > 0 && (services[place - 1] ?? 0) > number) place -= 1;
    if (services[place - 1] === number)
      return { services, votes: votes.with(place - 1, (votes[place - 1] ?? 0) + vote) };
    return { services: services.toSpliced(place, 0, number), votes: votes.toSpliced(place, 0, vote) };
  }

  function votesOf({ alert, entity, names }: SeenAlert, kind: EvidenceKind | "call"): Votes {
    const size = (magnitudeOf(alert) ?? 0) / 3;
    let votes = noVotes;
    if (entity !== null) {
      const own = ownVote + (weights[`kind:${kind}`] ?? 0) + (weights[`size:${kind}`] ?? 0) * size;
      votes = withVote(votesForCallees(entity), entity, own);
    }
    const blame = (weights["blamed"] ?? 0) + (weights["blamedSize"] ?? 0) * size;
    for (const name of names) votes = withVote(votes, name, blame);
    return votes;
  }

  /** Of alerts that say no more than their kind and service, as most do. */
  const plain = new Map<string, Map<string, Roots>>();
  let plainSize = 0;
  return {
    rootsOf(seen) {
      const { alert, entity, names } = seen;
      const kind: EvidenceKind | "call" =
        seen.kind === "latency" && (names.length > 0 || isCallSide(alert)) ? "call" : seen.kind;
      if (entity === null || names.length > 0 || magnitudeOf(alert) !== null)
        return rootsOf(votesOf(seen, kind));
      const known = plain.get(kind)?.get(entity);
      if (known !== undefined) return known;
      const roots = rootsOf(votesOf(seen, kind));
      if (plainSize >= maxPlain) plain.clear();
      plainSize = plainSize >= maxPlain ? 1 : plainSize + 1;
      plain.set(kind, (plain.get(kind) ?? new Map<string, Roots>()).set(entity, roots));
      return roots;
    },
    topOf({ services, votes }) {
      let top = -1;
      for (const [index, vote] of votes.entries()) if (top === -1 || vote > (votes[top] ?? 0)) top = index;
      return names[services[top] ?? -1] ?? null;
    },
    get size() {
      return names.length;
    },
  };
}

function firstOf(services: ReadonlySet<string>): Iterable<string> {
  return services.size <= maxCallees ? services : [];
}

/** Probabilities of the services that have votes, with the largest and the length of the vector. */
export interface Roots extends Votes {
  /** In step with the votes. */
  readonly shares: readonly number[];
  readonly topShare: number;
  readonly length: number;
}

/** Turns sums of votes into probabilities. */
export function rootsOf({ services, votes }: Votes): Roots {
  let best = Number.NEGATIVE_INFINITY;
  for (const vote of votes) if (vote > best) best = vote;
  const shares = votes.slice();
  let sum = 0;
  for (let index = 0; index < shares.length; index += 1) {
    const share = Math.exp((shares[index] ?? 0) - best);
    shares[index] = share;
    sum += share;
  }
  let squares = 0;
  for (let index = 0; index < shares.length; index += 1) {
    const share = (shares[index] ?? 0) / sum;
    shares[index] = share;
    squares += share * share;
  }
  return { services, votes, shares, topShare: shares.length === 0 ? 0 : 1 / sum, length: Math.sqrt(squares) };
}

/** The votes of two groups together. */
export function addVotes(a: Votes, b: Votes): Votes {
  const services: number[] = [];
  const votes: number[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const left = a.services[i] ?? Number.POSITIVE_INFINITY;
    const right = b.services[j] ?? Number.POSITIVE_INFINITY;
    const service = Math.min(left, right);
    if (service === Number.POSITIVE_INFINITY) return { services, votes };
    services.push(service);
    votes.push((left === service ? (a.votes[i] ?? 0) : 0) + (right === service ? (b.votes[j] ?? 0) : 0));
    if (left === service) i += 1;
    if (right === service) j += 1;
  }
}

/** How surely two groups share a root, and how surely each has a root of its own; both 0 to 1. */
export function compareRoots(a: Roots, b: Roots): { readonly shared: number; readonly rival: number } {
  let shared = 0;
  let [i, j] = [0, 0];
  while (i < a.services.length && j < b.services.length) {
    const [left, right] = [a.services[i] ?? 0, b.services[j] ?? 0];
    if (left === right) shared += (a.shares[i] ?? 0) * (b.shares[j] ?? 0);
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  if (a.length === 0 || b.length === 0) return { shared: 0, rival: 0 };
  return { shared, rival: a.topShare * b.topShare * (1 - shared / (a.length * b.length)) };
}
