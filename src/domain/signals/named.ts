import { defineSignal } from "../clustering/signal.ts";

const named = 0.4;
const namedAcross = 3;

/** One alert speaks of the other's service, or both speak of the same third one. */
export default defineSignal({
  name: "named",
  summary: "One alert names the service that the other is about, or both name the same one.",
  isSymmetric: true,
  range: [named, namedAcross],
  score(a, b) {
    if (a.names.length === 0 && b.names.length === 0) return null;
    const isNamed =
      (b.entity !== null && a.names.includes(b.entity)) ||
      (a.entity !== null && b.names.includes(a.entity)) ||
      a.names.some((name) => b.names.includes(name));
    if (!isNamed) return null;
    // Inside one component the topology has said most of it already.
    return a.component !== null && a.component === b.component ? named : namedAcross;
  },
  because(a, b) {
    if (b.entity !== null && a.names.includes(b.entity))
      return `${a.name} on ${a.entity ?? "no named service"} names ${b.entity}`;
    if (a.entity !== null && b.names.includes(a.entity))
      return `${b.name} on ${b.entity ?? "no named service"} names ${a.entity}`;
    return `both name ${a.names.find((name) => b.names.includes(name))}`;
  },
});
