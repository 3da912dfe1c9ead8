import type { EvidenceKind } from "../alert/evidence-kind.ts";
import { defineSignal } from "../clustering/signal.ts";

const rivals = -1.35;
/** Services that fall short in the same breath suffer from something they share, such as load. */
const breathMs = 2_000;
const rootKinds: ReadonlySet<EvidenceKind> = new Set(["crash", "resource", "net"]);

/** Two services that each have a cause of their own are more likely two stories than one. */
export default defineSignal({
  name: "rival-roots",
  summary: "Both services show a cause of their own: a crash, a lack of resources or a sick network.",
  isSymmetric: true,
  range: [rivals, rivals],
  score(a, b) {
    if (a.entity === null || b.entity === null || a.entity === b.entity) return null;
    if (Math.abs(b.at - a.at) <= breathMs) return null;
    return rootKinds.has(a.kind) && rootKinds.has(b.kind) ? rivals : null;
  },
  because: (a, b) => `${a.entity} and ${b.entity} each show a cause of their own (${a.kind}, ${b.kind})`,
});
