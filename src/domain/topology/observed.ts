/**
 * The topology that alerts show by themselves: one that names the far end of a call is an edge. Edges are bounded, fade,
 * and count from the first full hour that begins ten minutes after they were seen, so that which part of the system
 * an alert belongs to does not depend on the order in which the last minutes arrived.
 */
import { createBoundedKeys } from "../clustering/bounded-keys.ts";
import type { SeenAlert } from "../clustering/signal.ts";
import type { LeftOutCounts } from "../limits.ts";
import { createServiceGraph, type Edge, type ServiceGraph, type Topology } from "../topology.ts";

export interface ObservedTopology {
  /** Another topology was delivered or configured; what alerts showed stays. Returns the graph of it alone. */
  deliver(topology: Topology): ServiceGraph;
  /** Takes in what an alert shows of calls. */
  record(alert: Pick<SeenAlert, "entity" | "at"> & { readonly call: ObservedCall | null }): void;
  /** Those of the delivered topology. */
  services(): ReadonlySet<string>;
  /** The delivered topology with the edges that count at `at`. */
  graphAt(at: number): ServiceGraph;
  /** Edges seen and not yet forgotten. */
  size(): number;
  /** Services that connect nothing but themselves, having too many neighbours. */
  hubs(): number;
  /** Edges and services let go so far, those not seen for longest first. */
  leftOut(): LeftOutCounts<"observed_calls" | "observed_services">;
}

/** The service at the other end of a call of the alert's own; see `peerOf`. */
export interface ObservedCall {
  readonly peer: string;
  readonly isCallee: boolean;
}

const hourMs = 3_600_000;
const settledMs = 600_000;
const fadeMs = 7 * 24 * hourMs;
const maxEdges = 5_000;
const maxServices = 20_000;
/** Hours whose graph is kept: alerts come in late, by minutes. */
const maxGraphs = 4;

interface Sighting {
  edge: Edge;
  first: number;
  last: number;
}

/** @param hubDegree - as in {@link createServiceGraph}, for delivered and observed edges together. */
export function createObservedTopology(hubDegree: number): ObservedTopology {
  let delivered: Topology = { edges: [], services: [] };
  let base = createServiceGraph(delivered, hubDegree);
  let listed: ReadonlySet<string> = new Set();
  const edges = new Map<string, Sighting>();
  /** When services were first seen to alert: a far end that is neither listed nor ever alerted may be no service. */
  const alerted = createBoundedKeys(maxServices, (place) => {
    firstAlert[place] = Number.POSITIVE_INFINITY;
  });
  const firstAlert = new Float64Array(maxServices + 1);
  const graphs = new Map<number, ServiceGraph>();
  let latest: { readonly key: string; readonly graph: ServiceGraph } = { key: "[]", graph: base };
  let dropped = 0;

  function isService(name: string, until: number): boolean {
    return listed.has(name) || (firstAlert[alerted.find(name)] ?? Number.POSITIVE_INFINITY) <= until;
  }

  function edgesAt(start: number): Edge[] {
    const until = start - settledMs;
    const found: Edge[] = [];
    for (const { edge, first, last } of edges.values()) {
      const [caller, callee] = edge;
      if (first > until || last <= start - fadeMs || base.hops(caller, callee, 1) !== null) continue;
      if (isService(caller, until) && isService(callee, until)) found.push(edge);
    }
    return found.sort(([a, b], [c, d]) => (a < c || (a === c && b < d) ? -1 : 1));
  }

  function build(start: number): ServiceGraph {
    const added = edgesAt(start);
    const key = JSON.stringify(added);
    if (key !== latest.key) {
      const whole = { edges: [...delivered.edges, ...added], services: delivered.services };
      latest = { key, graph: added.length === 0 ? base : createServiceGraph(whole, hubDegree) };
    }
    return latest.graph;
  }

  return {
    deliver(topology) {
      delivered = topology;
      base = createServiceGraph(topology, hubDegree);
      listed = new Set([...topology.services, ...topology.edges.flat()]);
      latest = { key: "[]", graph: base };
      graphs.clear();
      return base;
    },
    record({ entity, at, call }) {
      if (entity === null) return;
      const place = alerted.recall(entity);
      firstAlert[place] = Math.min(firstAlert[place] ?? at, at);
      if (call === null || call.peer === entity) return;
      const edge: Edge = call.isCallee ? [entity, call.peer] : [call.peer, entity];
      const key = JSON.stringify(edge);
      const seen = edges.get(key);
      edges.delete(key);
      edges.set(key, {
        edge,
        first: Math.min(at, seen?.first ?? at),
        last: Math.max(at, seen?.last ?? at),
      });
      if (edges.size <= maxEdges) return;
      const oldest = edges.keys().next().value;
      if (oldest !== undefined) edges.delete(oldest);
      dropped += 1;
    },
    graphAt(at) {
      if (edges.size === 0) return base;
      const hour = Math.floor(at / hourMs);
      const known = graphs.get(hour);
      if (known !== undefined) return known;
      const graph = build(hour * hourMs);
      graphs.set(hour, graph);
      if (graphs.size > maxGraphs) {
        const oldest = [...graphs.keys()].reduce((a, b) => Math.min(a, b));
        graphs.delete(oldest);
      }
      return graph;
    },
    services: () => listed,
    size: () => edges.size,
    hubs: () => latest.graph.hubs,
    leftOut: () => ({ observed_calls: dropped, observed_services: alerted.dropped() }),
  };
}
