import { createLikeness } from "./clustering/name-likeness.ts";

/** One dependency: the caller needs the callee. */
export type Edge = readonly [caller: string, callee: string];

/** Directed graph of services; services without an edge may be listed too. */
export interface Topology {
  readonly edges: readonly Edge[];
  readonly services: readonly string[];
}

/** What several sources say together: every edge and service once, in the order of first mention. */
export function joinTopologies(parts: Iterable<Topology>): Topology {
  const edges = new Map<string, Edge>();
  const services = new Set<string>();
  for (const part of parts) {
    for (const edge of part.edges) edges.set(JSON.stringify(edge), edge);
    for (const service of part.services) services.add(service);
  }
  return { edges: [...edges.values()], services: [...services] };
}

/** What the graph answers about services. Unknown services have no neighbours and belong to no component. */
export interface ServiceGraph {
  has(service: string): boolean;
  callees(service: string): ReadonlySet<string>;
  callers(service: string): ReadonlySet<string>;
  /** Services within `hops` edges in either direction, with their distance; the service itself has 0. */
  around(service: string, hops: number): ReadonlyMap<string, number>;
  /** Name of the connected component, or null for a service without an edge. Hubs do not connect. */
  componentOf(service: string): string | null;
  /** The same with the service's name as the graph has it: two texts that are one need not be read to be compared. */
  placeOf(service: string): ServicePlace | null;
  /** Whether it has more neighbours than a service may that connects them. */
  isHub(service: string): boolean;
  /** Number of edges between two services in either direction, or null when there are more than `most`. */
  hops(a: string, b: string, most: number): number | null;
  /**
   * How much less the service's name is like those of the component's services than like those of the component it is
   * most like: 0 for that one, down to -1. Names that share no word with any component say nothing: 0.
   */
  likeness(service: string, component: string): number;
  /** Number of services in a component; 0 for an unknown one. */
  sizeOf(component: string): number;
  /** Number of services that have an edge. */
  readonly size: number;
  /** Number of services with so many neighbours that they connect nothing but themselves. */
  readonly hubs: number;
}

export interface ServicePlace {
  readonly service: string;
  readonly component: string;
}

/** Above this many neighbours a service is shared infrastructure: a database must not join the world. */
export const defaultHubDegree = 40;

/** Answers of `around` that are kept for each number of hops; a graph rarely has more services. */
const maxRemembered = 20_000;

const noServices: ReadonlySet<string> = new Set();

function link(map: Map<string, Set<string>>, from: string, to: string): void {
  const known = map.get(from);
  if (known) known.add(to);
  else map.set(from, new Set([to]));
}

/** Connected components by the smallest service name in them; a hub belongs to one but does not pass it on. */
function componentsOf(neighbours: ReadonlyMap<string, ReadonlySet<string>>, hubDegree: number) {
  const isHub = (service: string) => (neighbours.get(service)?.size ?? 0) > hubDegree;
  const component = new Map<string, string>();
  for (const start of [...neighbours.keys()].sort()) {
    if (component.has(start) || isHub(start)) continue;
    component.set(start, start);
    const queue = [start];
    for (const service of queue) {
      for (const next of neighbours.get(service) ?? noServices) {
        if (component.has(next) || isHub(next)) continue;
        component.set(next, start);
        queue.push(next);
      }
    }
  }
  return component;
}

/** The neighbours of every service that has any; what calls itself has none by that. */
export interface Neighbours {
  readonly callees: ReadonlyMap<string, ReadonlySet<string>>;
  readonly callers: ReadonlyMap<string, ReadonlySet<string>>;
  /** In either direction. */
  readonly all: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Who calls whom, by service: the cheap part of a service graph. */
export function neighboursIn({ edges }: Pick<Topology, "edges">): Neighbours {
  const callees = new Map<string, Set<string>>();
  const callers = new Map<string, Set<string>>();
  const all = new Map<string, Set<string>>();
  for (const [caller, callee] of edges) {
    if (caller === callee) continue;
    link(callees, caller, callee);
    link(callers, callee, caller);
    link(all, caller, callee);
    link(all, callee, caller);
  }
  return { callees, callers, all };
}

/**
 * Indexes a topology for questions about distance and connection.
 * @param hubDegree - a service with more neighbours than this connects nothing but itself.
 */
export function createServiceGraph(topology: Topology, hubDegree = defaultHubDegree): ServiceGraph {
  const { callees, callers, all: neighbours } = neighboursIn(topology);
  const component = componentsOf(neighbours, hubDegree);
  const sizes = new Map<string, number>();
  for (const name of component.values()) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  /** By hops, then by service. */
  const remembered = new Map<number, Map<string, ReadonlyMap<string, number>>>();
  const around = (service: string, hops: number) => {
    const byService = remembered.get(hops) ?? new Map<string, ReadonlyMap<string, number>>();
    const known = byService.get(service);
    if (known !== undefined) return known;
    const distance = new Map([[service, 0]]);
    for (const [at, far] of distance) {
      if (far >= hops || (far > 0 && (neighbours.get(at)?.size ?? 0) > hubDegree)) continue;
      for (const next of neighbours.get(at) ?? noServices) {
        if (!distance.has(next)) distance.set(next, far + 1);
      }
    }
    if (byService.size >= maxRemembered) byService.clear();
    remembered.set(hops, byService.set(service, distance));
    return distance;
  };
  const likeness = createLikeness(component);
  const places = new Map<string, ServicePlace>();
  for (const [service, name] of component) places.set(service, { service, component: name });
  return {
    likeness,
    size: neighbours.size,
    hubs: [...neighbours.values()].filter(({ size }) => size > hubDegree).length,
    has: (service) => neighbours.has(service),
    callees: (service) => callees.get(service) ?? noServices,
    callers: (service) => callers.get(service) ?? noServices,
    componentOf: (service) => places.get(service)?.component ?? null,
    placeOf: (service) => places.get(service) ?? null,
    isHub: (service) => (neighbours.get(service)?.size ?? 0) > hubDegree,
    around,
    hops: (a, b, most) => around(a, most).get(b) ?? null,
    sizeOf: (name) => sizes.get(name) ?? 0,
  };
}

/** Whether a service is another one, or calls it: what happens to that one is then felt by it. */
export function isOrCalls(service: string, other: string, graph: Pick<ServiceGraph, "callees">): boolean {
  return service === other || graph.callees(service).has(other);
}
