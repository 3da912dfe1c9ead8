/**
 * A quick, additive guess at which services could be the root of some alerts: each alert votes for its own service,
 * for the one it names and, a little, for what its service calls. Sums of votes are cheap to keep while groups merge.
 */
import { type EvidenceKind, evidenceKinds, isCallSide } from "../alert/evidence-kind.ts";
import type { ServiceGraph } from "../topology.ts";
import type { SeenAlert } from "./signal.ts";

/** Votes for services by their number on the ballot, ascending; the two lists run in step. */
export interface Votes {
  readonly services: readonly number[];
  readonly votes: readonly number[];
}

/** Gives services numbers and collects votes for them. */
export interface Ballot {
  /**
   * Numbers the services that an alert may vote for. To be called when it comes, so that sums, which go by number, do
   * not depend on when the votes are asked for.
   */
  enter(seen: Pick<SeenAlert, "entity" | "names">): void;
  /** What an alert votes for, as probabilities. */
  rootsOf(seen: SeenAlert): Roots;
  /** The service with most votes, or null where there are none. */
  topOf(votes: Votes): string | null;
  /** Services that have a number; never fewer than before, so a ballot grown too large is to be replaced. */
  size(): number;
}

/** Votes for a callee of the alerting service, and for a callee's callee. */
const calleeVote = 0.4;
const farCalleeVote = 0.2;
/** An alert of any kind on a service says this much for it. */
const ownVote = 1.5;
const maxCallees = 40;

/** What every alert of a service votes for, but for how much it votes for its own. */
interface Ground extends Votes {
  /** Place of the service itself. */
  readonly own: number;
}

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

  /** What an alert of each kind votes for its service, and per unit of its size. */
  const ownVotes = new Map<EvidenceKind | "call", { readonly own: number; readonly perSize: number }>();
  for (const kind of [...evidenceKinds, "call"] as const)
    ownVotes.set(kind, {
      own: ownVote + (weights[`kind:${kind}`] ?? 0),
      perSize: weights[`size:${kind}`] ?? 0,
    });

  const grounds = new Map<string, Ground>();
  function groundOf(service: string): Ground {
    const known = grounds.get(service);
    if (known !== undefined) return known;
    const services: number[] = [];
    const votes: number[] = [];
    for (const callee of firstOf(graph.callees(service))) {
      addVote(services, votes, numberOf(callee), calleeVote);
      for (const far of firstOf(graph.callees(callee)))
        if (far !== service) addVote(services, votes, numberOf(far), farCalleeVote);
    }
    const ground = { services, votes, own: addVote(services, votes, numberOf(service), 0) };
    grounds.set(service, ground);
    return ground;
  }

  function votesOf(seen: SeenAlert, kind: EvidenceKind | "call"): Votes {
    const { entity, names, magnitude } = seen;
    const size = (magnitude ?? 0) / 3;
    const ground = entity === null ? noGround : groundOf(entity);
    const votes = ground.votes.slice();
    const { own, perSize } = ownVotes.get(kind) ?? { own: ownVote, perSize: 0 };
    if (entity !== null) votes[ground.own] = own + perSize * size;
    if (names.length === 0) return { services: ground.services, votes };
    const services = ground.services.slice();
    const blame = (weights["blamed"] ?? 0) + (weights["blamedSize"] ?? 0) * size;
    for (const name of names) addVote(services, votes, numberOf(name), blame);
    return { services, votes };
  }

  return {
    enter({ entity, names }) {
      if (entity !== null) groundOf(entity);
      for (const name of names) numberOf(name);
    },
    rootsOf(seen) {
      const isCall = seen.kind === "latency" && (seen.names.length > 0 || isCallSide(seen));
      return rootsOf(votesOf(seen, isCall ? "call" : seen.kind));
    },
    topOf({ services, votes }) {
      let top = -1;
      for (const [index, vote] of votes.entries()) if (top === -1 || vote > (votes[top] ?? 0)) top = index;
      return names[services[top] ?? -1] ?? null;
    },
    size: () => names.length,
  };
}

const noGround: Ground = { services: [], votes: [], own: -1 };

/** Adds to the votes for a service, which keep their order; returns its place. */
function addVote(services: number[], votes: number[], service: number, vote: number): number {
  let place = services.length;
  while (place > 0 && (services[place - 1] ?? 0) > service) place -= 1;
  if (services[place - 1] === service) {
    votes[place - 1] = (votes[place - 1] ?? 0) + vote;
    return place - 1;
  }
  services.splice(place, 0, service);
  votes.splice(place, 0, vote);
  return place;
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

/** How surely two groups share a root, 0 to 1. */
export function sharedRoot(a: Roots, b: Roots): number {
  let shared = 0;
  let [i, j] = [0, 0];
  while (i < a.services.length && j < b.services.length) {
    const [left, right] = [a.services[i] ?? 0, b.services[j] ?? 0];
    if (left === right) shared += (a.shares[i] ?? 0) * (b.shares[j] ?? 0);
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return shared;
}

/** How surely each of two groups has a root of its own, 0 to 1; @param shared - as in {@link sharedRoot}. */
export function rivalRoots(a: Roots, b: Roots, shared: number): number {
  if (a.length === 0 || b.length === 0) return 0;
  return a.topShare * b.topShare * (1 - shared / (a.length * b.length));
}
