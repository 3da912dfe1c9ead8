import type { Change } from "../change.ts";
import { defineSignal, type SeenAlert, type SignalContext } from "../clustering/signal.ts";
import { isOrCalls, type ServiceGraph } from "../topology.ts";

const shared = 0.8;
const recentMs = 900_000;

/** A change shortly before both alerts, on a service that each of them is or calls. */
function sharedChange(a: SeenAlert, b: SeenAlert, { changes, graph }: SignalContext): Change | undefined {
  if (changes.length === 0 || a.entity === null || b.entity === null || a.entity === b.entity)
    return undefined;
  return lastTouching(changes, [a.entity, b.entity], Math.min(a.at, b.at), graph);
}

function lastTouching(
  changes: readonly Change[],
  entities: readonly string[],
  until: number,
  graph: ServiceGraph,
): Change | undefined {
  return changes.findLast(
    ({ service, at }) =>
      service !== null &&
      at.getTime() <= until &&
      at.getTime() > until - recentMs &&
      entities.every((entity) => isOrCalls(entity, service, graph)),
  );
}

/** One change can break everything that depends on what it touched. */
export default defineSignal({
  name: "shared-change",
  summary: "A recent change touched a service that both alerting services are or call.",
  isSymmetric: true,
  range: [shared, shared],
  score: (a, b, context) => (sharedChange(a, b, context) === undefined ? null : shared),
  because: (a, b, context) => `"${sharedChange(a, b, context)?.title}" touched what both depend on`,
});
