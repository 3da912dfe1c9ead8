/** Whom trouble in a service may reach: its callers, their callers, and so on out to where users come in. */
import type { LeftOut } from "../limits.ts";
import { defaultHubDegree, type Neighbours, neighboursIn, type Topology } from "../topology.ts";

/** Services that are looked at outward of one; the outermost of a larger system are not found then. */
const maxWalked = 1_000;
/** Alerting services among which the innermost are looked for. */
const maxAlerting = 200;
const maxRoots = 3;

export interface Dependent {
  readonly service: string;
  /** It calls the service itself, not only through others. */
  readonly isDirect: boolean;
  /** Whether it has an alert in the incident; unknown where not all of its alerts were read. */
  readonly state: "alerting" | "silent" | "unknown";
}

/** The services that depend on one. That they do is known; that they suffer is not, unless they alert. */
export interface Dependents {
  readonly of: string;
  /** At least one. Entry points, which nothing calls, come first, then from the outside in, then by name. */
  readonly services: readonly Dependent[];
  /** There are more than were looked at. */
  readonly isCut: boolean;
}

export interface DependentsQuestion {
  /** Services with an alert in the incident. */
  readonly alerting: ReadonlySet<string>;
  /** False when the incident has alerts that were not read. */
  readonly areAllAlertsRead: boolean;
  /** The first suspected service; null while none is. */
  readonly suspect: string | null;
  readonly topology: Topology;
  /** Told of alerting services that are not looked at. */
  readonly leftOut?: LeftOut;
}

/** A service, and how many calls away from it those are that depend on it; itself with 0. */
interface Walk {
  readonly of: string;
  readonly hops: ReadonlyMap<string, number>;
  readonly isCut: boolean;
}

/**
 * Who depends on what is broken: on the suspect, where it alerts or something that alerts depends on it; otherwise on
 * the innermost services that alert. The order of edges and alerts is irrelevant.
 * @returns at most three, without those on which nothing depends.
 */
export function dependentsOf(question: DependentsQuestion): readonly Dependents[] {
  const { alerting, topology } = question;
  if (alerting.size === 0 || topology.edges.length === 0) return [];
  const graph = neighboursIn(topology);
  return rootsOf(question, graph).flatMap(({ of, hops, isCut }) => {
    const services = [...hops]
      .filter(([, far]) => far > 0)
      .sort(
        ([a, x], [b, y]) =>
          Number(isEntry(b, graph)) - Number(isEntry(a, graph)) || y - x || (a < b ? -1 : 1),
      )
      .map(([service, far]) => ({ service, isDirect: far === 1, state: stateOf(service, question) }));
    return services.length === 0 ? [] : [{ of, services, isCut }];
  });
}

function isEntry(service: string, graph: Neighbours): boolean {
  return !graph.callers.has(service);
}

function stateOf(service: string, { alerting, areAllAlertsRead }: DependentsQuestion): Dependent["state"] {
  if (alerting.has(service)) return "alerting";
  return areAllAlertsRead ? "silent" : "unknown";
}

function rootsOf({ alerting, suspect, leftOut }: DependentsQuestion, graph: Neighbours): readonly Walk[] {
  if (suspect !== null) {
    const walk = walkOut(suspect, graph);
    // What nothing that alerts depends on, such as a caller under suspicion, is not what others suffer from.
    if ([...walk.hops.keys()].some((service) => alerting.has(service))) return [walk];
  }
  leftOut?.note("dependents", Math.max(0, alerting.size - maxAlerting));
  return innermost(alerting, graph);
}

/** The alerting services that depend on no other; of those that depend on one another, the first by name. */
function innermost(alerting: ReadonlySet<string>, graph: Neighbours): readonly Walk[] {
  const callers = (service: string) => graph.callers.get(service)?.size ?? 0;
  const walks = [...alerting]
    // What most call is most likely what others depend on.
    .sort((a, b) => callers(b) - callers(a) || (a < b ? -1 : 1))
    .slice(0, maxAlerting)
    .map((service) => walkOut(service, graph))
    // More depend on what is called than on its callers, which are among them.
    .sort((a, b) => b.hops.size - a.hops.size || (a.of < b.of ? -1 : 1));
  const roots: Walk[] = [];
  for (const walk of walks) {
    if (roots.length >= maxRoots) break;
    if (!roots.some((root) => root.hops.has(walk.of))) roots.push(walk);
  }
  return roots;
}

/** Out along the callers. A hub has its callers, but neither they nor those of a hub on the way lead farther. */
function walkOut(of: string, graph: Neighbours): Walk {
  const hops = new Map([[of, 0]]);
  for (const [service, far] of hops) {
    if (far > 0 && (isHub(service, graph) || isHub(of, graph))) continue;
    for (const caller of [...(graph.callers.get(service) ?? [])].sort()) {
      if (hops.has(caller)) continue;
      if (hops.size > maxWalked) return { of, hops, isCut: true };
      hops.set(caller, far + 1);
    }
  }
  return { of, hops, isCut: false };
}

function isHub(service: string, graph: Neighbours): boolean {
  return (graph.all.get(service)?.size ?? 0) > defaultHubDegree;
}
