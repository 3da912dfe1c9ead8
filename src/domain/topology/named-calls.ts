import { entityOf, peerOf } from "../alert/entity.ts";
import type { Alert } from "../alert.ts";
import type { Edge, Topology } from "../topology.ts";

/** A topology with the calls that some alerts name, between services that it knows or that alert themselves. */
export function withNamedCalls(topology: Topology, alerts: readonly Alert[]): Topology {
  const called = alerts.flatMap((alert): Edge[] => {
    const entity = entityOf(alert);
    const call = entity === null ? null : peerOf(alert, entity);
    if (entity === null || call === null || call.peer === entity) return [];
    return [call.isCallee ? [entity, call.peer] : [call.peer, entity]];
  });
  if (called.length === 0) return topology;
  const known = new Set([
    ...topology.services,
    ...topology.edges.flat(),
    ...alerts.flatMap((alert) => entityOf(alert) ?? []),
  ]);
  const have = new Set(topology.edges.map((edge) => JSON.stringify(edge)));
  const edges = [...topology.edges];
  for (const edge of called) {
    const key = JSON.stringify(edge);
    if (have.has(key) || !edge.every((service) => known.has(service))) continue;
    have.add(key);
    edges.push(edge);
  }
  return { ...topology, edges };
}
