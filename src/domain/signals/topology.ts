import { defineSignal } from "../clustering/signal.ts";

const connected = 1.95;
const hopsAway = 0.3;
/** In a component larger than this, being connected says little unless the services are close. */
const smallComponent = 80;
const maxHops = 3;

/** Two services of one connected part of the service graph break together far more often than by chance. */
export default defineSignal({
  name: "topology",
  summary: "Services that call one another, directly or through others.",
  isSymmetric: true,
  range: [hopsAway, connected],
  score(a, b, { graph }) {
    if (a.component === null || a.component !== b.component || a.entity === b.entity) return null;
    if (graph.sizeOf(a.component) <= smallComponent) return connected;
    return graph.hops(a.entity ?? "", b.entity ?? "", maxHops) === null ? hopsAway : connected;
  },
  because(a, b, { graph }) {
    const hops = graph.hops(a.entity ?? "", b.entity ?? "", maxHops);
    if (hops === null) return `${a.entity} and ${b.entity} are connected through other services`;
    return `${a.entity} and ${b.entity} are ${hops === 1 ? "one call" : `${hops} calls`} apart in the service graph`;
  },
});
