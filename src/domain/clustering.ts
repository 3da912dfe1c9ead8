import type {
  Correlation,
  Correlator,
  Merge,
  Observation,
  Placement,
  RememberedAlert,
} from "./correlation.ts";
import { entityOf } from "./entity.ts";
import { createServiceGraph, type ServiceGraph } from "./topology.ts";
import { shippedWeights, type Weights } from "./weights.ts";

export interface CorrelatorOptions {
  readonly weights?: Weights;
}

interface Session {
  incidentId: number;
  first: number;
  last: number;
  keys: string[];
}

/** First version: one incident per topology component and pause. */
export function createCorrelator(options: CorrelatorOptions = {}): Correlator {
  const { gapMs, hubDegree } = (options.weights ?? shippedWeights).clustering;
  let graph: ServiceGraph = createServiceGraph({ edges: [], services: [] }, hubDegree);
  let next = 1;
  const sessions = new Map<string, Session[]>();
  const placed = new Map<string, number>();

  function cellOf(alert: RememberedAlert["alert"]): string {
    const entity = entityOf(alert);
    if (entity === null) return `label:${alert.labels["namespace"] ?? alert.name}`;
    return graph.componentOf(entity) ?? entity;
  }

  function take(observation: Extract<Observation, { kind: "alert" }>, out: Placement[], merges: Merge[]) {
    const { key, alert } = observation;
    if (placed.has(key)) return;
    const cell = cellOf(alert);
    const at = alert.startsAt.getTime();
    const near = (sessions.get(cell) ?? []).filter((s) => at >= s.first - gapMs && at <= s.last + gapMs);
    const [home, ...others] = near.sort((a, b) => a.incidentId - b.incidentId);
    const session = home ?? { incidentId: next++, first: at, last: at, keys: [] };
    if (home === undefined) sessions.set(cell, [...(sessions.get(cell) ?? []).slice(-8), session]);
    session.first = Math.min(session.first, at);
    session.last = Math.max(session.last, at);
    const reasons = [
      {
        signal: "topology",
        score: home ? 2 : 0,
        because: home
          ? `${cell} is the same part of the service graph, within ${gapMs / 1000} s`
          : "nothing else fired nearby",
      },
    ];
    session.keys.push(key);
    placed.set(key, session.incidentId);
    out.push({ key, incidentId: session.incidentId, previousIncidentId: null, reasons });
    for (const other of others) {
      merges.push({ from: other.incidentId, into: session.incidentId, reasons });
      for (const moved of other.keys) {
        session.keys.push(moved);
        placed.set(moved, session.incidentId);
        out.push({
          key: moved,
          incidentId: session.incidentId,
          previousIncidentId: other.incidentId,
          reasons,
        });
      }
      session.first = Math.min(session.first, other.first);
      session.last = Math.max(session.last, other.last);
      sessions.set(
        cell,
        (sessions.get(cell) ?? []).filter((s) => s !== other),
      );
    }
  }

  return {
    observe(observations): Correlation {
      const placements: Placement[] = [];
      const merges: Merge[] = [];
      for (const observation of observations) {
        if (observation.kind === "topology") graph = createServiceGraph(observation.topology, hubDegree);
        else if (observation.kind === "alert") take(observation, placements, merges);
      }
      return { placements, merges };
    },
    restore(memory) {
      graph = createServiceGraph(memory.topology, hubDegree);
      next = memory.nextIncidentId;
      for (const { key, alert, incidentId } of memory.alerts) {
        const cell = cellOf(alert);
        const at = alert.startsAt.getTime();
        const list = sessions.get(cell) ?? [];
        const same = list.find((s) => s.incidentId === incidentId);
        if (same) {
          same.last = Math.max(same.last, at);
          same.first = Math.min(same.first, at);
          same.keys.push(key);
        } else sessions.set(cell, [...list.slice(-8), { incidentId, first: at, last: at, keys: [key] }]);
        placed.set(key, incidentId);
      }
    },
    nextIncidentId: () => next,
    sizes: () => ({ cells: sessions.size, alerts: placed.size }),
  };
}
